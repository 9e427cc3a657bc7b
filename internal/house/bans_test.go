package house

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ban keeps a library out of the code of some packages.
type ban struct {
	// paths are import paths; each also stands for what is below it.
	paths []string
	// only, when set, are the directories that may import them.
	only []string
	// never, when set, are the directories that must not reach them, neither by
	// themselves nor through a package of this module.
	never []string
	why   string
}

const (
	jsonschemaPath = "github.com/santhosh-tekuri/jsonschema/v6"

	suturePath = "github.com/thejerf/suture/v4"
	grpcPath   = "google.golang.org/grpc"
	koanfPath  = "github.com/knadh/koanf"
	tomlPath   = "github.com/pelletier/go-toml/v2"
)

var bans = []ban{
	{
		paths: []string{suturePath}, only: []string{"supervisor", "examples/embed"},
		why: "supervision is decided in one place",
	},
	{
		paths: []string{koanfPath, tomlPath}, only: []string{"config"},
		why: "only config knows how a file is written",
	},
	{
		paths: []string{jsonschemaPath}, only: []string{"codec", "devbroker"},
		why: "payloads are validated where they are encoded; the library's texts show what they hold",
	},
	{
		paths: []string{suturePath, grpcPath, koanfPath, tomlPath}, never: []string{"actors"},
		why: "actors name what they need; supervisor joins them",
	},
	{
		paths: []string{"testing", "go.uber.org/goleak", "pgregory.net/rapid", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal/testscript", "github.com/linkedin/goavro"},
		only:  []string{"connecttest"},
		why:   "test code stays out of binaries",
	},
	{
		paths: []string{"log"}, only: []string{"bench", "cmd", "examples"},
		why: "a library is given its *slog.Logger",
	},
}

// below reports whether name is one of parents or below one.
func below(name string, parents []string) bool {
	return slices.ContainsFunc(parents, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

// bans reports whether b is about path; the standard "log" does not stand for log/slog.
func (b ban) bans(path string) bool { return path != "log/slog" && below(path, b.paths) }

// banned finds imports that somebody else's package may make, and actors that
// reach a ban through another package.
func banned(t *tree) []string {
	var found []string
	for _, b := range bans {
		for _, dir := range reach(t, b) {
			found = append(found, importsBanned(t, b, dir)...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// reach returns the directories b forbids.
func reach(t *tree, b ban) []string {
	g := graph(t)
	seen := map[string]bool{}
	var visit func(string)
	visit = func(dir string) {
		if !seen[dir] {
			seen[dir] = true
			for _, d := range g[dir] {
				visit(d)
			}
		}
	}
	var dirs []string
	for _, p := range t.packages {
		switch {
		case p.nested:
		case b.only != nil && !below(p.dir, b.only):
			dirs = append(dirs, p.dir)
		case b.only == nil && below(p.dir, b.never):
			visit(p.dir)
		}
	}
	for dir := range seen {
		dirs = append(dirs, dir)
	}
	return dirs
}

func importsBanned(t *tree, b ban, dir string) []string {
	var found []string
	for _, p := range t.packages {
		if p.dir != dir {
			continue
		}
		for _, f := range p.code() {
			for path, place := range imports(f) {
				if b.bans(path) {
					found = append(found, fmt.Sprintf("%s: imports %s, which is for %s: %s", t.at(place), path, b.audience(), b.why))
				}
			}
		}
	}
	return found
}

func (b ban) audience() string {
	if b.only != nil {
		return strings.Join(b.only, ", ")
	}
	return "packages out of the reach of " + strings.Join(b.never, ", ")
}

// vocabulary finds imports of the root package beyond the standard library.
func vocabulary(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if p.dir != "." {
			continue
		}
		for _, f := range p.code() {
			for path, place := range imports(f) {
				if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
					found = append(found, fmt.Sprintf("%s: the root imports %s; it imports the standard library only", t.at(place), path))
				}
			}
		}
	}
	return found
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) { holds(t, banned) }

func TestRootImportsStandardLibraryOnly(t *testing.T) { holds(t, vocabulary) }

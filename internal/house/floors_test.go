package house

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// floorPlan puts every directory on a floor; a package imports only from floors
// below its own, or from directories of its own entry. The longest entry that
// leads a package's directory decides. Test files are free: the client's tests
// speak to the broker of its own floor.
var floorPlan = map[string]int{
	".": 0, // the vocabulary

	"codec":             1,
	"config":            1,
	"internal/flow":     1,
	"internal/letters":  1,
	"internal/metrics":  1,
	"internal/registry": 1,
	"internal/wire":     1,
	"offset":            1,
	"telemetry":         1,

	"devbroker":         2,
	"internal/danube":   2,
	"internal/handover": 2,
	"internal/schemas":  2,

	"actors/committer": 3,
	"actors/health":    3,
	"actors/poller":    3,
	"actors/publisher": 3,
	"actors/streamer":  3,

	"supervisor": 4,

	"connecttest": 5,

	"examples": 6,
	"sources":  6,

	"bench":           7,
	"cmd":             7,
	"internal/chaos":  7,
	"internal/faults": 7,
	"internal/house":  7,
}

// depthLimit is the longest chain of imports within the module, in steps.
const depthLimit = 5

// entry returns the entry of the floor plan that dir belongs to.
func entry(dir string) (string, bool) {
	if dir == "." {
		return dir, true
	}
	for d := dir; ; {
		if _, ok := floorPlan[d]; ok {
			return d, true
		}
		i := strings.LastIndexByte(d, '/')
		if i < 0 {
			return "", false
		}
		d = d[:i]
	}
}

// ours returns the directory of an import path of this module.
func ours(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// floors finds imports that do not go down.
func floors(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if p.nested {
			continue
		}
		home, ok := entry(p.dir)
		if !ok {
			found = append(found, fmt.Sprintf("%s: has no floor; give it one in internal/house/floors_test.go", p.dir))
			continue
		}
		for _, f := range p.code() {
			for path, place := range imports(f) {
				dir, ok := ours(path)
				if !ok {
					continue
				}
				there, ok := entry(dir)
				if ok && (there == home || floorPlan[there] < floorPlan[home]) {
					continue
				}
				found = append(found, fmt.Sprintf("%s: %s (floor %d) imports %s (floor %d); only floors below may be imported",
					t.at(place), p.dir, floorPlan[home], dir, floorPlan[there]))
			}
		}
	}
	slices.Sort(found)
	return found
}

// graph returns, for every package, the packages of this module it imports.
func graph(t *tree) map[string][]string {
	g := map[string][]string{}
	for _, p := range t.packages {
		down := map[string]bool{}
		for _, f := range p.code() {
			for path := range imports(f) {
				if dir, ok := ours(path); ok {
					down[dir] = true
				}
			}
		}
		g[p.dir] = slices.Sorted(maps.Keys(down))
	}
	return g
}

// depth finds packages that stand on too long a chain of imports.
func depth(t *tree) []string {
	g := graph(t)
	var chain func(dir string) []string
	chain = func(dir string) []string {
		var longest []string
		for _, below := range g[dir] {
			if c := chain(below); len(c) > len(longest) {
				longest = c
			}
		}
		return append([]string{dir}, longest...)
	}
	var found []string
	for _, p := range t.packages {
		if c := chain(p.dir); len(c)-1 > depthLimit {
			found = append(found, fmt.Sprintf("%s: imports %d deep (%s); at most %d", p.dir, len(c)-1, strings.Join(c, " → "), depthLimit))
		}
	}
	return found
}

func TestImportsGoDownTheFloors(t *testing.T) { holds(t, floors) }

func TestImportsAreShallow(t *testing.T) { holds(t, depth) }

package house

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// machinePath matches paths that mean something on one machine only, and places
// outside the repository.
var machinePath = regexp.MustCompile(`(?:^|[\s\x60"'(=:])(?:/(?:work|root|home|Users)/|[A-Z]:\\|\.\./shared)`)

// machinePaths finds them in any file of text.
func machinePaths(t *tree) []string {
	var found []string
	for _, f := range t.files {
		if strings.ContainsRune(f.text, 0) || below(f.path, []string{"internal/house"}) {
			continue
		}
		for i, line := range strings.Split(f.text, "\n") {
			if hit := machinePath.FindString(line); hit != "" {
				found = append(found, fmt.Sprintf("%s:%d: a path of one machine: %s", f.path, i+1, strings.TrimSpace(line)))
			}
		}
	}
	return found
}

var (
	// requirement is a line of go.mod that names a module wanted directly.
	requirement = regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9.]+\.[a-z]+/\S+) v\S+$`)
	// tool is a line of go.mod that names a command.
	tool = regexp.MustCompile(`(?m)^(?:tool )?\t?([a-z0-9.]+\.[a-z]+/\S+)$`)
	// described is the first cell of a row of docs/dependencies.md.
	described = regexp.MustCompile("(?m)^\\| `([^`]+)`")
)

// dependencies finds modules and tools that docs/dependencies.md does not argue
// for, and arguments for what is not there.
func dependencies(t *tree) []string {
	const paper = "docs/dependencies.md"
	have, want := map[string]bool{}, map[string]bool{}
	if f := t.file(paper); f != nil {
		for _, m := range described.FindAllStringSubmatch(f.text, -1) {
			have[m[1]] = true
		}
	}
	for _, f := range t.files {
		if path.Base(f.path) != "go.mod" {
			continue
		}
		for _, line := range []*regexp.Regexp{requirement, tool} {
			for _, m := range line.FindAllStringSubmatch(f.text, -1) {
				if !strings.HasPrefix(m[1], module) {
					want[m[1]] = true
				}
			}
		}
	}
	var found []string
	for _, m := range slices.Sorted(maps.Keys(want)) {
		if !have[m] {
			found = append(found, fmt.Sprintf("%s: no row for %s; say what it is for, its licence and what else was considered", paper, m))
		}
	}
	for _, m := range slices.Sorted(maps.Keys(have)) {
		if !want[m] {
			found = append(found, fmt.Sprintf("%s: a row for %s, which no go.mod asks for", paper, m))
		}
	}
	return found
}

// links matches a link of Markdown to a file.
var links = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)

// deadLinks finds links of documents to files that are not there.
func deadLinks(t *tree) []string {
	var found []string
	for _, f := range t.files {
		if path.Ext(f.path) != ".md" {
			continue
		}
		code := false // a fence: what looks like a link there is none
		for i, line := range strings.Split(f.text, "\n") {
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			for _, m := range links.FindAllStringSubmatch(line, -1) {
				if code {
					break
				}
				if strings.Contains(m[1], "://") {
					continue
				}
				to := path.Join(path.Dir(f.path), m[1])
				if t.file(to) == nil && !slices.ContainsFunc(t.files, func(f *file) bool { return strings.HasPrefix(f.path, to+"/") }) {
					found = append(found, fmt.Sprintf("%s:%d: links to %s, which is not there", f.path, i+1, m[1]))
				}
			}
		}
	}
	return found
}

// record is the name of an architecture decision record.
var record = regexp.MustCompile(`^docs/adr/(\d{4})-[a-z0-9-]+\.md$`)

// records finds decision records out of sequence or without a status.
func records(t *tree) []string {
	var found []string
	next := 0
	for _, f := range t.files {
		m := record.FindStringSubmatch(f.path)
		if m == nil {
			if path.Dir(f.path) == "docs/adr" {
				found = append(found, f.path+": not named NNNN-what-was-decided.md")
			}
			continue
		}
		if want := fmt.Sprintf("%04d", next); m[1] != want {
			found = append(found, fmt.Sprintf("%s: numbered %s; the next number is %s", f.path, m[1], want))
		}
		next++
		for _, part := range []string{"Status: ", "## Context", "## Decision", "## Consequences"} {
			if !strings.Contains(f.text, "\n"+part) {
				found = append(found, fmt.Sprintf("%s: has no %q", f.path, strings.TrimSpace(part)))
			}
		}
	}
	return found
}

var (
	lawCited  = regexp.MustCompile(`\blaws? (\d+)`)
	lawStated = regexp.MustCompile(`(?m)^(\d+)\. \*\*`)
)

// laws finds citations of laws that docs/laws.md does not state.
func laws(t *tree) []string {
	const paper = "docs/laws.md"
	stated := map[string]bool{}
	if f := t.file(paper); f != nil {
		for _, m := range lawStated.FindAllStringSubmatch(f.text, -1) {
			stated[m[1]] = true
		}
	}
	var found []string
	if len(stated) != 12 {
		found = append(found, fmt.Sprintf("%s: states %d laws; there are 12", paper, len(stated)))
	}
	for _, p := range t.packages {
		if p.dir == "internal/house" {
			continue
		}
		for _, f := range p.files {
			for i, line := range strings.Split(f.text, "\n") {
				for _, m := range lawCited.FindAllStringSubmatch(line, -1) {
					if !stated[m[1]] {
						found = append(found, fmt.Sprintf("%s:%d: cites law %s, which %s does not state", f.path, i+1, m[1], paper))
					}
				}
			}
		}
	}
	return found
}

// neglected finds laws that no line of code cites.
func neglected(t *tree) []string {
	const paper = "docs/laws.md"
	cited := map[string]bool{}
	for _, p := range t.packages {
		if p.dir == "internal/house" {
			continue
		}
		for _, f := range p.files {
			for _, m := range lawCited.FindAllStringSubmatch(f.text, -1) {
				cited[m[1]] = true
			}
		}
	}
	f := t.file(paper)
	if f == nil {
		return []string{paper + ": is not there"}
	}
	var found []string
	for _, m := range lawStated.FindAllStringSubmatch(f.text, -1) {
		if !cited[m[1]] {
			found = append(found, fmt.Sprintf("%s: no line cites law %s; which one upholds it?", paper, m[1]))
		}
	}
	return found
}

func TestNoMachinePaths(t *testing.T) { holds(t, machinePaths) }

func TestDependenciesAreArguedFor(t *testing.T) { holds(t, dependencies) }

func TestLinksLeadSomewhere(t *testing.T) { holds(t, deadLinks) }

func TestDecisionRecordsAreInSequence(t *testing.T) { holds(t, records) }

func TestCitedLawsExist(t *testing.T) { holds(t, laws) }

func TestEveryLawIsCited(t *testing.T) { holds(t, neglected) }

package house

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// The budgets. They raise a question, one idea or two?, and the answer is a
// split with a name, or an allowance with its reason.
const (
	maxFileLines     = 300
	maxFunctionLines = 60
	maxExports       = 15
)

// allowance lets one place exceed a budget, up to a bound, for a reason.
type allowance struct {
	limit int
	why   string
}

// fileAllowances and functionAllowances are by path and by path:function,
// exportAllowances by directory.
var (
	fileAllowances     = map[string]allowance{}
	functionAllowances = map[string]allowance{}
	exportAllowances   = map[string]allowance{
		".": {
			53, "the vocabulary is one package by design; 13 names are the members of four closed lists (Class, Kind, Level, Order), 8 are interfaces",
		},
		"actors/health": {
			23, "12 names are the closed list of states",
		},
		"actors/publisher": {
			17, "7 names are the members of two closed lists (State, Ordering)",
		},
		"config": {
			22, "11 names are the tables of the file, each a type of its own, or values in them",
		},
		"internal/flow": {
			56, "all that actors say to each other; most names are the members of closed lists (outcomes, news of sessions, kinds of notice)",
		},
		"internal/letters": {
			21, "10 names are the members of two closed lists (Policy, Class)",
		},
		"internal/wire": {
			33, "closed lists too: the paths of the broker's methods and the names of its services",
		},
	}
)

// long finds files and functions over their budgets.
func long(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.written() {
			lines := strings.Count(f.text, "\n")
			if limit := within(fileAllowances, f.path, maxFileLines); lines > limit {
				found = append(found, fmt.Sprintf("%s:1: %d lines, at most %d; which second idea in it wants a file?", f.path, lines, limit))
			}
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
				if limit := within(functionAllowances, f.path+":"+fn.Name.Name, maxFunctionLines); lines > limit {
					found = append(found, fmt.Sprintf("%s: %s has %d lines, at most %d", t.at(fn), fn.Name.Name, lines, limit))
				}
			}
		}
	}
	return found
}

func within(allowed map[string]allowance, name string, limit int) int {
	if a, ok := allowed[name]; ok {
		return a.limit
	}
	return limit
}

// wide finds packages that export too many names, methods not counted, and
// allowances nobody needs.
func wide(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if p.name == "main" {
			continue
		}
		n := 0
		for _, f := range p.written() {
			n += len(exports(f))
		}
		limit := within(exportAllowances, p.dir, maxExports)
		if n > limit {
			found = append(found, fmt.Sprintf("%s: exports %d names, at most %d; which of them is another package, or nobody's business?", p.dir, n, limit))
		}
		if _, ok := exportAllowances[p.dir]; ok && n <= maxExports {
			found = append(found, fmt.Sprintf("%s: exports %d names and needs no allowance; take it out", p.dir, n))
		}
	}
	return found
}

// exports returns the exported names at the top level of f.
func exports(f *file) []string {
	var names []string
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}

func TestFilesAndFunctionsAreShort(t *testing.T) { holds(t, long) }

func TestPackagesAreNarrow(t *testing.T) { holds(t, wide) }

package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the module's directory.
const root = "../.."

// TestMatrixIsWhole: F1 to F40, each with what shows it or why nothing does.
func TestMatrixIsWhole(t *testing.T) {
	t.Parallel()
	for i, r := range matrix {
		if r.id != i+1 {
			t.Fatalf("row %d is F%d", i+1, r.id)
		}
		if len(r.proofs) == 0 && r.open == "" {
			t.Errorf("F%d: no test, and no word why", r.id)
		}
		if len(r.fault) > 46 {
			t.Errorf("F%d: %q is too long for its column", r.id, r.fault)
		}
		for _, text := range append([]string{r.keeps}, shows(r)...) {
			if !regexp.MustCompile(`^I([1-9]|1[0-5])( I([1-9]|1[0-5]))*$`).MatchString(text) {
				t.Errorf("F%d: %q are no invariants", r.id, text)
			}
		}
	}
	if len(matrix) != 40 {
		t.Errorf("%d rows, want 40", len(matrix))
	}
}

func shows(r row) (all []string) {
	for _, p := range r.proofs {
		if p.shows != "" {
			all = append(all, p.shows)
		}
	}
	return all
}

// TestProofsExist: what the table names is there. Sub-tests are looked for when they
// are run.
func TestProofsExist(t *testing.T) {
	t.Parallel()
	have := map[string]map[string]bool{}
	for _, r := range matrix {
		for _, p := range r.proofs {
			if have[p.dir] == nil {
				have[p.dir] = functions(t, p.dir)
			}
			if !have[p.dir][p.top()] {
				t.Errorf("F%d: there is no %s in %s", r.id, p.top(), p.dir)
			}
		}
	}
}

func functions(t *testing.T, dir string) map[string]bool {
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d test files, %v", dir, len(files), err)
	}
	found := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				found[fn.Name.Name] = true
			}
		}
	}
	return found
}

// TestKindsExist: the faults the table counts are those internal/chaos draws, all of
// them.
func TestKindsExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "internal/chaos/faults_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{name: "([^"]+)"`).FindAllSubmatch(text, -1) {
		drawn[string(m[1])] = true
	}
	counted := map[string]bool{}
	for _, r := range matrix {
		for _, k := range r.kinds {
			counted[k] = true
			if !drawn[k] {
				t.Errorf("F%d: internal/chaos draws no %q", r.id, k)
			}
		}
	}
	for k := range drawn {
		if !counted[k] {
			t.Errorf("no row counts %q", k)
		}
	}
}

// TestPaper: docs/guarantees.md has the table as it is.
func TestPaper(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs/guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(paper(matrix))) {
		t.Error("docs/guarantees.md does not have the table that go run ./internal/faults -paper prints")
	}
	if strings.Contains(paper(matrix), "| |\n") {
		t.Error("a row of the table is empty")
	}
}

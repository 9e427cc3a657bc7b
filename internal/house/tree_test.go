package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/danube-messaging/danube-connect-go"

// file is one file of the repository; ast is nil unless it is Go.
type file struct {
	path      string // with slashes, from the root of the repository
	text      string
	ast       *ast.File
	test      bool
	generated bool
}

// pkg is the Go files of one directory.
type pkg struct {
	dir   string // "." for the root
	name  string // of the non-test files
	files []*file
	// nested is set in a module of its own below the root's.
	nested bool
}

// code returns the files that end up in a binary.
func (p *pkg) code() []*file {
	var code []*file
	for _, f := range p.files {
		if !f.test {
			code = append(code, f)
		}
	}
	return code
}

// written is code that a person wrote.
func (p *pkg) written() []*file {
	return slices.DeleteFunc(p.code(), func(f *file) bool { return f.generated })
}

// tree is the whole repository.
type tree struct {
	fset     *token.FileSet
	files    []*file // by path
	packages []*pkg  // by directory
}

// at prints a place as file:line.
func (t *tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// file returns the file at path, nil when there is none.
func (t *tree) file(path string) *file {
	i, ok := slices.BinarySearchFunc(t.files, path, func(f *file, p string) int { return cmp.Compare(f.path, p) })
	if !ok {
		return nil
	}
	return t.files[i]
}

// parse makes a tree of texts by path.
func parse(texts map[string]string) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	byDir := map[string]*pkg{}
	for name, text := range texts {
		f := &file{path: name, text: text, test: strings.HasSuffix(name, "_test.go")}
		t.files = append(t.files, f)
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		var err error
		if f.ast, err = parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return nil, err
		}
		f.generated = ast.IsGenerated(f.ast)
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir, nested: nested(texts, dir)}
			t.packages = append(t.packages, byDir[dir])
		}
		p := byDir[dir]
		p.files = append(p.files, f)
		if !f.test {
			p.name = f.ast.Name.Name
		}
	}
	byPath := func(a, b *file) int { return cmp.Compare(a.path, b.path) }
	slices.SortFunc(t.files, byPath)
	slices.SortFunc(t.packages, func(a, b *pkg) int { return cmp.Compare(a.dir, b.dir) })
	for _, p := range t.packages {
		slices.SortFunc(p.files, byPath)
	}
	return t, nil
}

// nested reports whether dir is in a module below the root's.
func nested(texts map[string]string, dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, ok := texts[dir+"/go.mod"]; ok {
			return true
		}
	}
	return false
}

// repository reads the real tree, once.
var repository = sync.OnceValues(func() (*tree, error) {
	const root = "../.."
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.Name() == ".git" && d.IsDir():
			return filepath.SkipDir
		case d.Name() == ".git", d.IsDir(): // in a second work tree it is a file
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		texts[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parse(texts)
})

// holds runs a rule over the real tree and reports everything it finds.
func holds(t *testing.T, rule func(*tree) []string) {
	t.Helper()
	t.Parallel()
	repo, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	if repo.file("go.mod") == nil || len(repo.packages) < 2 {
		t.Fatal("this is not the repository: no go.mod or no packages at ../..")
	}
	for _, found := range rule(repo) {
		t.Error(found)
	}
}

// imports returns the import paths of a file with their places.
func imports(f *file) map[string]ast.Node {
	all := map[string]ast.Node{}
	for _, spec := range f.ast.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			all[name] = spec
		}
	}
	return all
}

// selections visits every x.Name in f where x is the package imported as path.
func selections(f *file, path string, visit func(*ast.SelectorExpr)) {
	name := localName(f, path)
	if name == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				visit(s)
			}
		}
		return true
	})
}

// localName returns what the package at importPath is called in f, empty when f
// does not import it.
func localName(f *file, importPath string) string {
	for _, spec := range f.ast.Imports {
		if spec.Path.Value != strconv.Quote(importPath) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

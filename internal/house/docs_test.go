package house

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// packageComments finds packages that have no comment, or several.
func packageComments(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		var having []string
		for _, f := range p.code() {
			if f.ast.Doc != nil && strings.TrimSpace(f.ast.Doc.Text()) != "" {
				having = append(having, f.path)
			}
		}
		switch {
		case len(p.code()) == 0:
			found = append(found, fmt.Sprintf("%s: has tests but no package; give it a doc.go", p.dir))
		case len(having) == 0:
			found = append(found, fmt.Sprintf("%s: package %s has no comment; write one, in one file", p.dir, p.name))
		case len(having) > 1:
			found = append(found, fmt.Sprintf("%s: package %s has %d comments (%s); keep one", p.dir, p.name, len(having), strings.Join(having, ", ")))
		}
	}
	return found
}

// undocumented finds exported names, methods and interface methods that nobody
// explains. Names of a const or var group may share the comment of the group.
func undocumented(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.written() {
			for _, d := range f.ast.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
						found = append(found, fmt.Sprintf("%s: %s is exported and has no comment", t.at(d), d.Name.Name))
					}
				case *ast.GenDecl:
					found = append(found, undocumentedSpecs(t, d)...)
				}
			}
		}
	}
	return found
}

// exportedReceiver reports whether d is a function, or a method of a type that
// others can name.
func exportedReceiver(d *ast.FuncDecl) bool { return d.Recv == nil || ast.IsExported(receiver(d)) }

// receiver returns the name of the type d is a method of, empty for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	for e := d.Recv.List[0].Type; ; {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func undocumentedSpecs(t *tree, d *ast.GenDecl) []string {
	var found []string
	missing := func(n ast.Node, name string) {
		found = append(found, fmt.Sprintf("%s: %s is exported and has no comment", t.at(n), name))
	}
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			if s.Doc == nil && (d.Doc == nil || len(d.Specs) > 1) {
				missing(s, s.Name.Name)
			}
			if i, ok := s.Type.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					if len(m.Names) == 1 && m.Names[0].IsExported() && m.Doc == nil && m.Comment == nil {
						missing(m, s.Name.Name+"."+m.Names[0].Name)
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					missing(name, name.Name)
				}
			}
		}
	}
	return found
}

func TestEveryPackageHasOneComment(t *testing.T) { holds(t, packageComments) }

func TestEveryExportIsDocumented(t *testing.T) { holds(t, undocumented) }

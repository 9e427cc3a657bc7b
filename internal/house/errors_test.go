package house

import (
	"fmt"
	"go/ast"
	"testing"
)

// wrappers finds error types that hold another error and do not unwrap to it, so
// that errors.Is and errors.As stop there.
func wrappers(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		methods := methods(p)
		for _, f := range p.written() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				s, ok := n.(*ast.TypeSpec)
				if ok && holdsError(s) && methods[s.Name.Name+".Error"] && !methods[s.Name.Name+".Unwrap"] {
					found = append(found, fmt.Sprintf("%s: %s is an error that holds one and has no Unwrap", t.at(s), s.Name.Name))
				}
				return true
			})
		}
	}
	return found
}

// methods returns the methods of p as Type.Method.
func methods(p *pkg) map[string]bool {
	all := map[string]bool{}
	for _, f := range p.code() {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				all[receiver(fn)+"."+fn.Name.Name] = true
			}
		}
	}
	return all
}

// holdsError reports whether s is a struct with a field of type error or []error.
func holdsError(s *ast.TypeSpec) bool {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return false
	}
	for _, field := range st.Fields.List {
		e := field.Type
		if a, ok := e.(*ast.ArrayType); ok {
			e = a.Elt
		}
		if id, ok := e.(*ast.Ident); ok && id.Name == "error" {
			return true
		}
	}
	return false
}

func TestErrorsUnwrap(t *testing.T) { holds(t, wrappers) }

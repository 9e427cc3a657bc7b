package house

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// inits finds init functions outside package main: importing a package must do
// nothing.
func inits(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.written() {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && p.name != "main" {
					found = append(found, fmt.Sprintf("%s: init in package %s; build what it needs in a constructor", t.at(fn), p.name))
				}
			}
		}
	}
	return found
}

// signals finds signal handling outside package main: a host has its own.
func signals(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.written() {
			if place, ok := imports(f)["os/signal"]; ok && p.name != "main" {
				found = append(found, fmt.Sprintf("%s: package %s handles signals; take a ctx and leave them to main", t.at(place), p.name))
			}
		}
	}
	return found
}

// slogGlobals are what uses or sets the process-wide logger.
var slogGlobals = []string{
	"Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext", "Error", "ErrorContext",
	"Log", "LogAttrs", "With", "Default", "SetDefault", "SetLogLoggerLevel",
}

// defaultLoggers finds uses of the process-wide logger outside package main.
func defaultLoggers(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if p.name == "main" {
			continue
		}
		for _, f := range p.written() {
			selections(f, "log/slog", func(s *ast.SelectorExpr) {
				if slices.Contains(slogGlobals, s.Sel.Name) {
					found = append(found, fmt.Sprintf("%s: slog.%s is the process's logger; take a *slog.Logger", t.at(s), s.Sel.Name))
				}
			})
		}
	}
	return found
}

// state finds package variables that exist to be changed: locks, atomics,
// channels and empty maps.
func state(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.written() {
			for _, d := range f.ast.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range g.Specs {
					v, ok := spec.(*ast.ValueSpec)
					if ok && (changes(f, v.Type) || slices.ContainsFunc(v.Values, func(e ast.Expr) bool { return changes(f, e) })) {
						found = append(found, fmt.Sprintf("%s: %s is state of the whole process; give it an owner", t.at(v), v.Names[0].Name))
					}
				}
			}
		}
	}
	return found
}

// changes reports whether a package variable of type e, or begun as e, is there
// to be changed. sync.Pool is left out: it holds nothing that matters.
func changes(f *file, e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.ChanType:
		return true
	case *ast.MapType:
		return true // declared without contents
	case *ast.CallExpr:
		name, ok := x.Fun.(*ast.Ident)
		return ok && name.Name == "make" && len(x.Args) > 0
	case *ast.CompositeLit:
		if m, ok := x.Type.(*ast.MapType); ok {
			return m != nil && len(x.Elts) == 0
		}
		return changes(f, x.Type)
	case *ast.IndexExpr:
		return changes(f, x.X) // atomic.Pointer[T]
	case *ast.SelectorExpr:
		in, ok := x.X.(*ast.Ident)
		if !ok {
			return false
		}
		atomics := localName(f, "sync/atomic")
		locks := []string{"Mutex", "RWMutex", "Map", "WaitGroup", "Cond"}
		return in.Name == atomics || in.Name == localName(f, "sync") && slices.Contains(locks, x.Sel.Name)
	}
	return false
}

func TestNoInit(t *testing.T) { holds(t, inits) }

func TestSignalsBelongToMain(t *testing.T) { holds(t, signals) }

func TestLoggersArePassedIn(t *testing.T) { holds(t, defaultLoggers) }

func TestNoPackageState(t *testing.T) { holds(t, state) }

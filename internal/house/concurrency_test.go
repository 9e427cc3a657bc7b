package house

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// goroutineOwners are the directories whose code may start goroutines, because
// something there is named as their owner and waits for their end (law 2).
var goroutineOwners = []string{"bench", "cmd", "connecttest", "devbroker", "examples", "internal/danube", "offset", "supervisor"}

// goroutines finds goroutines started where nobody owns them: go statements, and
// the Go methods of sync.WaitGroup and its like.
func goroutines(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if p.nested || below(p.dir, goroutineOwners) {
			continue
		}
		for _, f := range p.written() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if _, ok := n.(*ast.GoStmt); ok || isGoCall(n) {
					found = append(found, fmt.Sprintf("%s: starts a goroutine; only %s may (law 2)", t.at(n), strings.Join(goroutineOwners, ", ")))
				}
				return true
			})
		}
	}
	return found
}

// isGoCall reports whether n is x.Go(f).
func isGoCall(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Go"
}

// sleeps finds waiting by guess: time.Sleep in code, which cannot be cancelled,
// and in tests that have no fake clock.
func sleeps(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		for _, f := range p.files {
			if f.test && localName(f, "testing/synctest") != "" {
				continue
			}
			selections(f, "time", func(s *ast.SelectorExpr) {
				if s.Sel.Name != "Sleep" {
					return
				}
				right := "select on a timer and ctx.Done()"
				if f.test {
					right = "wait for the thing itself, or run in a testing/synctest bubble"
				}
				found = append(found, fmt.Sprintf("%s: time.Sleep; %s", t.at(s), right))
			})
		}
	}
	return found
}

// closers finds actors that close a channel they did not make; what they were
// given outlives them (law 2). A Reply may be closed: it is the channel one
// question brings along, and closing it is the answer.
func closers(t *tree) []string {
	var found []string
	for _, p := range t.packages {
		if !below(p.dir, []string{"actors"}) {
			continue
		}
		own := map[string]bool{"Reply": true}
		for _, f := range p.written() {
			ast.Inspect(f.ast, func(n ast.Node) bool { channelsMade(n, own); return true })
		}
		for _, f := range p.written() {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 && lastName(call.Fun) == "close" && !own[lastName(call.Args[0])] {
					if _, method := call.Fun.(*ast.SelectorExpr); !method {
						found = append(found, fmt.Sprintf("%s: an actor closes a channel it did not make; what it was given outlives it (law 2)", t.at(n)))
					}
				}
				return true
			})
		}
	}
	return found
}

// channelsMade adds to names the variables and fields that n sets to a new channel.
func channelsMade(n ast.Node, names map[string]bool) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i := range min(len(n.Lhs), len(n.Rhs)) {
			if isNewChannel(n.Rhs[i]) {
				names[lastName(n.Lhs[i])] = true
			}
		}
	case *ast.KeyValueExpr:
		if isNewChannel(n.Value) {
			names[lastName(n.Key)] = true
		}
	}
}

// isNewChannel reports whether e is make(chan …).
func isNewChannel(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || lastName(call.Fun) != "make" {
		return false
	}
	_, ok = call.Args[0].(*ast.ChanType)
	return ok
}

// lastName is x of x and of y.x, else empty.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func TestGoroutinesHaveOwners(t *testing.T) { holds(t, goroutines) }

func TestNothingSleeps(t *testing.T) { holds(t, sleeps) }

func TestActorsCloseNoChannel(t *testing.T) { holds(t, closers) }

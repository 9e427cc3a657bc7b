package connecttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Simulate runs one schedule of faults, which seed fixes, on the decisions of this
// runtime: gate, budget, publishers, tracker and committer, with a model source,
// model brokers, a model network and a clock of its own, in one goroutine. The same
// seed does the same again, step by step. What goes wrong is shrunk to the faults
// it takes, and reported with them.
func Simulate(t testing.TB, seed uint64) Outcome {
	t.Helper()
	v, faults := simulate(seed)
	p := newPlan(seed)
	o := Outcome{Verdict: v, Source: p.kind.String(), Faults: rows(faults)}
	if p.poison > 0 || p.spoiled > 0 {
		o.Faults = append(o.Faults, "F19")
	}
	if len(v.Violations) == 0 {
		return o
	}
	p, faults = shrink(p, faults, v.Violations[0].Invariant)
	var trace strings.Builder
	v = attempt(p, faults, func(line string) { trace.WriteString(line + "\n") })
	t.Errorf("seed %d breaks a promise:\n%s\nworld: %s\nfaults, less those it does without:\n%s\nwhat happened:\n%s\nagain: go test ./connecttest -run TestSimulate -seed=%d -seeds=1",
		seed, v.String(), p.String(), schedule(faults), trace.String(), seed)
	return o
}

func rows(faults []fault) []string {
	var all []string
	for i := range faults {
		all = append(all, faults[i].row)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func simulate(seed uint64) (v Verdict, faults []fault) {
	faults = newFaults(seed)
	return attempt(newPlan(seed), faults, nil), faults
}

// attempt runs a world; a panic is a broken promise as well.
func attempt(p plan, faults []fault, trace func(string)) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v.Violations = append(v.Violations, Violation{"panic", fmt.Sprint(r)})
		}
	}()
	w := newWorld(p, faults)
	w.trace = trace
	return w.run()
}

// shrink leaves out whatever the violation does without: faults, one by one, and
// positions of the source.
func shrink(p plan, faults []fault, invariant string) (plan, []fault) {
	fails := func(p plan, f []fault) bool {
		v := attempt(p, f, nil)
		return v.Broken(invariant)
	}
	for again := true; again; {
		again = false
		for i := range faults {
			less := append(append([]fault(nil), faults[:i]...), faults[i+1:]...)
			if fails(p, less) {
				faults, again = less, true
				break
			}
		}
	}
	for p.each > 1 {
		less := p
		less.each = p.each / 2
		if !fails(less, faults) {
			break
		}
		p = less
	}
	return p, faults
}

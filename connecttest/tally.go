package connecttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Outcome is what came of one schedule.
type Outcome struct {
	Verdict
	// Source is the kind of source: R retaining, P pruning, G gated, X pushing.
	Source string
	// Faults are the rows of docs/guarantees.md that the schedule has, each once.
	Faults []string
}

// Tally counts, for each fault and each kind of source, in how many schedules every
// invariant held, and in how many it did not.
type Tally struct {
	runs   map[cell]int
	failed map[cell]int
	broken map[cell]map[string]int
}

type cell struct{ fault, source string }

// invariants are those that every schedule is held to.
var invariants = []string{"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I12", "I15"}

// NewTally returns an empty Tally.
func NewTally() *Tally {
	return &Tally{runs: map[cell]int{}, failed: map[cell]int{}, broken: map[cell]map[string]int{}}
}

// Add counts one schedule.
func (t *Tally) Add(o Outcome) {
	faults := o.Faults
	if len(faults) == 0 {
		faults = []string{"none"}
	}
	for _, f := range faults {
		c := cell{f, o.Source}
		t.runs[c]++
		if len(o.Violations) > 0 {
			t.failed[c]++
		}
		for _, i := range invariants {
			if o.Broken(i) {
				if t.broken[c] == nil {
					t.broken[c] = map[string]int{}
				}
				t.broken[c][i]++
			}
		}
	}
}

// String says for each fault, over all kinds of source, how many schedules had it
// and how many of those broke a promise, a line each.
func (t *Tally) String() string {
	type count struct{ runs, failed int }
	sums, faults := map[string]count{}, []string(nil)
	for _, c := range t.cells() {
		if !slices.Contains(faults, c.fault) {
			faults = append(faults, c.fault)
		}
		s := sums[c.fault]
		s.runs += t.runs[c]
		s.failed += t.failed[c]
		sums[c.fault] = s
	}
	var all strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&all, "%d runs with %s on the cores, %d failed\n", sums[f].runs, f, sums[f].failed)
	}
	return all.String()
}

func (t *Tally) cells() []cell {
	cells := make([]cell, 0, len(t.runs))
	for c := range t.runs {
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(len(a.fault), len(b.fault)), cmp.Compare(a.fault, b.fault), cmp.Compare(a.source, b.source))
	})
	return cells
}

// line is one fault, one kind of source and one invariant.
type line struct {
	Fault     string `json:"fault"`
	Source    string `json:"source"`
	Invariant string `json:"invariant"`
	Passed    int    `json:"passed"`
	Failed    int    `json:"failed"`
}

// Write writes a line of JSON for every fault, kind of source and invariant.
func (t *Tally) Write(w io.Writer) error {
	out := json.NewEncoder(w)
	for _, c := range t.cells() {
		for _, i := range invariants {
			failed := t.broken[c][i]
			if err := out.Encode(line{c.fault, c.source, i, t.runs[c] - failed, failed}); err != nil {
				return err
			}
		}
	}
	return nil
}

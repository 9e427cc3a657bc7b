package main

import (
	"fmt"
	"slices"
	"strings"
)

func number(i int) string { return fmt.Sprintf("I%d", i) }

// report is the table of faults by invariants, and what is to be said of it.
func report(rows []row, t *tally) string {
	var b strings.Builder
	line := func(id, fault string, cells []string, tests, seeds, cores string) {
		var s strings.Builder
		_, _ = fmt.Fprintf(&s, "%-4s %-44s", id, fault)
		for _, c := range cells {
			_, _ = fmt.Fprintf(&s, "%5s", c)
		}
		_, _ = fmt.Fprintf(&s, " %7s %7s %7s", tests, seeds, cores)
		_, _ = fmt.Fprintln(&b, strings.TrimRight(s.String(), " "))
	}
	var head []string
	for i := 1; i <= invariants; i++ {
		head = append(head, number(i))
	}
	line("", "fault", head, "tests", "stack", "cores")
	for _, r := range rows {
		cells, tests := t.cells(r)
		id := fmt.Sprintf("F%d", r.id)
		line(id, r.fault, cells, tests, t.runs(r.kinds...), t.runs(id+" on the cores"))
	}
	_, _ = fmt.Fprintln(&b, "\nNumbers count tests that passed, x/y that x of y did. Stack counts the seeds of internal/chaos that had the\nfault, each judged by all of I1 to I9, I11, I12 and I15; cores those of connecttest.Simulate, by I1 to I9, I12 and I15.")
	for _, r := range rows {
		if r.open != "" {
			_, _ = fmt.Fprintf(&b, "F%d: %s\n", r.id, r.open)
		}
	}
	for _, f := range t.figures {
		_, _ = fmt.Fprintln(&b, "- "+f)
	}
	for _, m := range t.missing(rows) {
		_, _ = fmt.Fprintln(&b, "NOT RUN: "+m)
	}
	return b.String()
}

// cells are the row's counts by invariant, and of all its tests.
func (t *tally) cells(r row) (cells []string, tests string) {
	var good, all [invariants + 1]int
	goodTests, allTests := 0, 0
	for _, p := range r.proofs {
		counts := t.leaves(p)
		n := counts[passed] + counts[failed]
		goodTests, allTests = goodTests+counts[passed], allTests+n
		for i, shows := range r.shown(p) {
			if shows {
				good[i], all[i] = good[i]+counts[passed], all[i]+n
			}
		}
	}
	for i := 1; i <= invariants; i++ {
		cells = append(cells, ratio(good[i], all[i]))
	}
	return cells, ratio(goodTests, allTests)
}

// runs counts the seeds in which a fault of these kinds happened.
func (t *tally) runs(kinds ...string) string {
	good, all := 0, 0
	for _, k := range kinds {
		n := t.seeds[k]
		good, all = good+n[0]-n[1], all+n[0]
	}
	return ratio(good, all)
}

func ratio(good, all int) string {
	switch {
	case all == 0:
		return "."
	case good == all:
		return fmt.Sprint(all)
	}
	return fmt.Sprintf("%d/%d", good, all)
}

// paper is the table of docs/guarantees.md.
func paper(rows []row) string {
	var b strings.Builder
	_, _ = fmt.Fprintln(&b, "| | fault | keeps | shown by |\n|---|---|---|---|")
	for _, r := range rows {
		var by []string
		for _, p := range r.proofs {
			by = append(by, fmt.Sprintf("`%s.%s`", p.dir[strings.LastIndexByte(p.dir, '/')+1:], p.test))
		}
		slices.Sort(by)
		text := strings.Join(slices.Compact(by), ", ")
		if len(r.kinds) > 0 {
			text += strings.Repeat(", ", min(len(by), 1)) + "seeds"
		}
		if r.open != "" {
			text += strings.Repeat("; ", min(len(text), 1)) + r.open
		}
		_, _ = fmt.Fprintf(&b, "| F%d | %s | %s | %s |\n", r.id, r.fault, r.keeps, text)
	}
	return b.String()
}

package connecttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// Violation is one broken promise.
type Violation struct {
	// Invariant is its number in docs/guarantees.md: I1 no loss, I2 and I3 nothing
	// committed ahead, I4 commits never go back, I5 order, I6 duplicates are
	// bounded, I7 memory is, I8 it goes on once faults have healed, I9 a stop ends,
	// I12 counters are true, I15 a crash of the broker.
	Invariant string
	Text      string
}

// String is the violation as one line.
func (v Violation) String() string { return v.Invariant + ": " + v.Text }

// Verdict is what the books say about a run.
type Verdict struct {
	Violations []Violation
	// Offered counts records, each once; Committed those a commit covers.
	Offered, Committed int
	// Delivered counts the records that the logs hold, Duplicates the further
	// copies of them.
	Delivered, Duplicates int
	// DeadLettered counts the records whose dead letter the logs hold.
	DeadLettered int
	// Missing counts records that were committed or told to be published, and that
	// a crash of the broker has lost all the same.
	Missing int
	// Forgotten counts the messages the broker has lost in crashes.
	Forgotten int
}

// Broken reports whether an invariant is broken.
func (v *Verdict) Broken(invariant string) bool {
	return slices.ContainsFunc(v.Violations, func(x Violation) bool { return x.Invariant == invariant })
}

// String lists the violations, a line each; it is empty when there are none.
func (v *Verdict) String() string {
	lines := make([]string, len(v.Violations))
	for i, x := range v.Violations {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// Judge closes the books. A run that is complete has delivered and committed
// everything that was offered; one that was cut off, only what it has promised.
func (l *Ledger) Judge(complete bool) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.found)
	v := Verdict{Offered: len(l.order), Forgotten: l.forgotten}
	extra := 0
	for _, rec := range l.order {
		if rec.committed {
			v.Committed++
		}
		if rec.kept > 0 {
			v.Delivered++
			v.Duplicates += rec.kept - 1
		}
		l.lost(&v, rec, complete)
		if rec.letters.kept > 0 {
			v.DeadLettered++
		}
		extra += max(rec.appends+rec.letters.appends-rec.offers-rec.excused, 0)
	}
	if !l.rules.Settled && v.Missing > l.forgotten {
		l.report("I1", "%d records are missing, and the broker has forgotten %d messages", v.Missing, l.forgotten)
	}
	if extra > l.rules.Copies {
		l.report("I6", "%d copies of records have no reason; at most %d", extra, l.rules.Copies)
	}
	for _, name := range slices.Sorted(maps.Keys(l.logs)) {
		if !l.logs[name].letters { // letters of one key may overtake each other
			l.inOrder(name)
		}
	}
	v.Violations = slices.Clone(l.found)
	l.found = l.found[:before]
	return v
}

// lost looks for a record that should be there.
func (l *Ledger) lost(v *Verdict, rec *record, complete bool) {
	promised := rec.committed || rec.told || rec.acked
	switch c := rec.promise(); {
	case c.kept > 0, rec.skipped:
	case rec.orphan && c.lost > 0 && !promised:
		v.Missing++
	case promised && (c.appends > 0 || !l.live) && l.forgotten > 0:
		v.Missing++
		if l.rules.Settled {
			l.report("I15", "%s was promised, and lost in a crash of the broker", rec)
		}
	case promised:
		l.report("I1", "%s was promised, and never published", rec)
	case complete:
		l.report("I1", "%s was offered, and is not there", rec)
	}
	if complete && rec.Partition != "" && !rec.committed {
		l.report("I8", "%s is not committed in the end", rec)
	}
}

// inOrder checks that the log has the records of each group in order: it may go
// back, which is a replay, and goes on from there without leaving out what is to be
// had at all. What a crash has taken may leave a hole where that is allowed.
func (l *Ledger) inOrder(name string) {
	type place struct {
		at  int // index of the newest record
		rec *record
	}
	newest := map[group]place{}
	var members map[group][]*record
	holes := !l.rules.Settled && l.forgotten > 0
	for _, rec := range l.logs[name].held {
		if rec.Group == "" {
			continue
		}
		g := group{rec.Topic, rec.Group}
		last, seen := newest[g]
		if !seen {
			last.at = -1
		}
		newest[g] = place{rec.index, rec}
		if rec.index <= last.at+1 {
			continue
		}
		if members == nil {
			members = l.members()
		}
		for _, between := range members[g][last.at+1 : rec.index] {
			if between.kept > 0 && !between.diverted && !between.left && !(holes && (between.lost > 0 || !l.live)) {
				l.report("I5", "%s: %s comes %s, and %s is late", name, rec, after(last.rec), between)
				break
			}
		}
	}
}

func after(rec *record) string {
	if rec == nil {
		return "first"
	}
	return fmt.Sprintf("after %s", rec)
}

func (l *Ledger) members() map[group][]*record {
	all := map[group][]*record{}
	for _, rec := range l.order {
		g := group{rec.Topic, rec.Group}
		all[g] = append(all[g], rec)
	}
	return all
}

// Reconcile holds the counters of the running process against the books.
func (l *Ledger) Reconcile(c supervisor.Totals) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sum := c.Published + c.DeadLettered + c.Skipped + c.Parked + c.Withdrawn + c.InFlight; c.Read != sum {
		l.report("I12", "%d records were read and %d accounted for: %+v", c.Read, sum, c)
	}
	if c.Read > l.process.offers {
		l.report("I12", "%d records are counted as read, and %d were offered", c.Read, l.process.offers)
	}
	if l.live && c.Published > l.process.appends {
		l.report("I12", "%d records are counted as published, and the broker took %d", c.Published, l.process.appends)
	}
	if l.live && c.DeadLettered > l.process.letters {
		l.report("I12", "%d records are counted as dead-lettered, and the broker took %d letters", c.DeadLettered, l.process.letters)
	}
	if c.Skipped > l.process.skips {
		l.report("I12", "%d records are counted as skipped, and %d were", c.Skipped, l.process.skips)
	}
	if c.Committed > l.process.covered {
		l.report("I12", "%d records are counted as committed, and commits covered %d", c.Committed, l.process.covered)
	}
}

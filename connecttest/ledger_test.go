package connecttest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/danube-messaging/danube-connect-go/connecttest"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// at is a record of partition p, in the order of its partition.
func at(position uint64) connecttest.Record {
	return connecttest.Record{ID: position, Partition: "p", Position: position, Topic: "/default/t", Group: "p"}
}

// books writes a run down in a few words.
type books struct{ *connecttest.Ledger }

func (b books) offer(positions ...uint64) books {
	for _, p := range positions {
		b.Offer(at(p))
	}
	return b
}

func (b books) append(ids ...uint64) books {
	for _, id := range ids {
		b.Append("/default/t", id)
	}
	return b
}

func (b books) flush(n int) books {
	b.Flush("/default/t", n)
	return b
}

func (b books) crash() books {
	b.Crash("/default/t")
	return b
}

func (b books) commit(position uint64) books {
	b.Commit(1, "p", position)
	return b
}

// TestLedger holds the ledger to one broken promise at a time.
func TestLedger(t *testing.T) {
	settled := connecttest.Rules{Settled: true}
	for _, c := range []struct {
		name     string
		rules    connecttest.Rules
		complete bool
		run      func(b books)
		want     []string
	}{
		{name: "nothing wrong", rules: settled, complete: true, run: func(b books) {
			b.offer(1, 2, 3).append(1, 2, 3).flush(3).commit(3)
		}},
		{name: "a replay of a suffix", rules: settled, complete: true, run: func(b books) {
			b.offer(1, 2, 3).append(1, 2, 3).flush(1).crash().commit(1)
			b.Epoch(2)
			b.offer(2, 3).append(2, 3).flush(3)
			b.Commit(2, "p", 3)
		}},
		{name: "a lost answer", complete: true, run: func(b books) {
			b.offer(1, 2).append(1, 1, 2).commit(2).Unanswered(1)
		}},
		{name: "never arrived", complete: true, run: func(b books) { b.offer(1, 2).append(1).commit(1) }, want: []string{"I1", "I8"}},
		{name: "cut off", run: func(b books) { b.offer(1, 2).append(1).commit(1) }},
		{name: "never committed", complete: true, run: func(b books) { b.offer(1).append(1) }, want: []string{"I8"}},
		{name: "committed ahead", run: func(b books) { b.offer(1, 2).append(1).commit(2) }, want: []string{"I3", "I1"}},
		{name: "committed ahead, and published later", run: func(b books) { b.offer(1, 2).append(1).commit(2).append(2) }, want: []string{"I3"}},
		{name: "committed before it is settled", rules: settled, run: func(b books) {
			b.offer(1).append(1).commit(1).flush(1)
		}, want: []string{"I2"}},
		{name: "told before it is settled", rules: settled, run: func(b books) {
			b.offer(1).append(1).Tell(1)
			b.flush(1)
		}, want: []string{"I2"}},
		{name: "told and lost", rules: settled, run: func(b books) {
			b.offer(1).append(1).Tell(1)
			b.crash()
		}, want: []string{"I2", "I15"}},
		{name: "acknowledged and forgotten", run: func(b books) { b.offer(1).append(1).commit(1).crash() }},
		{name: "goes back", run: func(b books) { b.offer(1, 2).append(1, 2).commit(2).commit(1) }, want: []string{"I4"}},
		{name: "of another epoch", run: func(b books) {
			b.offer(1).append(1).Epoch(2)
			b.commit(1)
		}, want: []string{"I4"}},
		{name: "an epoch again", run: func(b books) { b.Epoch(1) }, want: []string{"I4"}},
		{name: "empty offset", run: func(b books) { b.Commit(1, "", 1) }, want: []string{"I4"}},
		{name: "overtaken", complete: true, run: func(b books) { b.offer(1, 2, 3).append(1, 3, 2).commit(3) }, want: []string{"I5"}},
		{name: "first overtaken", complete: true, run: func(b books) { b.offer(1, 2).append(2, 1).commit(2) }, want: []string{"I5"}},
		{name: "a replay with a gap", complete: true, run: func(b books) {
			b.offer(1, 2, 3).append(1, 2, 3).Epoch(2)
			b.offer(1, 3).append(1, 3)
			b.Commit(2, "p", 3)
		}, want: []string{"I5"}},
		{name: "copies", complete: true, run: func(b books) { b.offer(1).append(1, 1).commit(1) }, want: []string{"I6"}},
		{name: "copies that are allowed", rules: connecttest.Rules{Copies: 1}, complete: true, run: func(b books) {
			b.offer(1).append(1, 1).commit(1)
		}},
		{name: "too far ahead", rules: connecttest.Rules{ReadAhead: 2}, run: func(b books) {
			b.offer(1, 2).append(1, 2).commit(1).offer(3, 4)
		}, want: []string{"I6"}},
		{name: "never offered", run: func(b books) { b.append(7) }, want: []string{"I1"}},
		{name: "skipped", complete: true, run: func(b books) {
			b.offer(1, 2).append(2).Skip(1)
			b.commit(2)
		}},
		{name: "counters do not add up", run: func(b books) { b.offer(1).Reconcile(supervisor.Totals{Read: 1}) }, want: []string{"I12"}},
		{name: "counters too high", run: func(b books) {
			b.offer(1).append(1).Reconcile(supervisor.Totals{Read: 2, Published: 2, Committed: 1})
		}, want: []string{"I12", "I12", "I12"}},
		{name: "counters of another process", run: func(b books) {
			b.offer(1).append(1).commit(1).Boot()
			b.Reconcile(supervisor.Totals{Committed: 1})
		}, want: []string{"I12"}},
		{name: "seen by others", run: func(b books) { b.Report("I9", "a stop took %d s", 31) }, want: []string{"I9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := books{connecttest.NewLedger(c.rules)}
			b.Epoch(1)
			c.run(b)
			v := b.Judge(c.complete)
			var got []string
			for _, x := range v.Violations {
				got = append(got, x.Invariant)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q:\n%s", got, c.want, v.String())
			}
			for _, want := range c.want {
				if !v.Broken(want) {
					t.Errorf("%s is not said to be broken", want)
				}
			}
			if again := b.Judge(c.complete); len(again.Violations) != len(v.Violations) {
				t.Errorf("judged twice: %d violations, then %d", len(v.Violations), len(again.Violations))
			}
		})
	}
}

// TestLedgerOfALog judges a run of which only the end of the log is known.
func TestLedgerOfALog(t *testing.T) {
	for _, c := range []struct {
		name      string
		settled   bool
		log       []uint64
		forgotten int
		missing   int
		want      []string
	}{
		{name: "well", settled: true, log: []uint64{1, 2, 3, 2, 3}},
		{name: "lost", settled: true, log: []uint64{1, 3}, want: []string{"I1"}},
		{name: "lost in a crash", settled: true, log: []uint64{1, 3}, forgotten: 1, missing: 1, want: []string{"I15"}},
		{name: "acknowledged", log: []uint64{1, 3}, forgotten: 1, missing: 1},
		{name: "more than was forgotten", log: []uint64{1}, forgotten: 1, missing: 2, want: []string{"I1"}},
		{name: "out of order", settled: true, log: []uint64{2, 1, 2, 3}, want: []string{"I5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := connecttest.NewLedger(connecttest.Rules{Settled: c.settled, Copies: 2})
			l.Epoch(1)
			for n := uint64(1); n <= 3; n++ {
				l.Offer(at(n))
			}
			l.Commit(1, "p", 3)
			l.Log("/default/t", c.log...)
			l.Forgotten(c.forgotten)
			v := l.Judge(true)
			var got []string
			for _, x := range v.Violations {
				got = append(got, x.Invariant)
			}
			if !slices.Equal(got, c.want) || v.Missing != c.missing {
				t.Errorf("found %q and %d missing, want %q and %d:\n%s", got, v.Missing, c.want, c.missing, v.String())
			}
		})
	}
}

// TestLedgerWithoutOrder keeps records of no group, and of other groups, apart.
func TestLedgerWithoutOrder(t *testing.T) {
	l := connecttest.NewLedger(connecttest.Rules{})
	l.Epoch(1)
	for n := uint64(1); n <= 6; n++ {
		r := at(n)
		r.Group = [...]string{"", "a", "b"}[n%3]
		l.Offer(r)
	}
	l.Log("/default/t-part-0", 6, 2, 1, 5, 4, 3)
	l.Commit(1, "p", 6)
	if v := l.Judge(true); len(v.Violations) > 0 || v.Offered != 6 || v.Delivered != 6 || v.Committed != 6 || v.Duplicates != 0 {
		t.Errorf("%+v", v)
	}
	if l.Lag() != 0 {
		t.Errorf("lag %d", l.Lag())
	}
}

// ExampleLedger shows what a test tells the ledger.
func ExampleLedger() {
	l := connecttest.NewLedger(connecttest.Rules{Settled: true})
	l.Epoch(1)
	for n := uint64(1); n <= 3; n++ {
		l.Offer(connecttest.Record{ID: n, Partition: "orders", Position: n, Topic: "/default/orders", Group: "orders"})
	}
	l.Log("/default/orders", 1, 3) // what the broker's log holds in the end
	l.Commit(1, "orders", 3)       // what the source was told
	v := l.Judge(true)
	fmt.Println(v.String())
	// Output: I1: record 2 (orders@2) for /default/orders was promised, and never published
}

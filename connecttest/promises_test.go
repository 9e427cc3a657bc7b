package connecttest_test

import (
	"slices"
	"testing"

	"github.com/danube-messaging/danube-connect-go/connecttest"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

const letterLog = "/default/letters-part-1"

// letter puts dead letters into their log.
func (b books) letter(ids ...uint64) books {
	for _, id := range ids {
		b.Append(letterLog, id)
	}
	return b
}

// TestLedgerOfPromises holds the ledger to one broken promise at a time about dead
// letters, and about what was acknowledged and is retained.
func TestLedgerOfPromises(t *testing.T) {
	t.Parallel()
	lettered := connecttest.Rules{Settled: true, Letters: "/default/letters"}
	retained := connecttest.Rules{Settled: true}
	for _, c := range []struct {
		name     string
		rules    connecttest.Rules
		complete bool
		run      func(b books)
		want     []string
	}{
		{name: "a letter lands", rules: lettered, complete: true, run: func(b books) {
			b.offer(1, 2).append(2).flush(1).Divert(1)
			b.letter(1).Flush(letterLog, 1)
			b.commit(2).Reconcile(supervisor.Totals{Read: 2, Published: 1, DeadLettered: 1})
		}},
		{name: "committed before its letter lands", rules: lettered, run: func(b books) {
			b.offer(1, 2).append(2).Divert(1)
			b.commit(1).letter(1)
		}, want: []string{"I3"}},
		{name: "committed before its letter is settled", rules: lettered, run: func(b books) {
			b.offer(1).Divert(1)
			b.letter(1).commit(1)
		}, want: []string{"I2"}},
		{name: "a letter is forgotten", rules: lettered, run: func(b books) {
			b.offer(1).Divert(1)
			b.letter(1).commit(1).Crash(letterLog)
		}, want: []string{"I2", "I15"}},
		{name: "a letter of nothing wrong", rules: lettered, run: func(b books) { b.offer(1).letter(1) }, want: []string{"I1"}},
		{name: "a letter does not stand for another record", rules: lettered, run: func(b books) {
			b.offer(1, 2).Divert(1)
			b.letter(1).Flush(letterLog, 1)
			b.commit(2)
		}, want: []string{"I3", "I1"}},
		{name: "letters in any order", rules: lettered, complete: true, run: func(b books) {
			b.offer(1, 2).Divert(1)
			b.Divert(2)
			b.letter(2, 1).Flush(letterLog, 2)
			b.commit(2)
		}},
		{name: "counts of letters and of what is skipped", rules: lettered, run: func(b books) {
			b.offer(1, 2).append(1, 2).Reconcile(supervisor.Totals{Read: 2, DeadLettered: 1, Skipped: 1})
		}, want: []string{"I12", "I12"}},
		{name: "acknowledged, forgotten and sent again", rules: retained, complete: true, run: func(b books) {
			b.push(1).append(1).Acknowledge(1)
			b.crash().append(1).flush(1).Unanswered(1)
			b.Left(0)
			b.Forget()
		}},
		{name: "acknowledged and never published", rules: retained, run: func(b books) { b.push(1, 2).append(2).Acknowledge(1) }, want: []string{"I3", "I1"}},
		{name: "acknowledged and forgotten for good", rules: retained, run: func(b books) {
			b.push(1).append(1).Acknowledge(1)
			b.crash()
		}, want: []string{"I15"}},
		{name: "forgotten with the process that retained it", rules: retained, complete: true, run: func(b books) {
			b.push(1).append(1).Acknowledge(1)
			b.Forget()
			b.crash()
		}},
		{name: "killed while it sends again", rules: retained, complete: true, run: func(b books) {
			b.offer(1, 2).append(1, 2).Acknowledge(1)
			b.Acknowledge(2)
			b.append(1).Unanswered(1)
			b.Forget()
			b.offer(3).append(3).flush(4).commit(3)
		}},
		{name: "left without a word", rules: retained, run: func(b books) {
			b.push(1, 2).append(1, 2).flush(1).Acknowledge(1)
			b.Acknowledge(2)
			b.Left(0)
		}, want: []string{"I9"}},
		{name: "left and named", rules: retained, run: func(b books) {
			b.push(1).append(1).Acknowledge(1)
			b.Left(1)
		}},
		{name: "settled before it was left", rules: retained, run: func(b books) {
			b.push(1).append(1).flush(1).Acknowledge(1)
			b.Tell(1)
			b.Left(0)
			b.Forget()
			b.crash()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
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
		})
	}
}

// push offers records that have no offset.
func (b books) push(ids ...uint64) books {
	for _, id := range ids {
		b.Offer(connecttest.Record{ID: id, Topic: "/default/t"})
	}
	return b
}

package publisher

import (
	"slices"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// passes lets the broker take a record of a key nobody else uses.
func (g *stage) passes(t testing.TB) {
	t.Helper()
	g.put(of(2, keyed("passes", "passes"), nil))
	g.tick(0)
	g.reply(t, "passes", flow.OK)
}

// waits steps from one time to the next until something is in flight; a session that
// is asked for is had at once.
func (g *stage) waits(id uint64) {
	for wake := g.tick(0); len(g.flying) == 0; wake = g.tick(0) {
		if slices.Contains(g.take(), "open 0") {
			g.opened(0, id)
			continue
		}
		g.now = wake
	}
}

// What befalls every record is the broker's trouble, however long it lasts and
// whatever it looks like: no record is given up, not even without a retry.
func TestOutagesAreNotHeldAgainstARecord(t *testing.T) {
	t.Parallel()
	outage := []flow.Outcome{flow.Unclear, flow.Reset, flow.Stalled, flow.Busy, flow.Reset, flow.Unknown, flow.Unclear, flow.Lost, flow.Denied}
	for _, o := range []Ordering{ByKey, ByPartition, Unordered} {
		g := newStage(t, Settings{Ordering: o, Backoff: time.Second, MaxBackoff: 10 * time.Second})
		g.put(keyed("b", "taken"))
		g.begin()
		g.reply(t, "taken", flow.OK)
		g.put(keyed("a", "1"), keyed("b", "2"), keyed("c", "3"))
		for i := range 60 {
			g.waits(uint64(100 + i))
			for _, payload := range g.payloads() {
				g.reply(t, payload, outage[i%len(outage)])
			}
		}
		g.tick(0)
		if err := g.fatalities(); err != nil {
			t.Fatalf("ordering %d: given up: %v", o, err)
		}
		for g.budget.Totals().InFlight > 0 {
			g.waits(1000)
			g.reply(t, g.payloads()[0], flow.OK)
			g.tick(0)
		}
		g.totals(flow.Totals{Read: 4, Published: 4})
	}
}

// Such an answer stalls the topic partition: one probe at a time, after a pause that
// grows, also for a record that is all there is.
func TestUnclearAnswersAreProbed(t *testing.T) {
	t.Parallel()
	for _, o := range []flow.Outcome{flow.Unclear, flow.Reset} {
		g := newStage(t, Settings{Backoff: time.Second, MaxBackoff: time.Minute})
		g.put(keyed("a", "1"))
		g.begin()
		begun := g.now
		for range 40 {
			g.reply(t, "1", o)
			if g.tick(0); g.partitions[0].session.state != Probing {
				t.Fatalf("%s: %s, want it probing", o, g.partitions[0].session.state)
			}
			g.waits(0)
		}
		if took := g.now.Sub(begun); took < 10*time.Minute {
			t.Errorf("%s: 40 probes in %v, want pauses that grow", o, took)
		}
		if err := g.fatalities(); err != nil {
			t.Errorf("%s: given up: %v", o, err)
		}
	}
}

// An attempt counts once for what has passed since the one before, and not for what
// passed before the record was first sent.
func TestBlameNeedsOthersThatPass(t *testing.T) {
	t.Parallel()
	p := partition{passed: 1}
	m := &flow.Message{}
	steps := []struct {
		passed uint64
		want   flow.Outcome
	}{{0, flow.Busy}, {2, flow.Reset}, {0, flow.Busy}, {0, flow.Busy}, {1, flow.Reset}}
	p.verdict(&flow.Result{Message: &flow.Message{}, Outcome: flow.OK})
	m.Passed = p.passed // as send does
	for i, s := range steps {
		for range s.passed {
			p.verdict(&flow.Result{Message: &flow.Message{}, Outcome: flow.OK})
		}
		for range 2 { // Stalled says nothing about the record, and starts nothing anew
			if got := p.verdict(&flow.Result{Message: m, Outcome: flow.Stalled}); got != flow.Stalled {
				t.Errorf("stalled became %s", got)
			}
		}
		if got := p.verdict(&flow.Result{Message: m, Outcome: flow.Reset}); got != s.want {
			t.Errorf("step %d: %s, want %s", i, got, s.want)
		}
	}
}

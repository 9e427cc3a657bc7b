package publisher

import (
	"errors"
	"slices"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// of puts a parcel into an epoch, with a waiter.
func of(epoch uint64, p flow.Parcel, w flow.Waiter) flow.Parcel {
	p.Epoch, p.Waiter = epoch, w
	return p
}

// ask is Withdraw without the waiting: it returns what is closed at the end.
func (g *stage) ask(epoch uint64, drain bool) chan struct{} {
	w := withdrawal{Epoch: epoch, Drain: drain, done: make(chan struct{})}
	g.commands.Put(w)
	return w.done
}

func closed(done chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// What is queued is taken back unsent, what is in flight is awaited: published if it
// succeeds, taken back if it fails; only then is the withdrawal answered.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	for _, o := range []Ordering{ByKey, ByPartition, Unordered} {
		g := newStage(t, Settings{Ordering: o, Lanes: 2})
		var ears [5]ear
		for i, payload := range []string{"a1", "a2", "a3", "a4", "a5"} {
			g.put(of(1, keyed([]string{"a", "b"}[i%2], payload), &ears[i]))
		}
		g.begin()
		flying := g.payloads()
		done := g.ask(1, false)
		late := of(1, text("late"), nil)
		g.put(late)
		g.tick(0)
		g.totals(flow.Totals{Read: 6, Withdrawn: 6 - uint64(len(flying)), InFlight: uint64(len(flying))})
		if closed(done) {
			t.Fatalf("ordering %d: answered with %q in flight", o, flying)
		}
		g.want(flying...)
		g.reply(t, flying[0], flow.OK)
		for _, payload := range flying[1:] {
			g.reply(t, payload, flow.Stalled)
		}
		g.tick(0)
		g.want()
		if !closed(done) {
			t.Errorf("ordering %d: not answered although nothing is left", o)
		}
		g.totals(flow.Totals{Read: 6, Published: 1, Withdrawn: 5})
		for i := range ears {
			if right := ears[i].err == nil && flying[0] == []string{"a1", "a2", "a3", "a4", "a5"}[i] || errors.Is(ears[i].err, connect.ErrStopped); !ears[i].told || !right {
				t.Errorf("ordering %d: waiter %d heard %v, %v", o, i, ears[i].told, ears[i].err)
			}
		}
		if got := g.resolved(); len(got) != 1 {
			t.Errorf("ordering %d: slots %v are resolved, want the published one: what was taken back stays a hole", o, got)
		}
		g.put(of(2, keyed("a", "x1"), nil), of(2, keyed("b", "x2"), nil))
		for g.tick(0); len(g.flying) == 0; {
			g.tick(time.Second) // the topic may be probing
		}
	}
}

// Records of a newer epoch that came before the withdrawal are not touched, and do
// not pass what is in flight in their lane.
func TestWithdrawLeavesNewerEpochsAlone(t *testing.T) {
	t.Parallel()
	for _, o := range []Ordering{ByKey, ByPartition, Unordered} {
		g := newStage(t, Settings{Ordering: o, Lanes: 1})
		g.put(of(1, keyed("a", "old1"), nil), of(1, keyed("a", "old2"), nil))
		g.begin()
		g.put(of(2, keyed("a", "new1"), nil), of(2, keyed("a", "new2"), nil))
		g.tick(0)
		done := g.ask(1, false)
		g.tick(0)
		g.want("old1")
		g.reply(t, "old1", flow.Lost)
		g.tick(0)
		g.opened(0, 8)
		g.tick(0)
		g.want("new1")
		g.reply(t, "new1", flow.OK)
		g.tick(0)
		g.want("new2")
		g.reply(t, "new2", flow.OK)
		g.tick(0)
		g.totals(flow.Totals{Read: 4, Published: 2, Withdrawn: 2})
		if got := g.resolved(); !slices.Equal(got, []uint64{2, 3}) || !closed(done) {
			t.Errorf("ordering %d: slots %v resolved, answered: %v", o, got, closed(done))
		}
	}
}

// A withdrawal that was asked for while the publisher was down meets records of the
// next epoch in the same pipe.
func TestWithdrawAfterARestart(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.put(of(1, keyed("a", "old"), nil))
	done := g.ask(1, false)
	g.put(of(2, keyed("a", "new"), nil))
	g.begin()
	g.want("new")
	g.reply(t, "new", flow.OK)
	g.tick(0)
	if !closed(done) {
		t.Error("not answered")
	}
	g.totals(flow.Totals{Read: 2, Published: 1, Withdrawn: 1})
}

// Drained: everything is sent before the answer, what comes late included.
func TestWithdrawByDraining(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Lanes: 1})
	g.put(text("1"), text("2"))
	g.begin()
	done := g.ask(1, true)
	g.put(text("3"))
	for _, payload := range []string{"1", "2", "3"} {
		g.tick(0)
		if closed(done) {
			t.Fatalf("answered before %s was sent", payload)
		}
		g.reply(t, payload, flow.OK)
	}
	g.tick(0)
	if !closed(done) {
		t.Error("not answered although everything is sent")
	}
	g.totals(flow.Totals{Read: 3, Published: 3})
}

// A lane that was given up works again when its record is taken back, in every
// ordering.
func TestWithdrawFreesAHaltedLane(t *testing.T) {
	t.Parallel()
	for _, o := range []Ordering{ByKey, ByPartition, Unordered} {
		g := newStage(t, Settings{Ordering: o, Lanes: 1})
		g.put(keyed("a", "poison"), keyed("a", "behind"))
		g.begin()
		g.reply(t, "poison", flow.Refused)
		g.tick(0)
		if g.fatalities() == nil {
			t.Fatal("not refused")
		}
		done := g.ask(1, false)
		g.tick(0)
		if !closed(done) {
			t.Errorf("ordering %d: not answered", o)
		}
		g.put(of(2, keyed("a", "next"), nil))
		g.tick(0)
		g.want("next")
		g.totals(flow.Totals{Read: 3, Withdrawn: 2, InFlight: 1})
	}
}

// A record that waits for its next try is taken back as well, and leaves no timer.
func TestWithdrawTakesWhatIsDelayed(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{MaxRetries: 5, Backoff: time.Minute})
	g.put(text("1"))
	g.begin()
	g.passes(t)
	g.reply(t, "1", flow.Unclear)
	if wake := g.tick(0); !wake.After(g.now) {
		t.Fatal("the record does not wait")
	}
	done := g.ask(1, false)
	if wake := g.tick(0); !wake.IsZero() || !closed(done) {
		t.Errorf("to be called at %v, answered: %v", wake, closed(done))
	}
	g.put(of(2, text("2"), nil))
	g.tick(0)
	g.want("2")
}

package publisher

import (
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// retaining are settling settings of a source that cannot go back.
func retaining() Settings {
	s := settling()
	s.Settle.Retain = true
	return s
}

// waited gives a parcel a waiter.
func waited(p flow.Parcel, w flow.Waiter) flow.Parcel {
	p.Waiter = w
	return p
}

// proves lets two health checks prove a session past everything it has acknowledged.
func (g *stage) proves(session uint64) {
	g.tick(proofFlush + proofMargin)
	g.alive(session, g.now)
	g.tick(proofMargin)
	g.alive(session, g.now)
}

// drains answers everything in flight with OK until nothing is, and returns the order.
func (g *stage) drains(t *testing.T) (order []string) {
	t.Helper()
	for range 100 {
		for _, payload := range g.payloads() {
			order = append(order, payload)
			g.reply(t, payload, flow.OK)
		}
		g.tick(0)
	}
	return order
}

func wantOrder(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("sent %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("sent %q, want %q", got, want)
		}
	}
}

// Another session: what is unsettled goes first, then what was in flight, then the
// queue, one at a time; nothing is told to the source, and what comes late of the old
// session counts for nothing.
func TestRetainedGoesFirst(t *testing.T) {
	t.Parallel()
	for _, late := range []flow.Outcome{flow.OK, flow.Refused, flow.Unknown} {
		g := newStage(t, retaining())
		g.begin()
		for _, payload := range []string{"a1", "a2", "a3"} {
			g.published(t, "a", payload, 0)
		}
		g.put(keyed("a", "a4"), keyed("a", "a5"), keyed("b", "b1"))
		g.tick(0)
		g.reply(t, "b1", flow.Lost)
		g.tick(0)
		g.told()
		g.opened(0, 8)
		g.tick(0)
		g.want("a4", "b1")
		g.reply(t, "a4", late)
		g.reply(t, "b1", flow.OK)
		g.tick(0)
		g.want("a1")
		g.totals(flow.Totals{Read: 6, Published: 4, InFlight: 2, Retained: 4})
		wantOrder(t, g.drains(t), "a1", "a2", "a3", "a4", "a5")
		for _, n := range g.told() {
			if n.Kind != flow.Resolved || n.Session != retained {
				t.Errorf("%s: the tracker was told %+v", late, n)
			}
		}
		g.proves(8)
		g.totals(flow.Totals{Read: 6, Published: 6})
	}
}

// The same id again is the same session: it goes on where it was.
func TestSameSessionKeepsWhatItRetains(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.put(keyed("a", "a2"))
	g.tick(0)
	g.reply(t, "a2", flow.Unknown)
	g.tick(0)
	g.opened(0, 7)
	g.tick(0)
	wantOrder(t, g.drains(t), "a2")
	g.totals(flow.Totals{Read: 2, Published: 2, Retained: 2})
	g.proves(7)
	g.totals(flow.Totals{Read: 2, Published: 2})
}

// An idle topic that holds something unsettled asks for what it needs: probes that
// prove it, and a session when nobody answers.
func TestIdleTopicSettlesByProbes(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.tick(proofFlush + proofMargin)
	g.wantCalls("probe 0")
	g.quiet(7)
	g.wantCalls("open 0")
	g.opened(0, 8)
	g.tick(0)
	wantOrder(t, g.drains(t), "a1")
	g.take()
	g.tick(proofFlush + proofMargin)
	g.wantCalls("probe 0")
	g.alive(8, g.now)
	g.tick(proofMargin)
	g.wantCalls("probe 0")
	g.alive(8, g.now)
	g.totals(flow.Totals{Read: 1, Published: 1})
	if wake := g.tick(0); !wake.IsZero() {
		t.Errorf("to be called in %v with everything settled", wake.Sub(g.now))
	}
}

// levels are how waiters wait, and what they have heard once their record is
// acknowledged, its session lost, the record sent again, and that settled.
var levels = []struct {
	name                       string
	retain, settles            bool
	acked, lost, again, proven bool
	err                        error
}{
	{name: "acknowledged, replayable", acked: true, lost: true, again: true, proven: true},
	{name: "acknowledged, retained", retain: true, acked: true, lost: true, again: true, proven: true},
	{name: "settled, replayable", settles: true, lost: true, again: true, proven: true, err: connect.ErrStopped},
	{name: "settled, retained", settles: true, retain: true, proven: true},
}

func TestWaitersHearWhenTheyAsked(t *testing.T) {
	t.Parallel()
	for _, c := range levels {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := settling()
			s.Settle.Retain = c.retain
			g := newStage(t, s)
			g.begin()
			w := &ear{settles: c.settles}
			heard := func(when string, want bool) {
				t.Helper()
				if w.told != want || w.told && !errors.Is(w.err, c.err) {
					t.Fatalf("%s: told %t, %v; want %t, %v", when, w.told, w.err, want, c.err)
				}
			}
			g.put(waited(keyed("a", "a1"), w), keyed("b", "b1"))
			g.tick(0)
			heard("sent", false)
			g.reply(t, "a1", flow.OK)
			g.tick(0)
			heard("acknowledged", c.acked)
			g.reply(t, "b1", flow.Lost)
			g.tick(0)
			g.opened(0, 8)
			g.tick(0)
			heard("lost", c.lost)
			if !c.retain {
				again := keyed("a", "a1")
				again.Epoch = 2
				g.put(again)
				g.tick(0)
			}
			g.drains(t)
			heard("sent again", c.again)
			g.proves(8)
			heard("proven", c.proven)
		})
	}
}

// Who waits for a record of a source that can go back is told when the session is
// proven past it, one after the other.
func TestDebtsArePaidInOrder(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	ears := [3]*ear{{settles: true}, {settles: true}, {settles: true}}
	for i, w := range ears {
		g.put(waited(keyed("a", string(rune('1'+i))), w))
		g.tick(0)
		g.drains(t)
		g.tick(time.Second)
	}
	first := dawn.Add(proofFlush + proofMargin)
	g.tick(first.Sub(g.now))
	g.alive(7, g.now)
	g.tick(proofMargin)
	g.alive(7, g.now)
	if !ears[0].told || ears[1].told || ears[2].told {
		t.Errorf("told %t, %t, %t; want the first alone", ears[0].told, ears[1].told, ears[2].told)
	}
	g.proves(7)
	for i, w := range ears {
		if !w.told || w.err != nil {
			t.Errorf("waiter %d: told %t, %v", i, w.told, w.err)
		}
	}
}

// Where an OK is final, settled is acknowledged.
func TestFinalOKSettles(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]*Settle{"not reliable": nil, "flush 0": {Margin: proofMargin, Retain: true}} {
		s := settling()
		s.Settle = settle
		g := newStage(t, s)
		g.begin()
		w := &ear{settles: true}
		g.put(waited(keyed("a", "a1"), w))
		g.tick(0)
		g.drains(t)
		if !w.told || w.err != nil {
			t.Errorf("%s: told %t, %v", name, w.told, w.err)
		}
		g.totals(flow.Totals{Read: 1, Published: 1})
	}
}

// A broker that comes back with another flush interval of 0 makes its own OKs final,
// and none of the session before.
func TestFinalOKsAreOfTheirSession(t *testing.T) {
	t.Parallel()
	s := retaining()
	s.Settle.Announced = true
	g := newStage(t, s)
	g.tick(0)
	g.sessions.Put(flow.SessionEvent{Kind: flow.Opened, Session: 7, Flush: proofFlush})
	w := &ear{settles: true}
	g.put(waited(keyed("a", "a1"), w), keyed("b", "b1"), keyed("c", "c1"))
	g.tick(0)
	g.reply(t, "a1", flow.OK)
	g.reply(t, "b1", flow.Lost)
	g.tick(0)
	g.sessions.Put(flow.SessionEvent{Kind: flow.Opened, Session: 8, Flush: 0})
	g.tick(0)
	g.reply(t, "c1", flow.OK) // of the broker that is gone
	g.tick(0)
	g.want("b1", "a1", "c1")
	g.totals(flow.Totals{Read: 3, Published: 1, InFlight: 2, Retained: 1})
	g.told()
	g.drains(t)
	if !w.told || w.err != nil {
		t.Errorf("told %t, %v", w.told, w.err)
	}
	g.totals(flow.Totals{Read: 3, Published: 3})
	through := time.Time{}
	for _, n := range g.told() {
		if n.Kind == flow.Proven {
			through = later(through, n.At)
		}
	}
	if through.Before(dawn) {
		t.Errorf("the tracker was told of proofs up to %v", through)
	}
}

// A record that was taken once and is refused after the broker forgot it is answered
// to whoever waits, and counted no second time.
func TestRefusedWhenSentAgain(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	w := &ear{settles: true}
	g.put(waited(keyed("a", "a1"), w))
	g.tick(0)
	g.drains(t)
	g.published(t, "a", "a2", 0)
	g.quiet(7)
	g.opened(0, 8)
	g.tick(0)
	g.reply(t, "a1", flow.Refused)
	g.tick(0)
	if !w.told || !errors.Is(w.err, connect.ClassInvalid) {
		t.Errorf("told %t, %v; want what the broker says", w.told, w.err)
	}
	wantOrder(t, g.drains(t), "a2")
	g.totals(flow.Totals{Read: 2, Published: 2, Retained: 1})
	g.proves(8)
	g.totals(flow.Totals{Read: 2, Published: 2})
}

// A lane that was given up sends again what it had retained: the record in its way
// comes behind that.
func TestGivenUpLaneSendsWhatItRetained(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.put(keyed("a", "poison"), keyed("a", "a2"))
	g.tick(0)
	g.reply(t, "poison", flow.Refused)
	g.tick(0)
	g.quiet(7)
	g.opened(0, 8)
	g.tick(0)
	g.want("a1")
	g.reply(t, "a1", flow.OK)
	g.tick(0)
	g.want("poison")
	g.reply(t, "poison", flow.Refused)
	g.tick(0)
	g.want()
	g.proves(8)
	g.totals(flow.Totals{Read: 3, Published: 1, InFlight: 2})
	if !g.dry() || !g.Actor.proven() {
		t.Error("a stop would wait for a lane that was given up")
	}
}

// Retention outlives epochs, and takes nothing back: a withdrawal drains.
func TestRetentionOutlivesItsEpoch(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.put(keyed("a", "a2"))
	done := g.ask(1, false)
	g.tick(0)
	if closed(done) {
		t.Error("answered with a record in flight that nobody can offer again")
	}
	g.drains(t)
	if !closed(done) {
		t.Error("not answered although all is sent: what is retained holds no re-open back")
	}
	next := keyed("a", "a3")
	next.Epoch = 2
	g.put(next)
	g.tick(0)
	g.reply(t, "a3", flow.Lost)
	g.tick(0)
	g.opened(0, 8)
	g.tick(0)
	wantOrder(t, g.drains(t), "a1", "a2", "a3")
	if g.proves(8); g.partitions[0].kept != 0 {
		t.Error("not settled")
	}
	g.totals(flow.Totals{Read: 3, Published: 3})
}

// A stop waits until what is retained is settled.
func TestStopWaitsForTheRetained(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.published(t, "a", "a1", 0)
	if !g.dry() || g.Actor.proven() {
		t.Error("a stop would not wait")
	}
	g.proves(7)
	if !g.Actor.proven() {
		t.Error("a stop would wait for ever")
	}
}

// An answer that was received before another and is dealt with after it is not taken
// to be settled with that.
func TestReceiptsComeAfterWhatIsProven(t *testing.T) {
	t.Parallel()
	g := newStage(t, retaining())
	g.begin()
	g.put(keyed("a", "a1"), keyed("b", "b1"))
	g.tick(0)
	g.reply(t, "a1", flow.OK)
	g.tick(0)
	g.proves(7)
	var proven time.Time
	for _, n := range g.told() {
		if n.Kind == flow.Proven {
			proven = n.At
		}
	}
	g.clock = dawn // when b1 was answered
	g.reply(t, "b1", flow.OK)
	g.tick(0)
	for _, n := range g.told() {
		if n.Kind == flow.Resolved && !n.At.After(proven) {
			t.Errorf("acknowledged at %v, and %v is proven already", n.At.Sub(dawn), proven.Sub(dawn))
		}
	}
}

// What the broker took once it can take: whatever befalls it when it is sent again,
// while others pass, is no fault of the record's.
func TestTakenOnceIsNeverBlamed(t *testing.T) {
	t.Parallel()
	for _, o := range []flow.Outcome{flow.Reset, flow.Unclear} {
		g := newStage(t, retaining())
		g.begin()
		g.published(t, "a", "a1", 0)
		g.quiet(7)
		g.opened(0, 8)
		g.tick(0)
		g.passes(t)
		g.reply(t, "a1", o)
		g.tick(0)
		g.tick(time.Minute)
		if err := g.fatalities(); err != nil {
			t.Errorf("%v: %v", o, err)
		}
		g.reply(t, "a1", flow.OK)
		g.tick(0)
		g.proves(8)
		if c := g.budget.Totals(); c.Retained > 0 || c.InFlight > 0 {
			t.Errorf("%v: %+v", o, c)
		}
	}
}

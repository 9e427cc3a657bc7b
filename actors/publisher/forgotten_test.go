package publisher

import (
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// The broker is another: what the lost session said OK to may be forgotten, so what
// the lanes hold is dropped, and nothing goes before what is read again.
func TestDirtyLossDropsTheEpoch(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.put(keyed("a", "a2"), keyed("a", "a3"), keyed("b", "b1"))
	g.tick(0)
	g.told()
	g.reply(t, "b1", flow.Lost)
	g.tick(0)
	g.wantCalls("open 0")
	g.opened(0, 8)
	g.tick(0)
	g.wantTold(flow.Notice{Kind: flow.SessionLost, Epoch: 1, Session: 7}, flow.Notice{Kind: flow.SessionBegun, Session: 8})
	g.want("a2")
	g.reply(t, "a2", flow.OK) // too late: of the session that is lost
	g.put(keyed("a", "a4"))   // was on its way
	g.tick(time.Hour)
	g.want()
	g.wantTold()
	g.totals(flow.Totals{Read: 5, Published: 1, Withdrawn: 4})
	again := keyed("a", "a1")
	again.Epoch = 2
	g.put(again)
	g.tick(0)
	g.want("a1")
	g.reply(t, "a1", flow.OK)
	g.tick(0)
	g.wantTold(flow.Notice{Kind: flow.Resolved, Epoch: 2, Slot: 5, Session: 8, At: g.now})
}

// A clean session that is replaced costs nothing: the heads go again in the new one.
func TestCleanLossRewindsNothing(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.put(keyed("a", "a1"))
	g.begin()
	g.told()
	g.reply(t, "a1", flow.Unknown)
	g.tick(0)
	g.opened(0, 8)
	g.tick(0)
	g.want("a1")
	g.wantTold(flow.Notice{Kind: flow.SessionBegun, Session: 8})
}

// The same id again is the same session: it lives, so nothing is forgotten, and what
// is known of it stays known.
func TestSameSessionGoesOn(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.tick(proofFlush + proofMargin)
	g.alive(7, g.now)
	g.told()
	g.put(keyed("a", "a2"))
	g.tick(0)
	g.reply(t, "a2", flow.Unknown)
	g.tick(0)
	g.opened(0, 7)
	g.tick(proofMargin)
	g.want("a2")
	g.wantTold()
	g.reply(t, "a2", flow.OK)
	g.tick(0)
	g.wantTold(flow.Notice{Kind: flow.Proven, Session: 7, At: dawn}, flow.Notice{Kind: flow.Resolved, Epoch: 1, Slot: 1, Session: 7, At: g.now})
}

// A late OK of a session that is over is to a record that may be forgotten: it is
// sent again.
func TestLateOKOfALostSessionCountsForNothing(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.put(keyed("a", "a1"), keyed("b", "b1"))
	g.begin()
	g.reply(t, "a1", flow.Lost)
	g.tick(0)
	g.opened(0, 8)
	g.tick(0)
	g.told()
	g.reply(t, "b1", flow.OK)
	g.tick(0)
	g.want("a1", "b1")
	g.wantTold()
	g.totals(flow.Totals{Read: 2, InFlight: 2})
}

// An OK to a record of an older epoch resolves it, and makes the session owe
// nothing: the record is being read again.
func TestOldEpochOwesNothing(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.put(keyed("a", "old"))
	g.begin()
	fresh := keyed("b", "new")
	fresh.Epoch = 2
	g.put(fresh)
	g.tick(0)
	g.reply(t, "old", flow.OK)
	g.tick(0)
	if g.partitions[0].proof.dirty() {
		t.Error("dirty by a record of an epoch that is over")
	}
	g.reply(t, "new", flow.OK)
	g.tick(0)
	if !g.partitions[0].proof.dirty() {
		t.Error("clean with a record of this epoch unproven")
	}
	third := keyed("c", "newer")
	third.Epoch = 3
	g.put(third)
	g.tick(0)
	if g.partitions[0].proof.dirty() {
		t.Error("dirty by what is being read again")
	}
}

// A health check that finds nobody is a reason to ask for a session while something
// waits for proof, also on an idle topic, and none otherwise.
func TestSilenceCountsWhenDirty(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	g.quiet(7)
	g.wantCalls()
	g.published(t, "a", "1", 0)
	g.quiet(6) // another session's
	g.wantCalls()
	g.quiet(7)
	g.wantCalls("open 0")
	g.told()
	g.opened(0, 8)
	g.tick(0)
	g.wantTold(flow.Notice{Kind: flow.SessionLost, Epoch: 1, Session: 7}, flow.Notice{Kind: flow.SessionBegun, Session: 8})
	g.take()
	g.quiet(8)
	g.wantCalls()
}

// Health checks that are answered while sends are not prove nothing.
func TestDoubtIsEndedByASend(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	g.published(t, "a", "a1", 0)
	g.put(keyed("a", "a2"))
	g.tick(0)
	g.reply(t, "a2", flow.Busy)
	g.tick(0)
	for range 3 {
		g.tick(proofFlush)
		g.alive(7, g.now)
	}
	for _, n := range g.told() {
		if n.Kind == flow.Proven {
			t.Errorf("proven %v by health checks alone", n.At)
		}
	}
	if wake := g.tick(0); !wake.IsZero() && !wake.After(g.now) {
		t.Error("wants to be called again at once")
	}
	g.want("a2") // the probe of a topic that is in trouble
	g.reply(t, "a2", flow.OK)
	g.tick(0)
	if p := &g.partitions[0].proof; p.doubted || !p.marked {
		t.Error("a send that was answered with OK leaves doubt")
	}
}

package publisher

import (
	"slices"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// A session is lost with two lanes in flight: one new session is asked for, both go
// again in it, ahead of what was behind them, and what comes late from the old one
// does not disturb it.
func TestLostSessionIsReplacedOnce(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.put(keyed("a", "a1"), keyed("a", "a2"), keyed("b", "b1"), keyed("c", "c1"))
	g.begin()
	g.want("a1", "b1", "c1")
	g.reply(t, "a1", flow.Lost)
	g.tick(0)
	g.reply(t, "b1", flow.Unknown)
	g.tick(0)
	if got := g.take(); !slices.Equal(got, []string{"open 0"}) {
		t.Errorf("asked for %q, want one session", got)
	}
	g.want("c1")
	g.opened(0, 8)
	g.tick(0)
	g.want("c1", "a1", "b1")
	g.reply(t, "c1", flow.Lost) // of session 7
	g.tick(0)
	g.want("a1", "b1", "c1")
	for _, m := range g.flying {
		if m.Session != 8 {
			t.Errorf("%s goes in session %d", m.Parcel.Payload, m.Session)
		}
	}
	if got := g.take(); !slices.Equal(got, []string{"adopt 8 in 0"}) {
		t.Errorf("asked for %q, want the new session adopted and no other", got)
	}
	g.reply(t, "a1", flow.OK)
	g.tick(0)
	g.want("b1", "c1", "a2")
}

// A health check that says the session is gone asks for another, once; one about
// another session, and those that say all is well, change nothing.
func TestHealthChecksAreHeard(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.begin()
	for _, e := range []flow.SessionEvent{
		{Kind: flow.Alive, Session: 7}, {Kind: flow.Quiet, Err: errDown}, {Kind: flow.Closed, Session: 6, Err: errDown},
	} {
		g.sessions.Put(e)
		g.tick(0)
		if got := g.take(); len(got) != 0 {
			t.Errorf("%s of session %d: asked for %q", e.Kind, e.Session, got)
		}
	}
	g.sessions.Put(flow.SessionEvent{Kind: flow.Closed, Session: 7, Err: errDown}, flow.SessionEvent{Kind: flow.Closed, Session: 7, Err: errDown})
	g.put(text("1"))
	g.tick(0)
	g.want()
	if got := g.take(); !slices.Equal(got, []string{"open 0"}) {
		t.Errorf("asked for %q, want one session", got)
	}
}

// An OK of the session before still counts: the broker said it.
func TestLateOKCounts(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.put(keyed("a", "a1"), keyed("b", "b1"))
	g.begin()
	g.reply(t, "a1", flow.Lost)
	g.tick(0)
	g.opened(0, 8)
	g.tick(0)
	g.reply(t, "b1", flow.OK)
	g.tick(0)
	g.want("a1")
	g.totals(flow.Totals{Read: 2, Published: 1, InFlight: 1})
}

// A transport that knows another session than the publisher believes in is asked for
// a new one; nothing spins meanwhile.
func TestUnadoptedAsksForASession(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.put(text("1"))
	g.begin()
	g.reply(t, "1", flow.Unadopted)
	g.tick(0)
	g.want()
	if got := g.take(); !slices.Equal(got, []string{"open 0"}) {
		t.Errorf("asked for %q, want a session", got)
	}
}

// Sessions that open and are lost at once are not a loop without a pause.
func TestSessionsThatNeverWorkArePaced(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Backoff: time.Second, MaxBackoff: 10 * time.Second})
	g.put(text("1"))
	g.begin()
	asked := 0
	for begun := g.now; g.now.Sub(begun) < 4*time.Minute; {
		if len(g.flying) > 0 {
			g.reply(t, "1", flow.Denied)
		}
		wake := g.tick(0)
		if slices.Contains(g.take(), "open 0") {
			asked++
			g.opened(0, uint64(100+asked))
			continue
		}
		if len(g.flying) == 0 {
			if !wake.After(g.now) {
				t.Fatal("wants to be called again at once, with nothing to do")
			}
			g.now = wake
		}
	}
	if asked < 12 || asked > 60 {
		t.Errorf("asked for %d sessions in 4 minutes, want one every 10 s or so", asked)
	}
}

// One probe at a time while the topic is stalled, after a pause; what was in flight
// with the first failure adds nothing.
func TestStalledTopicIsProbed(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Backoff: time.Second, MaxBackoff: time.Minute})
	g.put(keyed("a", "a1"), keyed("b", "b1"), keyed("c", "c1"))
	g.begin()
	g.reply(t, "a1", flow.Stalled)
	g.reply(t, "b1", flow.Stalled)
	g.tick(0)
	g.want("c1")
	g.reply(t, "c1", flow.Stalled)
	pauses := []time.Duration{}
	for range 6 {
		wake := g.tick(0)
		if len(g.flying) != 0 || !wake.After(g.now) {
			t.Fatalf("in flight %q, to be called at %v: want nothing before the pause is over", g.payloads(), wake.Sub(g.now))
		}
		pauses = append(pauses, wake.Sub(g.now))
		g.tick(wake.Sub(g.now))
		if len(g.flying) != 1 {
			t.Fatalf("in flight %q, want one probe", g.payloads())
		}
		g.reply(t, g.payloads()[0], flow.Stalled)
	}
	if pauses[0] > 2*time.Second || pauses[5] < 3*time.Second {
		t.Errorf("pauses %v do not grow", pauses)
	}
	wake := g.tick(0)
	g.tick(wake.Sub(g.now))
	g.reply(t, g.payloads()[0], flow.OK)
	g.tick(0)
	if len(g.flying) != 2 {
		t.Errorf("in flight %q, want both others after a probe that succeeded", g.payloads())
	}
}

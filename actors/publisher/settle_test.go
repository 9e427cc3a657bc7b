package publisher

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// settling are settings of a publisher that settles with a flush of 5 s and a margin
// of 1 s.
func settling() Settings {
	return Settings{Settle: &Settle{Flush: proofFlush, Margin: proofMargin}, Backoff: time.Second, MaxBackoff: time.Second}
}

// told returns the notices since the last call, without what they say of slots.
func (g *stage) told() []flow.Notice { return g.notes.Take(nil) }

// alive answers a health check of a session: asked at, answered now.
func (g *stage) alive(session uint64, asked time.Time) {
	g.sessions.Put(flow.SessionEvent{Kind: flow.Alive, Session: session, Sent: asked, Answered: g.now})
	g.tick(0)
}

// quiet lets a health check of a session end without an answer.
func (g *stage) quiet(session uint64) {
	g.sessions.Put(flow.SessionEvent{Kind: flow.Quiet, Session: session, Sent: g.now, Answered: g.now, Err: errDown})
	g.tick(0)
}

// published puts a record in and takes it out with OK, a while after it was sent.
func (g *stage) published(t *testing.T, key, payload string, took time.Duration) {
	t.Helper()
	g.put(keyed(key, payload))
	g.tick(0)
	g.clock = g.now.Add(took)
	g.reply(t, payload, flow.OK)
	g.tick(took)
}

// wantCalls compares what was asked of the transport since the last call.
func (g *stage) wantCalls(calls ...string) {
	g.t.Helper()
	if got := g.take(); !slices.Equal(got, calls) {
		g.t.Errorf("asked for %q, want %q", got, calls)
	}
}

func (g *stage) wantTold(notices ...flow.Notice) {
	g.t.Helper()
	got := g.told()
	if diff := cmp.Diff(notices, got); diff != "" && len(notices)+len(got) > 0 {
		g.t.Errorf("the tracker was told (-want +got):\n%s", diff)
	}
}

// A receipt is a promise of its session, timed when it came; two health checks, asked
// for when they are of use, keep it. Then there is peace.
func TestReceiptIsProvenByProbes(t *testing.T) {
	t.Parallel()
	g := newStage(t, settling())
	g.begin()
	g.wantTold(flow.Notice{Kind: flow.SessionBegun, Session: 7})
	g.published(t, "a", "1", 300*time.Millisecond)
	acked := dawn.Add(300 * time.Millisecond)
	g.wantTold(flow.Notice{Kind: flow.Resolved, Epoch: 1, Session: 7, At: acked})
	// The OK of the record itself is the first mark, too early to prove it.
	for _, want := range []time.Time{acked.Add(proofFlush + proofMargin), acked.Add(proofFlush + 2*proofMargin)} {
		wake := g.tick(0)
		if !wake.Equal(want) {
			t.Fatalf("to be called %v after dawn, want %v", wake.Sub(dawn), want.Sub(dawn))
		}
		g.wantCalls()
		g.tick(wake.Sub(g.now))
		g.wantCalls("probe 0")
		if wake := g.tick(10 * time.Millisecond); !wake.IsZero() {
			t.Errorf("to be called in %v while a probe is under way", wake.Sub(g.now))
		}
		g.now = want
		g.alive(7, want)
		if want.Equal(acked.Add(proofFlush + proofMargin)) {
			g.told() // of what the record's own OK proves: what came before it
		}
	}
	g.wantTold(flow.Notice{Kind: flow.Proven, Session: 7, At: acked})
	if wake := g.tick(0); !wake.IsZero() {
		t.Errorf("to be called in %v with everything settled", wake.Sub(g.now))
	}
	g.tick(time.Hour)
	g.wantCalls()
	g.wantTold()
}

// With a flush interval of 0, as configured or announced, an OK is final; a broker
// that announces nothing is taken to be as configured.
func TestFlushInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		settle *Settle
		flush  time.Duration
		want   time.Duration // negative: final
	}{
		{"nothing to settle", nil, -1, -1},
		{"configured", &Settle{Flush: proofFlush, Margin: proofMargin}, -1, proofFlush},
		{"configured as 0", &Settle{Margin: proofMargin}, 7 * time.Second, -1},
		{"configured, whatever is announced", &Settle{Flush: proofFlush, Margin: proofMargin}, 7 * time.Second, proofFlush},
		{"announced", &Settle{Flush: proofFlush, Announced: true, Margin: proofMargin}, 7 * time.Second, 7 * time.Second},
		{"announced as 0", &Settle{Flush: proofFlush, Announced: true, Margin: proofMargin}, 0, -1},
		{"not announced", &Settle{Flush: proofFlush, Announced: true, Margin: proofMargin}, -1, proofFlush},
	} {
		s := settling()
		s.Settle = c.settle
		g := newStage(t, s)
		g.tick(0)
		for i, flush := range []time.Duration{time.Hour, c.flush} { // the second tells
			g.sessions.Put(flow.SessionEvent{Kind: flow.Opened, Session: uint64(7 + i), Flush: flush})
			g.tick(0)
		}
		g.told()
		g.published(t, "a", "1", 0)
		want := flow.Notice{Kind: flow.Resolved, Epoch: 1, Session: 8, At: g.now}
		wake := g.tick(0)
		if c.want < 0 {
			want.Session, want.At = 0, time.Time{}
			if !wake.IsZero() {
				t.Errorf("%s: to be called in %v, with nothing to settle", c.name, wake.Sub(g.now))
			}
		} else if wake.Sub(g.now) != c.want+proofMargin {
			t.Errorf("%s: to be called in %v, want %v and a margin", c.name, wake.Sub(g.now), c.want)
		}
		if diff := cmp.Diff([]flow.Notice{want}, g.told()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// The answer to a probe of the session before ends the wait for it: the next one is
// asked for in its time.
func TestProbeOfTheSessionBeforeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, kind := range []flow.SessionKind{flow.Alive, flow.Quiet, flow.Closed} {
		g := newStage(t, settling())
		g.begin()
		g.published(t, "a", "1", 0)
		g.tick(proofFlush + proofMargin)
		g.wantCalls("probe 0")
		g.put(keyed("a", "2"))
		g.tick(0)
		g.reply(t, "2", flow.Unknown)
		g.tick(0)
		g.opened(0, 8)
		again := keyed("a", "1")
		again.Epoch = 2
		g.put(again)
		g.tick(0)
		g.reply(t, "1", flow.OK)
		g.tick(0)
		g.sessions.Put(flow.SessionEvent{Kind: kind, Session: 7, Sent: g.now, Answered: g.now, Err: errDown})
		want := g.now.Add(proofFlush + proofMargin)
		if wake := g.tick(0); !wake.Equal(want) {
			t.Errorf("%s: to be called in %v, want %v", kind, wake.Sub(g.now), want.Sub(g.now))
		}
	}
}

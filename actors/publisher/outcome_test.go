package publisher

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// blame are the outcomes that blame a record, and how often it is tried.
var blame = []struct {
	outcome  flow.Outcome
	attempts int
}{{flow.Refused, 1}, {flow.Unclear, 4}, {flow.Reset, 4}}

// A record that cannot be published halts its lane alone and is reported once; its
// slot stays open, so that no commit passes it.
func TestRefusedRecordHaltsItsLane(t *testing.T) {
	t.Parallel()
	for _, c := range blame {
		g := newStage(t, Settings{MaxRetries: 3, Backoff: time.Second})
		poison := keyed("a", "a1")
		poison.Stamp = flow.Stamp{Partition: "p", Position: 77}
		g.put(poison, keyed("a", "a2"))
		g.begin()
		for attempt := 1; attempt <= c.attempts; attempt++ {
			if err := g.fatalities(); err != nil {
				t.Fatalf("%s: given up before attempt %d: %v", c.outcome, attempt, err)
			}
			g.passes(t)
			g.reply(t, "a1", c.outcome)
			if wake := g.tick(0); attempt < c.attempts {
				g.want()
				g.tick(wake.Sub(g.now))
			}
		}
		err := g.fatalities()
		if connect.ClassOf(err) != connect.ClassFatal || !errors.Is(err, errDown) || !errors.Is(err, connect.ClassInvalid) {
			t.Errorf("%s: %v, want it fatal, invalid and with its cause", c.outcome, err)
		}
		for _, word := range []string{"/default/t", "p@77", "on_invalid"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not name %s", err, word)
			}
		}
		g.put(keyed("a", "a3"))
		g.tick(time.Hour)
		g.passes(t)
		g.tick(0)
		g.want()
		if err := g.fatalities(); err != nil {
			t.Errorf("%s: reported twice: %v", c.outcome, err)
		}
		others := uint64(c.attempts) + 1
		g.totals(flow.Totals{Read: 3 + others, Published: others, InFlight: 3})
		if got := g.resolved(); len(got) != int(others) || got[0] != 2 {
			t.Errorf("%s: slots %v are resolved, want those of the %d others", c.outcome, got, others)
		}
		if !g.dry() {
			t.Errorf("%s: a lane that was given up keeps the publisher from its end", c.outcome)
		}
	}
}

// Whoever waits in Deliver is told of a refusal, and that settles it: the lane goes
// on and the commit may pass.
func TestRefusedDeliveryIsAnswered(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	var heard ear
	p := keyed("a", "a1")
	p.Waiter = &heard
	g.put(p, keyed("a", "a2"))
	g.begin()
	g.reply(t, "a1", flow.Refused)
	g.tick(0)
	if !heard.told || connect.ClassOf(heard.err) != connect.ClassInvalid || !errors.Is(heard.err, errDown) {
		t.Errorf("the waiter heard %v", heard.err)
	}
	if err := g.fatalities(); err != nil {
		t.Errorf("fatal all the same: %v", err)
	}
	g.want("a2")
	g.totals(flow.Totals{Read: 2, Withdrawn: 1, InFlight: 1})
	if got := g.resolved(); !slices.Equal(got, []uint64{0}) {
		t.Errorf("slots %v are resolved, want 0", got)
	}
}

// A topic partition that cannot be had is reported once, and keeps only itself.
func TestFailedPartitionIsGivenUp(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Partitions: 2})
	cause := connect.ConfigError("reliable_dispatch")
	given := keyed("a", "given up") // partition 0
	g.put(given, keyed("b", "other"))
	g.tick(0)
	g.sessions.Put(flow.SessionEvent{Kind: flow.Failed, Partition: 0, Err: cause})
	g.sessions.Put(flow.SessionEvent{Kind: flow.Failed, Partition: 0, Err: cause})
	g.opened(1, 9)
	g.tick(0)
	if err := g.fatalities(); !errors.Is(err, cause) || strings.Count(err.Error(), "reliable_dispatch") != 1 {
		t.Errorf("reported %v, want the cause once", err)
	}
	g.take()
	g.tick(time.Hour)
	g.want("other")
	if got := g.take(); len(got) != 0 {
		t.Errorf("asked for %q again", got)
	}
	if g.dry() {
		t.Error("dry with a record in flight")
	}
	g.reply(t, "other", flow.OK)
	g.tick(0)
	if !g.dry() {
		t.Error("what was given up keeps the publisher from its end")
	}
}

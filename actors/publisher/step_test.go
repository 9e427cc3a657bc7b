package publisher

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

func TestNothingIsSentBeforeASessionIsAdopted(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Partitions: 2})
	g.put(keyed("a", "1"), keyed("b", "2"))
	g.tick(0)
	g.tick(time.Hour)
	g.want()
	if got := g.take(); !slices.Equal(got, []string{"open 0", "open 1"}) {
		t.Errorf("asked for %q, want each partition once", got)
	}
	at := int(flow.HashKey("a") % 2)
	g.opened(at, 5)
	g.tick(0)
	if want := "adopt 5 in "; len(g.calls) != 1 || !strings.HasPrefix(g.calls[0], want) {
		t.Errorf("asked for %q, want the session adopted", g.calls)
	}
	for _, m := range g.flying {
		if m.Partition != at || m.Session != 5 {
			t.Errorf("%s goes to partition %d in session %d", m.Parcel.Payload, m.Partition, m.Session)
		}
	}
	g.opened(1-at, 6)
	g.tick(0)
	if len(g.flying) != 2 {
		t.Errorf("in flight %q, want both", g.payloads())
	}
}

// Records of one key go one after the other, keyless ones of one source partition
// too; keys go to the partition every Danube client chooses.
func TestOrderings(t *testing.T) {
	t.Parallel()
	for o, want := range map[Ordering][]string{
		ByKey:       {"a1", "p1", "q1"},
		ByPartition: {"a1"},
		Unordered:   {"a1", "a2", "p1", "p2", "q1"},
	} {
		g := newStage(t, Settings{Ordering: o, Lanes: 64})
		p1, p2, q1 := text("p1"), text("p2"), text("q1")
		p1.Lane, p2.Lane, q1.Lane = 20, 20, 21
		g.put(keyed("a", "a1"), keyed("a", "a2"), p1, p2, q1)
		g.begin()
		got := g.payloads()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("ordering %d: in flight %q, want %q", o, got, want)
		}
	}
}

// Keys spread over all lanes of all partitions: what picks the partition does not
// pick the lane.
func TestKeysUseEveryLane(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Partitions: 4, Lanes: 4})
	for i := range 400 {
		g.put(keyed(fmt.Sprint("key ", i), "x"))
	}
	g.begin()
	if got := len(g.flying); got != 16 {
		t.Errorf("%d requests in flight, want one in each of 16 lanes", got)
	}
	for _, m := range g.flying {
		if want := int(flow.HashKey(m.Parcel.Key) % 4); m.Partition != want {
			t.Errorf("%q goes to partition %d, want %d", m.Parcel.Key, m.Partition, want)
		}
	}
}

// What comes between a step and the question whether all is done is not forgotten.
func TestDryLooksIntoThePipe(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	g.begin()
	if !g.dry() {
		t.Fatal("not dry with nothing to do")
	}
	g.put(text("late"))
	if g.dry() {
		t.Error("dry with a parcel in the pipe")
	}
}

// A topic that is probed while all it has left waits for its own time does not keep
// the publisher awake.
func TestNothingToProbeWithIsNotALoop(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{MaxRetries: 10, Backoff: time.Second, MaxBackoff: time.Hour})
	slow, old := keyed("a", "slow"), keyed("b", "old")
	slow.Epoch = 2
	g.put(slow)
	g.begin()
	for attempt := range 6 {
		g.passes(t)
		g.reply(t, "slow", flow.Unclear)
		if wake := g.tick(0); attempt < 5 {
			g.tick(wake.Sub(g.now))
		}
	}
	g.put(old)
	g.tick(0)
	g.reply(t, "old", flow.Stalled)
	g.tick(0)
	g.ask(1, false)
	g.tick(0)
	g.tick(1600 * time.Millisecond) // the time to probe has come
	if wake := g.tick(0); !wake.After(g.now) || len(g.flying) != 0 || g.partitions[0].session.state != Probing {
		t.Errorf("in flight %q while %s, to be called again in %v; want nothing, and later", g.payloads(), g.partitions[0].session.state, wake.Sub(g.now))
	}
}

func TestKeylessRecordsGoRound(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Partitions: 3})
	for _, payload := range []string{"1", "2", "3", "4", "5", "6"} {
		g.put(text(payload))
	}
	g.begin()
	for range 2 {
		g.want(g.payloads()[0], g.payloads()[1], g.payloads()[2])
		seen := map[int]bool{}
		for _, m := range slices.Clone(g.flying) {
			seen[m.Partition] = true
			g.reply(t, string(m.Parcel.Payload), flow.OK)
		}
		if len(seen) != 3 {
			t.Errorf("three records went to %d partitions", len(seen))
		}
		g.tick(0)
	}
	g.totals(flow.Totals{Read: 6, Published: 6})
}

func TestAcknowledgedMeansResolved(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	var heard ear
	loose, waited := text("loose"), text("waited")
	loose.Source, waited.Source, waited.Waiter = flow.NoSource, 3, &heard
	waited.Lane = 3
	g.put(loose, waited)
	g.begin()
	g.reply(t, "loose", flow.OK)
	g.reply(t, "waited", flow.OK)
	g.tick(0)
	if got := g.notes.Take(nil); len(got) != 1 || got[0] != (flow.Notice{Kind: flow.Resolved, Epoch: 1, Source: 3, Slot: 1}) {
		t.Errorf("notices %+v, want the one of the record with a source", got)
	}
	if !heard.told || heard.err != nil {
		t.Errorf("the waiter heard %v, %v", heard.told, heard.err)
	}
	g.totals(flow.Totals{Read: 2, Published: 2})
	if a := g.Stats(); a.Attempts.Load() != 2 || a.Outcomes[flow.OK].Load() != 2 || a.Sessions.Load() != 1 {
		t.Errorf("stats: %d attempts, %d ok, %d sessions", a.Attempts.Load(), a.Outcomes[flow.OK].Load(), a.Sessions.Load())
	}
}

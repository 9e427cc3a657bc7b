package publisher

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
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
		p1.Source, p2.Source, q1.Source = 20, 20, 21
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
		g.put(poison, keyed("a", "a2"), keyed("b", "b1"))
		g.begin()
		g.reply(t, "b1", flow.OK)
		for attempt := 1; attempt <= c.attempts; attempt++ {
			if err := g.fatalities(); err != nil {
				t.Fatalf("%s: given up before attempt %d: %v", c.outcome, attempt, err)
			}
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
		g.put(keyed("b", "b2"), keyed("a", "a3"))
		g.tick(time.Hour)
		g.want("b2")
		g.reply(t, "b2", flow.OK)
		g.tick(0)
		if err := g.fatalities(); err != nil {
			t.Errorf("%s: reported twice: %v", c.outcome, err)
		}
		g.totals(flow.Totals{Read: 5, Published: 2, InFlight: 3})
		if got := g.resolved(); !slices.Equal(got, []uint64{2, 3}) {
			t.Errorf("%s: slots %v are resolved, want those of b", c.outcome, got)
		}
		if !g.dry() {
			t.Errorf("%s: a lane that was given up keeps the publisher from its end", c.outcome)
		}
	}
}

// An outcome that blames nobody does not count against the record.
func TestOutagesAreNotHeldAgainstARecord(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{MaxRetries: 1})
	g.put(text("1"))
	g.begin()
	id := uint64(7)
	for _, o := range []flow.Outcome{flow.Unclear, flow.Stalled, flow.Busy, flow.Unknown, flow.Lost, flow.Stalled, flow.Denied} {
		for len(g.flying) == 0 {
			wake := g.tick(0)
			if slices.Contains(g.take(), "open 0") {
				id++
				g.opened(0, id)
				continue
			}
			if len(g.flying) == 0 {
				g.now = wake
			}
		}
		g.reply(t, "1", o)
		g.tick(0)
	}
	if err := g.fatalities(); err != nil {
		t.Errorf("given up: %v", err)
	}
}

// Two records refused in one step are both named.
func TestEveryRefusedRecordIsNamed(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{Partitions: 2})
	first, second := keyed("a", "1"), keyed("b", "2")
	first.Stamp, second.Stamp = flow.Stamp{Partition: "p", Position: 1}, flow.Stamp{Partition: "q", Position: 2}
	g.put(first, second)
	g.begin()
	g.reply(t, "1", flow.Refused)
	g.reply(t, "2", flow.Refused)
	g.sessions.Put(flow.SessionEvent{Kind: flow.Failed, Partition: 0, Err: connect.ConfigError("other partitions")})
	g.tick(0)
	err := g.fatalities()
	for _, word := range []string{"p@1", "q@2", "other partitions"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not name %s", err, word)
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

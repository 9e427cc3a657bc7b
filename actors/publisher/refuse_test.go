package publisher

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// diverting returns a stage whose publisher has an error policy, the pipe its letters
// go into, and what the log was told.
func diverting(t *testing.T, policy letters.Policy, max int) (g *stage, box *flow.Pipe[flow.Parcel], told *[]error) {
	t.Helper()
	box, told = flow.NewPipe[flow.Parcel](), new([]error)
	g = newStage(t, Settings{MaxRetries: 3, Backoff: time.Second, Invalid: Invalid{
		Policy:    policy,
		Letters:   Mailbox{Topic: "/default/letters", Index: 1, Parcels: box, Measure: func(p *flow.Parcel) int { return len(p.Payload) }, Limit: 10},
		Tolerance: letters.NewTolerance(letters.Limits{Max: max, Window: time.Hour}),
		Report:    func(_ letters.Policy, err error) { *told = append(*told, err) },
	}})
	g.budget.Declare(1)
	return g, box, told
}

// A record that is skipped is resolved, and its lane goes on.
func TestRefusedRecordIsSkipped(t *testing.T) {
	t.Parallel()
	g, box, told := diverting(t, letters.Skip, 0)
	g.put(keyed("a", "a1"), keyed("a", "a2"))
	g.begin()
	g.reply(t, "a1", flow.Refused)
	g.tick(0)
	g.want("a2")
	g.totals(flow.Totals{Read: 2, Skipped: 1, InFlight: 1})
	if got := g.resolved(); !slices.Equal(got, []uint64{0}) || box.Len() > 0 {
		t.Errorf("slots %v are resolved, %d letters", got, box.Len())
	}
	if err := g.fatalities(); err != nil || len(*told) != 1 || !errors.Is((*told)[0], errDown) {
		t.Errorf("fatal: %v; told: %v", err, *told)
	}
}

// A record that becomes a letter leaves its lane, with what it holds, and stays
// unresolved.
func TestRefusedRecordBecomesALetter(t *testing.T) {
	t.Parallel()
	for _, c := range blame {
		g, box, _ := diverting(t, letters.DeadLetter, 0)
		poison := keyed("a", "a1")
		poison.Stamp, poison.Source, poison.Attributes = flow.Stamp{Partition: "p", Position: 77, Seq: 3}, 5, []connect.Attribute{{Key: "mine", Value: "kept"}}
		g.put(poison, keyed("a", "a2"))
		g.begin()
		var first time.Time
		for attempt := 1; attempt <= c.attempts; attempt++ {
			g.passes(t)
			g.reply(t, "a1", c.outcome)
			if attempt == 1 {
				first = g.now
			}
			if wake := g.tick(0); attempt < c.attempts {
				g.tick(wake.Sub(g.now))
			}
		}
		g.want("a2")
		all := box.Take(nil)
		if len(all) != 1 {
			t.Fatalf("%s: %d letters", c.outcome, len(all))
		}
		l := all[0]
		if string(l.Payload) != "a1" || l.Key != "a" || !l.Keyed || !l.Letter || l.Stamp != poison.Stamp || l.Source != 5 || l.Slot != 0 || l.Size != 2 {
			t.Errorf("%s: %+v", c.outcome, l)
		}
		says := map[string]string{}
		for _, a := range l.Attributes {
			says[strings.TrimPrefix(a.Key, "danube.connect.dlq.")] = a.Value
		}
		if says["mine"] != "kept" || says["topic"] != "/default/t" || says["first"] != first.UTC().Format(time.RFC3339Nano) || says["last"] != g.now.UTC().Format(time.RFC3339Nano) {
			t.Errorf("%s: the letter says %v; first %v, last %v", c.outcome, says, first, g.now)
		}
		others := uint64(c.attempts)
		g.totals(flow.Totals{Read: 2 + others, Published: others, InFlight: 2})
		if in := g.budget.Topic(1).InFlight; in != 1 || slices.Contains(g.resolved(), 0) {
			t.Errorf("%s: %d in flight for the letters' topic", c.outcome, in)
		}
		if err := g.fatalities(); err != nil {
			t.Errorf("%s: fatal: %v", c.outcome, err)
		}
	}
}

// A letter that lands counts as one.
func TestLetterLands(t *testing.T) {
	t.Parallel()
	g := newStage(t, Settings{})
	l := text("l")
	l.Letter = true
	g.put(l)
	g.begin()
	g.reply(t, "l", flow.OK)
	g.tick(0)
	g.totals(flow.Totals{Read: 1, DeadLettered: 1})
	if got := g.resolved(); !slices.Equal(got, []uint64{0}) {
		t.Errorf("slots %v are resolved", got)
	}
}

// There is no letter of a letter, none that is too large, and none beyond what is
// tolerated: the runtime stops, and the record stays a hole.
func TestNoLetterHelps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload string
		letter  bool
		max     int
		says    string
	}{
		"of a letter":   {"l", true, 0, "dead letter is refused"},
		"too large":     {"a large payload", false, 0, "its dead letter would measure 15 bytes; the most is 10"},
		"one too many":  {"a", false, 1, "[errors] max allows 1"},
		"only the last": {"a", false, 2, ""},
	} {
		for _, policy := range []letters.Policy{letters.Skip, letters.DeadLetter} {
			if policy == letters.Skip && name == "too large" {
				continue // there is no letter to be too large
			}
			g, box, told := diverting(t, policy, c.max)
			p := text(c.payload)
			p.Letter = c.letter
			g.begin()
			if c.max > 0 {
				g.put(text("first"))
				g.tick(0)
				g.reply(t, "first", flow.Refused)
				g.tick(0)
			}
			before := len(*told)
			g.put(p)
			g.tick(0)
			g.reply(t, c.payload, flow.Refused)
			g.tick(0)
			err := g.fatalities()
			if c.says == "" {
				if err != nil || len(*told) != before+1 {
					t.Errorf("%s, %v: %v", name, policy, err)
				}
				continue
			}
			if connect.ClassOf(err) != connect.ClassFatal || !errors.Is(err, connect.ClassInvalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %v: %v, want it fatal and to say %q", name, policy, err, c.says)
			}
			if len(*told) != before || g.budget.Topic(0).InFlight != 1 || box.Len() > before {
				t.Errorf("%s, %v: told %d times, %d letters, %+v", name, policy, len(*told)-before, box.Len(), g.budget.Topic(0))
			}
		}
	}
}

// Whoever waits in Deliver is told, whatever the policy, and nothing is counted
// against it.
func TestDeliveryIsToldWhateverThePolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []letters.Policy{letters.Skip, letters.DeadLetter} {
		g, box, told := diverting(t, policy, 1)
		for _, payload := range []string{"a", "b", "c"} {
			var heard ear
			p := text(payload)
			p.Waiter = &heard
			g.put(p)
			g.begin()
			g.reply(t, payload, flow.Refused)
			g.tick(0)
			if !heard.told || connect.ClassOf(heard.err) != connect.ClassInvalid {
				t.Errorf("%v: the waiter heard %v", policy, heard.err)
			}
		}
		g.totals(flow.Totals{Read: 3, Withdrawn: 3})
		if err := g.fatalities(); err != nil || box.Len() > 0 || len(*told) > 0 {
			t.Errorf("%v: %v, %d letters, told %d times", policy, err, box.Len(), len(*told))
		}
	}
}

// No session is asked for before its time; what is handed over waits.
func TestAwait(t *testing.T) {
	t.Parallel()
	await := make(chan struct{})
	g := newStage(t, Settings{Await: await})
	g.put(text("early"))
	g.tick(0)
	if got := g.take(); len(got) > 0 {
		t.Errorf("asked for %q before its time", got)
	}
	close(await)
	g.touch(g.partitions[0]) // as Serve does
	g.tick(0)
	if got := g.take(); !slices.Equal(got, []string{"open 0"}) {
		t.Errorf("asked for %q", got)
	}
}

// The doubt that a record casts ends when it is given up: perhaps nothing else is to
// come that would end it, and health checks settle what went before. Trouble that is
// no record's fault stays one.
func TestGivenUpRecordTakesItsDoubtAlong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said   []flow.Outcome // to two records, in turns
		proven bool
	}{
		"reset, and refused":                 {[]flow.Outcome{flow.Reset, flow.Refused}, true},
		"unclear twice, and refused":         {[]flow.Outcome{flow.Unclear, flow.Unclear, flow.Refused}, true},
		"busy, and refused":                  {[]flow.Outcome{flow.Busy, flow.Refused}, false},
		"reset, then busy, and refused":      {[]flow.Outcome{flow.Reset, flow.Busy, flow.Refused}, false},
		"reset, and not yet given up at all": {[]flow.Outcome{flow.Reset}, false},
	} {
		for _, lose := range []bool{false, true} {
			s := settling()
			s.MaxRetries, s.Invalid = 9, Invalid{Policy: letters.Skip}
			g := newStage(t, s)
			g.begin()
			g.published(t, "a", "a1", 0)
			g.put(keyed("a", "bad"))
			g.tick(0)
			for i, o := range c.said {
				if i > 0 {
					g.tick(proofFlush)
				}
				g.reply(t, "bad", o)
				g.tick(0)
			}
			if lose { // a doubt is of its session
				g.opened(0, 8)
				g.tick(0)
			}
			for range 4 {
				g.tick(proofFlush)
				g.alive(7, g.now)
			}
			proven := false
			for _, n := range g.told() {
				proven = proven || n.Kind == flow.Proven
			}
			if proven != (c.proven && !lose) {
				t.Errorf("%s: health checks settle what went before: %t (another session: %t)", name, proven, lose)
			}
		}
	}
}

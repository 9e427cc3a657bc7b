package handover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// What the error policy diverts keeps its place among the others of its call, and its
// slot.
func TestDivertedKeepsItsPlace(t *testing.T) {
	t.Parallel()
	for policy, want := range map[letters.Policy][]string{letters.Skip: nil, letters.DeadLetter: {"poison", "bad"}} {
		rule := letters.Rule{Policy: policy, Topic: topicL}
		told := 0
		r := newRig(Settings{
			MaxMessage: 1000, BatchSize: 100, Commits: true, Invalid: rule,
			Diverted: func(p letters.Policy, err error) {
				if told++; p != policy || connect.ClassOf(err) != connect.ClassInvalid {
					t.Errorf("told of %v, %v", p, err)
				}
			},
		}, flow.Limits{Records: 1000, Bytes: 100000})
		r.declare(topicA, rule)
		r.Begin(1)
		r.handAll(t, at("p", 1, "one"), at("p", 2, "poison"), at("p", 3, "three"),
			connect.Bad(connect.Offset{Partition: "p", Value: 4}, []byte("bad"), errPoison), at("p", 5, "five"))
		var slots []uint64
		for _, n := range r.admitted() {
			slots = append(slots, n.Value)
			if n.Mark {
				t.Errorf("%v: slot of %d counts as a mark", policy, n.Value)
			}
		}
		if !slices.Equal(slots, []uint64{1, 2, 3, 4, 5}) || told != 2 {
			t.Errorf("%v: the tracker was told of %v, and the log %d times", policy, slots, told)
		}
		if got := r.payloads(topicA); !slices.Equal(got, []string{"one", "three", "five"}) {
			t.Errorf("%v: %q on the topic", policy, got)
		}
		if got := r.payloads(topicL); !slices.Equal(got, want) {
			t.Errorf("%v: letters %q, want %q", policy, got, want)
		}
		c := r.budget.Totals()
		if want := uint64(len(want)); c.Read != 5 || c.Skipped != 2-want || c.InFlight != 3+want {
			t.Errorf("%v: %+v", policy, c)
		}
	}
}

// Where there is no way out, whatever the policy says, the error says why.
func TestDivertedNowhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		topic    string
		envelope connect.Envelope
		max      int
		says     string
	}{
		"a letter too large":     {topicL, at("p", 1, "poison"+strings.Repeat("x", 1000)), 0, "its dead letter would measure 1016 bytes; the most is 1000"},
		"no topic for letters":   {"/default/none", at("p", 1, "poison"), 0, "no dead-letter topic /default/none"},
		"one too many":           {topicL, at("p", 3, "poison"), 2, "[errors] max allows 2"},
		"a mark without a place": {topicL, connect.Mark(connect.Offset{}), 0, "mark without an offset"},
	} {
		rule := letters.Rule{Policy: letters.DeadLetter, Topic: c.topic}
		tolerance := letters.NewTolerance(letters.Limits{Max: c.max, Window: time.Hour})
		r := newRig(Settings{MaxMessage: 1000, BatchSize: 100, Commits: true, Tolerance: tolerance}, flow.Limits{Records: 1000, Bytes: 100000})
		r.declare(topicA, rule)
		r.Begin(1)
		first := []connect.Envelope{at("p", 1, "good")}
		if c.max > 0 {
			first = append(first, at("p", 1, "poison 1"), at("p", 2, "poison 2"))
		}
		err := r.HandAll(t.Context(), append(first, c.envelope))
		if connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), `"halt"`) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.says)
		}
		if got := r.payloads(topicL); len(got) != c.max {
			t.Errorf("%s: letters %q", name, got)
		}
	}
}

// An encoder's bytes travel in a letter where there are any, else the JSON of a value
// that has some.
func TestLetterCarries(t *testing.T) {
	t.Parallel()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 100, Plain: values{}}, flow.Limits{Records: 1000, Bytes: 100000})
	r.Begin(1)
	r.declare(topicA, letters.Rule{Policy: letters.DeadLetter, Topic: topicL})
	r.handAll(t,
		connect.Bytes(topicA, []byte("encoded")).WithAttribute("danube.connect.seq", "1").Envelope(),
		connect.JSON(topicA, 7).WithKey("\xff").WithAttribute("danube.connect.seq", "1").Envelope(),
		connect.JSON(topicA, "no value").WithAttribute("danube.connect.seq", "1").Envelope(),
	)
	all := r.pipes[topicL].Take(nil)
	if len(all) != 3 || string(all[0].Payload) != "encoded" || string(all[1].Payload) != "7" || len(all[2].Payload) != 0 || all[1].Key != `"\xff"` || !all[1].Keyed {
		t.Errorf("%+v", all)
	}
}

// values encodes the values that are numbers, and panics at others.
type values struct{}

func (values) Encode(r connect.Record) ([]byte, error) { return fmt.Append(nil, r.Value().(int)), nil }

// A record that is refused is not read: a call that is not admitted counts nothing.
func TestSkippedIsCountedWhenAdmitted(t *testing.T) {
	t.Parallel()
	r := open()
	r.declare(topicA, letters.Rule{Policy: letters.Skip})
	err := r.HandAll(t.Context(), []connect.Envelope{at("p", 5, "poison"), at("p", 4, "poison")})
	if c := r.budget.Totals(); err == nil || c != (flow.Totals{}) {
		t.Errorf("%v; %+v", err, c)
	}
}

// What is skipped is read ahead of the commit as any record.
func TestSkippedIsBoundedAsAnyRecord(t *testing.T) {
	t.Parallel()
	rule := letters.Rule{Policy: letters.Skip}
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 1, Commits: true, Invalid: rule}, flow.Limits{Records: 100, Bytes: 10000, Unsettled: 2})
	r.declare(topicA, rule)
	r.Begin(1)
	r.handAll(t, at("p", 1, "poison"))
	r.handAll(t, at("p", 2, "poison"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Hand(ctx, []connect.Envelope{at("p", 3, "poison")}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v: want it to wait with as many ahead of the commit as may be", err)
	}
	if c := r.budget.Totals(); c.Skipped != 2 || c.Read != 2 {
		t.Errorf("%+v, want two read and skipped", c)
	}
}

// Rows of a transaction share a position, in one call and in several, and each that is
// bad counts; one whose call found no room, and that is sent again, counts once. Marks
// are no records, so they do not make the share of bad ones smaller.
func TestToleranceCountsRecords(t *testing.T) {
	t.Parallel()
	gate := func(l letters.Limits) *rig {
		l.Window = time.Hour
		r := newRig(Settings{MaxMessage: 1000, BatchSize: 200, Commits: true, Tolerance: letters.NewTolerance(l)}, flow.Limits{Records: 1000, Bytes: 100000})
		r.declare(topicA, letters.Rule{Policy: letters.Skip})
		r.Begin(1)
		return r
	}
	bad := at("p", 7, "poison")
	r := gate(letters.Limits{Max: 3})
	r.budget.Pause(true)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Hand(ctx, []connect.Envelope{bad}, nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("without room: %v", err)
		}
	}
	r.budget.Pause(false)
	r.handAll(t, bad, bad)
	if err := r.Hand(t.Context(), []connect.Envelope{bad}, nil); err != nil {
		t.Errorf("the third of three = %v", err)
	}
	r.Revoke("p")
	r.handAll(t, bad, bad, bad) // read again
	if err := r.Hand(t.Context(), []connect.Envelope{bad}, nil); err == nil || !strings.Contains(err.Error(), "[errors] max allows 3") {
		t.Errorf("the fourth of three = %v", err)
	}

	r = gate(letters.Limits{Ratio: 0.5})
	for n := range uint64(100) {
		err := r.HandAll(t.Context(), []connect.Envelope{at("p", n, "poison"), connect.Mark(connect.Offset{Partition: "p", Value: n}), connect.Mark(connect.Offset{Partition: "p", Value: n})})
		if want := n == 99; (err != nil) != want {
			t.Fatalf("%d of as many records are bad: %v", n+1, err)
		}
	}
}

// An offset that nobody keeps is a mistake, whatever else is wrong with the record.
func TestBadWithAnOffsetNobodyKeeps(t *testing.T) {
	t.Parallel()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 100, Invalid: letters.Rule{Policy: letters.Skip}}, flow.Limits{Records: 1000, Bytes: 100000})
	r.Begin(1)
	err := r.HandAll(t.Context(), []connect.Envelope{connect.Bad(connect.Offset{Partition: "p", Value: 4}, nil, errPoison)})
	if connect.ClassOf(err) != connect.ClassConfig {
		t.Errorf("%v, want it of ClassConfig", err)
	}
}

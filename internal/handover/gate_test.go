package handover

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

func TestHandStampsAndNotifies(t *testing.T) {
	t.Parallel()
	r := open()
	keyed := connect.Bytes(topicB, []byte("b")).WithKey("").WithAttribute("x", "y")
	err := r.Hand(t.Context(), []connect.Envelope{
		at("p", 7, "one"),
		keyed.At(connect.Offset{Partition: "p", Value: 8}),
		at("q", 1, "two"),
		at("p", 9, "three"),
		connect.Bytes(topicA, []byte("loose")).Envelope(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, q := flow.HashKey("p"), flow.HashKey("q")
	wantA := []flow.Parcel{
		{Payload: []byte("one"), Stamp: flow.Stamp{Partition: "p", Position: 7, Epoch: 1}, Epoch: 1, Source: 0, Lane: p, Slot: 0, Size: 13},
		{Payload: []byte("two"), Stamp: flow.Stamp{Partition: "q", Position: 1, Epoch: 1}, Epoch: 1, Source: 1, Lane: q, Slot: 0, Size: 13},
		{Payload: []byte("three"), Stamp: flow.Stamp{Partition: "p", Position: 9, Epoch: 1, Seq: 1}, Epoch: 1, Source: 0, Lane: p, Slot: 2, Size: 15},
		{Payload: []byte("loose"), Stamp: flow.Stamp{Epoch: 1}, Epoch: 1, Source: flow.NoSource, Size: 15},
	}
	gotA := r.pipes[topicA].Take(nil)
	wantB := []flow.Parcel{{
		Payload: []byte("b"), Keyed: true, Attributes: []connect.Attribute{{Key: "x", Value: "y"}},
		Stamp: flow.Stamp{Partition: "p", Position: 8, Epoch: 1}, Epoch: 1, Source: 0, Lane: p, Slot: 1, Size: 11,
	}}
	if diff := cmp.Diff(wantA, gotA); diff != "" {
		t.Errorf("topic A (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantB, r.pipes[topicB].Take(nil)); diff != "" {
		t.Errorf("topic B (-want +got):\n%s", diff)
	}
	wantNotes := []flow.Notice{
		{Kind: flow.Begun, Epoch: 1},
		{Kind: flow.Named, Epoch: 1, Source: 0, Name: "p"},
		{Kind: flow.Named, Epoch: 1, Source: 1, Name: "q"},
		{Kind: flow.Admitted, Epoch: 1, Source: 0, Slot: 0, Value: 7, Metadata: "one"},
		{Kind: flow.Admitted, Epoch: 1, Source: 0, Slot: 1, Value: 8},
		{Kind: flow.Admitted, Epoch: 1, Source: 1, Slot: 0, Value: 1, Metadata: "two"},
		{Kind: flow.Admitted, Epoch: 1, Source: 0, Slot: 2, Value: 9, Metadata: "three"},
	}
	if diff := cmp.Diff(wantNotes, r.notes.Take(nil)); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if got, want := r.budget.Totals(), (flow.Totals{Read: 5, InFlight: 5}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

// Records without an offset count for the next offset of their call; marks take a
// slot and no room.
func TestHandCoversRecordsWithoutOffset(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("", 0, "covered"), at("q", 1, "q"), at("", 0, "too"), connect.Mark(connect.Offset{Partition: "p", Value: 3}), at("", 0, "loose"))
	type slot struct {
		source       int32
		slot, value  uint64
		joined, mark bool
	}
	var got []slot
	for _, n := range r.admitted() {
		got = append(got, slot{n.Source, n.Slot, n.Value, n.Joined, n.Mark})
	}
	want := []slot{{1, 0, 0, true, false}, {1, 1, 1, false, false}, {0, 0, 0, true, false}, {0, 1, 3, false, true}}
	if !slices.Equal(got, want) {
		t.Errorf("slots %+v, want %+v", got, want)
	}
	parcels := r.pipes[topicA].Take(nil)
	if len(parcels) != 4 || parcels[3].Source != flow.NoSource || parcels[0].Stamp.Partition != "" {
		t.Errorf("parcels %+v: want 4, the last without a source, covered ones without a stamp of their own", parcels)
	}
	if got := r.budget.Totals().Read; got != 4 {
		t.Errorf("%d records counted, want 4: a mark is none", got)
	}
}

// Equal values in one call are one position; in two calls they are two.
func TestHandJoinsEqualValues(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("p", 5, "a"), at("q", 1, "b"), at("p", 5, "c"), at("p", 6, "d"))
	r.handAll(t, at("p", 6, "e"))
	var got []string
	for _, n := range r.admitted() {
		if n.Joined {
			got = append(got, n.Metadata)
		}
	}
	if want := []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("joined: %q, want %q", got, want)
	}
}

// mistakes are envelopes that are refused, and words of the error that say why.
var mistakes = []struct {
	name     string
	envelope connect.Envelope
	class    connect.Class
	words    []string
}{
	{"bad", connect.Bad(connect.Offset{Partition: "p", Value: 4}, []byte("x"), errors.New("no header")), connect.ClassInvalid, []string{"p@4", "no header"}},
	{"no constructor", connect.Record{}.Envelope(), connect.ClassInvalid, []string{"constructor"}},
	{"undeclared", connect.Bytes("/default/c", nil).Envelope(), connect.ClassInvalid, []string{"/default/c", "declare"}},
	{"reserved attribute", connect.Bytes(topicA, nil).WithAttribute("danube.connect.seq", "1").Envelope(), connect.ClassInvalid, []string{"danube.connect.seq"}},
	{"encoder", at("p", 9, "poison"), connect.ClassInvalid, []string{topicA, "p@9", "poison"}},
	{"encoder panics", at("p", 9, "panic"), connect.ClassInvalid, []string{"panicked", "marshaller"}},
	{"too large", at("p", 9, strings.Repeat("x", 991)), connect.ClassInvalid, []string{"1001", "1000"}},
	{"mark without offset", connect.Mark(connect.Offset{}), connect.ClassInvalid, []string{"mark"}},
}

func TestHandRefusesWrongEnvelopes(t *testing.T) {
	t.Parallel()
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := open()
			r.notes.Take(nil)
			err := r.Hand(t.Context(), []connect.Envelope{at("p", 1, "good"), c.envelope, at("p", 9, "good")}, nil)
			rejected, ok := errors.AsType[*Rejected](err)
			if !ok || rejected.Index() != 1 || connect.ClassOf(err) != c.class {
				t.Fatalf("Hand = %v of class %v, want envelope 1 rejected with class %v", err, connect.ClassOf(err), c.class)
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if r.budget.Totals() != (flow.Totals{}) || r.notes.Len() != 0 || r.pipes[topicA].Len() != 0 {
				t.Error("something of a refused call was taken")
			}
			r.handAll(t, at("p", 1, "again"))
		})
	}
}

// The largest message passes; so does one as large as a small budget.
func TestHandMeasures(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("p", 1, strings.Repeat("x", 990)))
	small := newRig(Settings{MaxMessage: 1000, BatchSize: 1, Commits: true}, flow.Limits{Records: 10, Bytes: 100})
	small.Begin(1)
	small.handAll(t, at("p", 1, strings.Repeat("x", 90)))
	if err := small.HandAll(t.Context(), []connect.Envelope{at("p", 2, strings.Repeat("x", 91))}); connect.ClassOf(err) != connect.ClassInvalid {
		t.Errorf("a record above the budget: %v, want an invalid one", err)
	}
}

func TestHandNeedsSomebodyWhoKeepsOffsets(t *testing.T) {
	t.Parallel()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 10}, flow.Limits{Records: 100, Bytes: 10000})
	r.Begin(1)
	for _, e := range []connect.Envelope{at("p", 1, "x"), connect.Mark(connect.Offset{Partition: "p", Value: 1})} {
		if err := r.HandAll(t.Context(), []connect.Envelope{e}); connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("an offset nobody keeps: %v, want a config error", err)
		}
	}
	r.handAll(t, at("", 0, "loose"))
}

func TestHandRefusesWhatCanNeverFit(t *testing.T) {
	t.Parallel()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 10, Commits: true}, flow.Limits{Records: 3, Bytes: 10000})
	r.Begin(1)
	large := []connect.Envelope{at("", 0, "1"), at("", 0, "2"), at("", 0, "3"), at("p", 1, "4")}
	for name, hand := range map[string]func() error{
		"Hand":    func() error { return r.Hand(t.Context(), large, nil) },
		"HandAll": func() error { return r.HandAll(t.Context(), large) },
	} {
		err := hand()
		if !errors.Is(err, flow.ErrTooLarge) || connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), "window_records") {
			t.Errorf("%s of one position above the window: %v, want an invalid one that names window_records", name, err)
		}
	}
	// Many positions are cut to what fits, whatever the batch size; the rest waits.
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPoison)
	if err := r.HandAll(ctx, []connect.Envelope{at("p", 1, "1"), at("p", 2, "2"), at("p", 3, "3"), at("p", 4, "4")}); !errors.Is(err, errPoison) {
		t.Errorf("HandAll = %v, want the cause of ctx", err)
	}
	if got := r.payloads(topicA); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("handed over %q, want what the window has room for", got)
	}
}

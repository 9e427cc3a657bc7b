package handover

import (
	"errors"
	"slices"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// A decrease is refused with the whole call, and leaves no trace: what the call said
// before it does not count as handed over.
func TestHandRefusesADecrease(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("p", 5, "a"), at("q", 5, "b"))
	err := r.Hand(t.Context(), []connect.Envelope{at("q", 8, "c"), at("p", 9, "d"), at("q", 9, "e"), at("", 0, "f"), at("p", 7, "g")}, nil)
	if connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), "p@7") || !strings.Contains(err.Error(), "9") {
		t.Fatalf("Hand = %v, want an invalid one that names p@7 and 9", err)
	}
	r.notes.Take(nil)
	r.handAll(t, at("p", 5, "equal"), at("q", 6, "between"), at("p", 6, "between"))
	if err := r.HandAll(t.Context(), []connect.Envelope{at("q", 5, "h")}); connect.ClassOf(err) != connect.ClassInvalid {
		t.Errorf("a decrease from 6 to 5: %v, want an invalid one", err)
	}
	if got := r.budget.Totals(); got.InFlight != 5 || got.Withdrawn != 6 {
		t.Errorf("totals %+v, want 5 in flight and 6 withdrawn", got)
	}
	var slots []uint64
	for _, n := range r.admitted() {
		slots = append(slots, n.Slot)
	}
	if !slices.Equal(slots, []uint64{1, 1, 2}) {
		t.Errorf("slots %v, want 1 1 2: a refused call takes none", slots)
	}
	r.Begin(2)
	r.handAll(t, at("p", 1, "a new epoch begins anew"))
}

// partial are Poll results with something wrong in them, and what is handed over.
var partial = []struct {
	name      string
	envelopes []connect.Envelope
	want      []string
}{
	{"before it", []connect.Envelope{at("p", 1, "a"), at("p", 2, "b"), at("p", 3, "poison"), at("p", 4, "c")}, []string{"a", "b"}},
	{"first", []connect.Envelope{at("p", 1, "poison"), at("p", 2, "b")}, nil},
	{"same position", []connect.Envelope{at("p", 1, "a"), at("p", 2, "b"), at("p", 2, "poison")}, []string{"a"}},
	{"same position, parted by another partition", []connect.Envelope{at("p", 1, "a"), at("p", 2, "b"), at("q", 1, "c"), at("p", 2, "poison")}, []string{"a"}},
	{"covered by the wrong one", []connect.Envelope{at("p", 1, "a"), at("", 0, "b"), at("p", 2, "poison")}, []string{"a"}},
	{"wrong one without offset", []connect.Envelope{at("p", 1, "a"), at("p", 2, "b"), at("", 0, "poison"), at("p", 2, "c")}, []string{"a"}},
	{"wrong one without offset, covered by nothing", []connect.Envelope{at("p", 1, "a"), at("", 0, "b"), at("", 0, "poison")}, []string{"a", "b"}},
	{"position goes on behind it", []connect.Envelope{at("p", 1, "a"), at("p", 2, "b"), at("q", 1, "poison"), at("p", 2, "c")}, []string{"a"}},
	{"position goes on behind it, covering", []connect.Envelope{at("p", 1, "a"), at("", 0, "b"), at("", 0, "poison"), at("q", 1, "c")}, []string{"a"}},
	{"bad", []connect.Envelope{at("p", 1, "a"), connect.Bad(connect.Offset{Partition: "p", Value: 1}, nil, errors.New("x"))}, nil},
	{"other partition", []connect.Envelope{at("p", 1, "a"), at("q", 1, "poison")}, []string{"a"}},
}

// What shares a position with a wrong envelope must not go without it: its offset
// would be committed, and the rest of the position would never be read again.
func TestHandAllHandsOverWhatStandsBeforeAMistake(t *testing.T) {
	t.Parallel()
	for _, c := range partial {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := open()
			err := r.HandAll(t.Context(), c.envelopes)
			if connect.ClassOf(err) != connect.ClassInvalid {
				t.Errorf("HandAll = %v, want the mistake", err)
			}
			if got := r.payloads(topicA); !slices.Equal(got, c.want) {
				t.Errorf("handed over %q, want %q", got, c.want)
			}
			if got := r.budget.Totals(); got.InFlight != uint64(len(c.want)) || got.Read != got.InFlight {
				t.Errorf("totals %+v, want %d read and in flight", got, len(c.want))
			}
		})
	}
}

// A source partition that was revoked and comes back starts anew: a lower value is
// right, and its numbers go on, so that no two records carry the same stamp.
func TestRevokeForgets(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("p", 5, "a"), at("p", 6, "b"), at("q", 1, "c"))
	r.Revoke("p", "unknown")
	if got := r.Marks(); len(got) != 1 || got["q"] != 1 {
		t.Errorf("marks %v, want q alone", got)
	}
	r.handAll(t, at("p", 2, "d"))
	notes := r.notes.Take(nil)
	i := slices.IndexFunc(notes, func(n flow.Notice) bool { return n.Kind == flow.Revoked })
	if i < 0 || notes[i].Slot != 2 || notes[i].Source != notes[i-2].Source {
		t.Fatalf("notices %+v: want one that says p had 2 slots", notes)
	}
	named, admitted := notes[i+1], notes[i+2]
	if named.Kind != flow.Named || named.Name != "p" || named.Slot != 2 || named.Source == notes[i].Source {
		t.Errorf("notice %+v, want p named anew with 2 slots before", named)
	}
	if admitted.Slot != 0 || admitted.Value != 2 || admitted.Source != named.Source {
		t.Errorf("notice %+v, want slot 0 of the new source", admitted)
	}
	parcels := r.pipes[topicA].Take(nil)
	if last := parcels[3]; last.Stamp.Seq != 2 || last.Slot != 0 {
		t.Errorf("stamp %+v in slot %d, want sequence number 2 in slot 0", last.Stamp, last.Slot)
	}
	if got := r.Marks("p", "nobody"); len(got) != 1 || got["p"] != 3 {
		t.Errorf("marks %v, want p at 3: all its lives count", got)
	}
}

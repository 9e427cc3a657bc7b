package handover

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// listen is the tracker: it believes what it is told.
func (w *world) listen(t *rapid.T) {
	for _, n := range w.notes.Take(nil) {
		if n.Epoch != w.epoch {
			continue
		}
		switch n.Kind {
		case flow.Named:
			w.slots[n.Source] = &tracked{name: n.Name}
		case flow.Revoked:
			delete(w.slots, n.Source)
		case flow.Admitted:
			s := w.slots[n.Source]
			if s == nil || n.Slot != uint64(len(s.slots)) {
				t.Fatalf("notice %+v out of turn; the source has %+v", n, s)
			}
			s.slots = append(s.slots, trackedSlot{n, n.Mark})
		case flow.Resolved: // skipped
			w.slots[n.Source].slots[n.Slot].resolved = true
		}
	}
}

// receive is the publishers: what arrives is in the order of slots and well stamped.
func (w *world) receive(t *rapid.T) {
	for topic, pipe := range w.pipes {
		next := map[int32]uint64{}
		for _, p := range pipe.Take(nil) {
			if p.Source != flow.NoSource && p.Epoch == w.epoch {
				if p.Slot < next[p.Source] {
					t.Fatalf("slot %d of source %d comes behind %d", p.Slot, p.Source, next[p.Source]-1)
				}
				next[p.Source] = p.Slot + 1
			}
			if s := p.Stamp; s.Partition != "" && p.Epoch == w.epoch {
				if want := w.number[string(p.Payload)]; s.Seq != want || s.Epoch != w.epoch {
					t.Fatalf("stamp %+v of %s for %s, want number %d of epoch %d", s, p.Payload, topic, want, w.epoch)
				}
			}
			if isLetter := strings.HasPrefix(string(p.Payload), "poison"); isLetter != (topic == topicL) || isLetter != p.Letter {
				t.Fatalf("%s arrives at %s, a letter: %t", p.Payload, topic, p.Letter)
			}
			w.flying = append(w.flying, parcel{p, indices[topic]})
		}
	}
}

// check computes what a tracker would commit and compares it with the books.
func (w *world) check(t *rapid.T) {
	w.listen(t)
	w.receive(t)
	if got := w.budget.Totals(); got.InFlight != uint64(len(w.flying)) || got.Skipped != w.skips || got.Read != got.InFlight+got.Published+got.DeadLettered+got.Skipped {
		t.Fatalf("totals %+v, want %d in flight and %d skipped, and what was read to be what became of it", got, len(w.flying), w.skips)
	}
	for id, s := range w.slots {
		l := w.lives[s.name]
		if l == nil {
			l = &life{}
		}
		if len(s.slots) != len(l.entries) {
			t.Fatalf("source %d (%s) was told of %d slots, and %d were handed over", id, s.name, len(s.slots), len(l.entries))
		}
		end := -1 // the slot a commit may go to
		for i := 0; i < len(s.slots) && s.slots[i].resolved; i++ {
			if !s.slots[i].Joined {
				end = i
			}
		}
		w.judge(t, s, l, end)
	}
}

// judge holds a commit at slot end to the promise: this record and all handed over
// before it are resolved, and nothing of its position is missing.
func (w *world) judge(t *rapid.T, s *tracked, l *life, end int) {
	if end < 0 {
		return
	}
	last := l.entries[end]
	if got := s.slots[end].Value; !last.offset || got != last.value {
		t.Fatalf("%s: commit of %d at slot %d, where %+v was handed over", s.name, got, end, last)
	}
	for i, h := range l.entries {
		if i <= end && !h.resolved {
			t.Fatalf("%s: commit of %d passes %+v, which is not resolved", s.name, last.value, h)
		}
		if i > end && h.place == last.place {
			t.Fatalf("%s: commit of %d parts its position: %+v comes later", s.name, last.value, h)
		}
	}
	if slices.Contains(l.refused, last.place) {
		t.Fatalf("%s: commit of %d, and part of its position was never handed over", s.name, last.value)
	}
}

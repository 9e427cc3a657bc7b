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
				key := s.Partition + topic
				if s.Seq != w.seqs[key] || s.Epoch != w.epoch {
					t.Fatalf("stamp %+v for %s, want number %d of epoch %d", s, topic, w.seqs[key], w.epoch)
				}
				w.seqs[key]++
			}
			w.flying = append(w.flying, parcel{p, int32(strings.Index(topicA+topicB, topic) / len(topicA))})
		}
	}
}

// check computes what a tracker would commit and compares it with the books.
func (w *world) check(t *rapid.T) {
	w.listen(t)
	w.receive(t)
	if got := w.budget.Totals(); got.InFlight != uint64(len(w.flying)) {
		t.Fatalf("totals %+v, want %d in flight", got, len(w.flying))
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

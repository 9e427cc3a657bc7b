package committer

import (
	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Position is how far one source partition has come: everything handed over up to
// Offset is resolved.
type Position struct {
	Epoch  uint64
	Offset connect.Offset
	// Slots counts what is resolved without a gap, Records how many of those were
	// records that Offset covers; both since the epoch began.
	Slots, Records uint64
}

// watermark is the pure core of the tracker: notices in, positions out. It holds
// one ring per source partition of the running epoch.
type watermark struct {
	epoch   uint64
	sources []*source // by interned number; nil when revoked
	moved   []int32   // sources whose ring may advance
}

type source struct {
	ring
	name     string
	position Position
	pending  uint64 // records passed since the last position that can be committed
	moved    bool
}

// step takes one notice. Receipts of another epoch, and of sources that were
// revoked, are nobody's business any more.
func (w *watermark) step(n *flow.Notice) {
	if n.Kind == flow.Begun {
		*w = watermark{epoch: n.Epoch, sources: w.sources[:0], moved: w.moved[:0]}
		return
	}
	if n.Epoch != w.epoch || n.Source < 0 {
		return
	}
	if n.Kind == flow.Named {
		for int(n.Source) >= len(w.sources) {
			w.sources = append(w.sources, nil)
		}
		w.sources[n.Source] = &source{name: n.Name, position: Position{Epoch: w.epoch}}
		return
	}
	if int(n.Source) >= len(w.sources) || w.sources[n.Source] == nil {
		return
	}
	s := w.sources[n.Source]
	switch n.Kind {
	case flow.Admitted:
		s.admit(n.Slot, entry{value: n.Value, metadata: n.Metadata, joined: n.Joined, mark: n.Mark})
		w.touch(n.Source, s, n.Mark)
	case flow.Resolved:
		w.touch(n.Source, s, s.resolve(n.Slot))
	case flow.Revoked:
		w.sources[n.Source] = nil
	}
}

func (w *watermark) touch(i int32, s *source, resolved bool) {
	if resolved && !s.moved {
		s.moved = true
		w.moved = append(w.moved, i)
	}
}

// advance moves every watermark that can move and calls visit for each that did:
// with the first slot that is not resolved, how many were passed, and the
// position reached.
func (w *watermark) advance(visit func(source int32, low, passed uint64, name string, p Position)) {
	for _, i := range w.moved {
		s := w.sources[i]
		if s == nil {
			continue
		}
		s.moved = false
		from := s.low
		if s.ring.advance(s.pass) {
			visit(i, s.low, s.low-from, s.name, s.position)
		}
	}
	w.moved = w.moved[:0]
}

// pass moves the position past one resolved slot. A joined slot says nothing by
// itself: its position is reached with the slot that ends it.
func (s *source) pass(e *entry) {
	if !e.mark {
		s.pending++
	}
	s.position.Slots++
	if e.joined {
		return
	}
	s.position.Offset = connect.Offset{Partition: s.name, Value: e.value, Metadata: e.metadata}
	s.position.Records += s.pending
	s.pending = 0
}

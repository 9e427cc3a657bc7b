package committer

import (
	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Position is how far one source partition has come: everything handed over up to
// Offset is resolved.
type Position struct {
	Epoch uint64
	// Source tells one life of the partition in its epoch from another, before and
	// after it was revoked.
	Source int32
	Offset connect.Offset
	// Slots counts what was resolved without a gap since the epoch began; what was
	// revoked counts too, for nobody waits for it.
	Slots uint64
	// Records counts the records that Offset covers in this life.
	Records uint64
}

// watermark is the pure core of the tracker: notices in, positions out. It holds
// one ring per source partition of the running epoch.
type watermark struct {
	epoch   uint64
	sources []*source // by interned number; nil when revoked
	moved   []int32   // sources whose ring may advance
	gone    []gone    // sources revoked since the last advance
}

// gone is a source partition that was revoked, and how many slots it had.
type gone struct {
	name   string
	epoch  uint64
	source int32
	slots  uint64
}

type source struct {
	ring
	name     string
	position Position
	pending  uint64 // records passed since the last position that can be committed
	moved    bool
	needs    []need // the newest receipt of each session that resolved its slots
}

// step takes one notice. Receipts of another epoch, and of sources that were
// revoked, are nobody's business any more.
func (w *watermark) step(n *flow.Notice) {
	if n.Kind == flow.Begun {
		*w = watermark{epoch: n.Epoch, sources: w.sources[:0], moved: w.moved[:0], gone: w.gone[:0]}
		return
	}
	if n.Epoch != w.epoch || n.Source < 0 {
		return
	}
	if n.Kind == flow.Named {
		for int(n.Source) >= len(w.sources) {
			w.sources = append(w.sources, nil)
		}
		w.sources[n.Source] = &source{name: n.Name, position: Position{Epoch: w.epoch, Source: n.Source, Slots: n.Slot}}
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
		s.owe(n)
		w.touch(n.Source, s, s.resolve(n.Slot))
	case flow.Revoked:
		w.sources[n.Source] = nil
		w.gone = append(w.gone, gone{s.name, w.epoch, n.Source, n.Slot})
	}
}

// owe notes that the receipt of a slot is a promise of its session only.
func (s *source) owe(n *flow.Notice) {
	if n.Session == 0 {
		return
	}
	for i := range s.needs {
		if have := &s.needs[i]; have.topic == n.Topic && have.partition == n.Partition {
			have.session, have.at = n.Session, n.At
			return
		}
	}
	s.needs = append(s.needs, need{n.Topic, n.Partition, n.Session, n.At})
}

// settled strikes off what is proven by now, before a session is replaced and its
// proofs are forgotten: receipts behind a hole may wait that long.
func (w *watermark) settled(e *evidence) {
	for _, s := range w.sources {
		if s != nil {
			s.needs = e.open(s.needs)
		}
	}
}

func (w *watermark) touch(i int32, s *source, resolved bool) {
	if resolved && !s.moved {
		s.moved = true
		w.moved = append(w.moved, i)
	}
}

// forgotten calls visit for each source that was revoked since the last call.
func (w *watermark) forgotten(visit func(gone)) {
	for _, g := range w.gone {
		visit(g)
	}
	w.gone = w.gone[:0]
}

// advance moves every watermark that can move and calls visit for each that did,
// with how many slots were passed.
func (w *watermark) advance(visit func(source int32, passed uint64, s *source)) {
	for _, i := range w.moved {
		s := w.sources[i]
		if s == nil {
			continue
		}
		s.moved = false
		from := s.low
		if s.ring.advance(s.pass) {
			visit(i, s.low-from, s)
		}
	}
	w.moved = w.moved[:0]
}

// pass moves the position past one resolved slot, and past no other (law 6). A joined slot says nothing by
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

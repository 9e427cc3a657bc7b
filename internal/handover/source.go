package handover

import (
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// source is one source partition of the running epoch.
type source struct {
	id    int32
	next  uint64 // the slot the next envelope gets
	value uint64 // of the newest envelope
	seqs  []uint64
	ahead *connect.Offset // of the next item of the call under way; see join
}

// seq counts the records of one topic.
func (s *source) seq(topic int32) uint64 {
	for int(topic) >= len(s.seqs) {
		s.seqs = append(s.seqs, 0)
	}
	n := s.seqs[topic]
	s.seqs[topic]++
	return n
}

// intern finds what source partition each item counts for and adds up what the
// call asks of the budget.
func (g *Gate) intern(at *epoch, b *batch, items []item) error {
	b.call.Clear()
	g.mu.Lock()
	defer g.mu.Unlock()
	if at != g.epoch || at.shut {
		return connect.ErrStopped
	}
	var cover *source // of the next item that has an offset
	for i := len(items) - 1; i >= 0; i-- {
		it := &items[i]
		if it.offset.IsZero() {
			it.source, it.joined = cover, cover != nil
			continue
		}
		cover = g.source(at, it.offset.Partition)
		it.source = cover
	}
	for i := range items {
		it := &items[i]
		if it.topic != nil {
			b.call.Add(it.topic.Index, it.parcel.Size)
		}
		if it.source != nil {
			b.call.AddSlot(it.source.id)
		}
	}
	return nil
}

func (g *Gate) source(at *epoch, name string) *source {
	if s, ok := at.sources[name]; ok {
		return s
	}
	s := &source{id: at.next}
	at.next++
	at.sources[name] = s
	g.settings.Tracker.Put(flow.Notice{Kind: flow.Named, Epoch: at.number, Source: s.id, Name: name})
	return s
}

// commit gives the admitted items their slots and puts them on their way, at one
// instant for the whole call. The tracker hears of a slot before any publisher
// can resolve it.
func (g *Gate) commit(at *epoch, b *batch, items []item) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at != g.epoch || at.shut {
		return connect.ErrStopped
	}
	if err := checkOrder(at, items); err != nil {
		return err
	}
	join(items)
	clear(b.notices)
	b.notices, b.touched = b.notices[:0], b.touched[:0]
	for i := range items {
		it := &items[i]
		it.parcel.Epoch, it.parcel.Stamp.Epoch = at.number, at.number
		if it.source != nil {
			b.notices = append(b.notices, it.place(at.number))
		}
		if t := it.topic; t != nil {
			if len(t.out) == 0 {
				b.touched = append(b.touched, t)
			}
			t.out = append(t.out, it.parcel)
		}
	}
	g.settings.Tracker.Put(b.notices...)
	for _, t := range b.touched {
		t.Pipe.Put(t.out...)
		clear(t.out)
		t.out = t.out[:0]
	}
	return nil
}

// place takes the next slot of the item's source partition.
func (it *item) place(epoch uint64) flow.Notice {
	s := it.source
	n := flow.Notice{
		Kind: flow.Admitted, Epoch: epoch, Source: s.id, Slot: s.next,
		Value: it.offset.Value, Metadata: it.offset.Metadata, Joined: it.joined, Mark: it.topic == nil,
	}
	it.parcel.Source, it.parcel.Slot = s.id, s.next
	if it.topic != nil && !it.offset.IsZero() {
		it.parcel.Stamp.Seq = s.seq(it.topic.Index)
	}
	s.next++
	return n
}

// checkOrder refuses a call in which a partition's value decreases, before
// anything of it is handed over (design §5.2).
func checkOrder(at *epoch, items []item) error {
	for i := range items {
		it := &items[i]
		if it.offset.IsZero() {
			continue
		}
		if at.sources[it.offset.Partition] != it.source {
			return connect.ErrStopped // revoked while the call waited for room
		}
		if it.offset.Value < it.source.value {
			v := it.source.value
			rewind(items[:i])
			return connect.Invalid(fmt.Errorf("offset %s comes after %d in its partition; values must not decrease within an epoch", it.offset, v))
		}
		it.source.value, it.parcel.Slot = it.offset.Value, it.source.value
	}
	return nil
}

// rewind restores the newest values that checkOrder kept in the items' slots.
func rewind(items []item) {
	for i := len(items) - 1; i >= 0; i-- {
		if it := &items[i]; !it.offset.IsZero() {
			it.source.value = it.parcel.Slot
		}
	}
}

// join marks every item whose position goes on in a later item of the call: it
// cannot be committed by itself.
func join(items []item) {
	for i := len(items) - 1; i >= 0; i-- {
		it := &items[i]
		if it.offset.IsZero() {
			continue
		}
		s := it.source
		it.joined = s.ahead != nil && s.ahead.Value == it.offset.Value
		s.ahead = &it.offset
	}
	for i := range items {
		if s := items[i].source; s != nil {
			s.ahead = nil
		}
	}
}

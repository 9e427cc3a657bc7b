package handover

import (
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// source is one source partition of the running epoch.
type source struct {
	id      int32
	name    string
	lane    uint64 // see flow.Parcel
	before  uint64 // slots of its former lives in this epoch
	next    uint64 // the slot the next envelope gets
	value   uint64 // of the newest envelope
	revoked bool
	seqs    *sequences      // shared by all its lives
	ahead   *connect.Offset // of the next item of the call under way; see join
}

// handed counts the slots handed over in all its lives.
func (s *source) handed() uint64 { return s.before + s.next }

// sequences number the records of each topic.
type sequences []uint64

func (s *sequences) next(topic int32) uint64 {
	for int(topic) >= len(*s) {
		*s = append(*s, 0)
	}
	n := (*s)[topic]
	(*s)[topic]++
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
		if cover == nil || cover.name != it.offset.Partition {
			cover = g.source(at, it.offset.Partition)
		}
		it.source = cover
	}
	for i := range items {
		it := &items[i]
		if it.topic != nil {
			b.call.Add(it.topic.Index, it.parcel.Size)
		} else if it.skipped {
			b.call.Skipped++
		}
		if it.source != nil {
			b.call.AddSlot(it.source.id)
			it.parcel.Lane = it.source.lane
		}
	}
	return nil
}

func (g *Gate) source(at *epoch, name string) *source {
	if s, ok := at.sources[name]; ok {
		return s
	}
	s := &source{id: at.next, name: name, lane: flow.HashKey(name), seqs: new(sequences)}
	if former, ok := at.revoked[name]; ok {
		s.before, s.seqs = former.handed(), former.seqs
	}
	at.next++
	at.sources[name] = s
	g.settings.Tracker.Put(flow.Notice{Kind: flow.Named, Epoch: at.number, Source: s.id, Name: name, Slot: s.before})
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
	disown(items)
	if err := checkOrder(items); err != nil {
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
			if it.skipped { // a record, unlike a mark, and one that needs no more work
				b.notices = append(b.notices, flow.Notice{Kind: flow.Resolved, Epoch: at.number, Source: it.parcel.Source, Slot: it.parcel.Slot})
			}
		}
		if t := it.topic; t != nil {
			if len(t.out) == 0 {
				b.touched = append(b.touched, t)
			}
			t.out = append(t.out, it.parcel)
		}
	}
	g.skip(items)
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
		Value: it.offset.Value, Metadata: it.offset.Metadata, Joined: it.joined, Mark: it.topic == nil && !it.skipped,
	}
	it.parcel.Source, it.parcel.Slot = s.id, s.next
	it.number()
	s.next++
	return n
}

// number gives the item its place among its partition's records for its topic: the
// one it was meant for, so that a gap in what arrives there is explained by a dead
// letter of that number, or by what was skipped.
func (it *item) number() {
	t := it.topic
	if it.meant != nil {
		t = it.meant
	}
	if t != nil && !it.offset.IsZero() {
		it.parcel.Stamp.Seq = it.source.seqs.next(t.Index)
	}
}

// disown takes items out of source partitions that were revoked while the call
// waited for room: they are delivered, but nobody's commit waits for them.
func disown(items []item) {
	for i := range items {
		if it := &items[i]; it.source != nil && it.source.revoked {
			it.number()
			it.source, it.joined = nil, false
		}
	}
}

// checkOrder refuses a call in which a partition's value decreases, before
// anything of it is handed over (design §5.2).
func checkOrder(items []item) error {
	for i := range items {
		it := &items[i]
		if it.offset.IsZero() || it.source == nil {
			continue
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
		if it := &items[i]; !it.offset.IsZero() && it.source != nil {
			it.source.value = it.parcel.Slot
		}
	}
}

// join marks every item whose position goes on in a later item of the call: it
// cannot be committed by itself.
func join(items []item) {
	for i := len(items) - 1; i >= 0; i-- {
		it := &items[i]
		if it.offset.IsZero() || it.source == nil {
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

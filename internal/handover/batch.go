package handover

import (
	"fmt"
	"strings"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// reserved begins the attributes that belong to the runtime.
const reserved = "danube.connect."

// item is one envelope on its way through the gate.
type item struct {
	offset  connect.Offset
	topic   *Topic // where its message goes; nil for a mark and when it is skipped
	meant   *Topic // where it would have gone, if a letter or skipped and that is declared
	parcel  flow.Parcel
	source  *source // what it counts for; nil when no later offset covers it
	joined  bool
	skipped bool
}

// batch is the scratch space of one call.
type batch struct {
	items   []item
	call    flow.Call
	notices []flow.Notice
	touched []*Topic
	cutAt   []int
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch() *batch { return batches.Get().(*batch) }

// free recycles b, without what it refers to.
func (b *batch) free() {
	clear(b.items)
	clear(b.notices)
	clear(b.touched)
	b.items, b.notices, b.touched, b.cutAt = b.items[:0], b.notices[:0], b.touched[:0], b.cutAt[:0]
	b.call.Clear()
	batches.Put(b)
}

// prepare routes, encodes and measures one envelope and appends it to b. An invalid
// one goes the way of the error policy, unless its caller is to be told. The item
// is built in its place: a variable would move to the heap, for Measure is given a
// pointer into it.
func (g *Gate) prepare(at *epoch, b *batch, e *connect.Envelope, told bool) error {
	b.items = append(b.items, item{offset: e.Offset})
	it := &b.items[len(b.items)-1]
	err := g.fill(it, e)
	if err != nil && !told {
		err = g.divert(at, it, e, err)
	}
	if err != nil {
		b.items = b.items[:len(b.items)-1]
	}
	return err
}

func (g *Gate) fill(it *item, e *connect.Envelope) error {
	switch {
	case !e.Offset.IsZero() && !g.settings.Commits:
		return connect.ConfigError("%s carries an offset but nothing keeps it: the source must implement connect.Committer, or hand over without offsets", e.Offset)
	case e.Err() != nil:
		return invalid(e, &fault{letters.Bad, e.Err()})
	case e.IsMark():
		if e.Offset.IsZero() {
			return connect.Invalid(fmt.Errorf("mark without an offset; a mark is nothing but its offset"))
		}
		return nil
	}
	if err := g.encode(it, e); err != nil {
		return invalid(e, err)
	}
	return nil
}

func (g *Gate) encode(it *item, e *connect.Envelope) (err error) {
	r := &e.Record
	t := (*g.topics.Load())[r.Topic()]
	switch {
	case r.Kind() == 0:
		return faulty(letters.Encoding, "the record was not made by a constructor such as connect.JSON")
	case t == nil:
		return faulty(letters.Undeclared, "topic %q is not declared; Producers or Epoch.Declare must name it first", r.Topic())
	}
	for _, a := range r.Attributes() {
		if strings.HasPrefix(a.Key, reserved) {
			return faulty(letters.Attributes, "attribute %q: keys that begin with %q belong to the runtime", a.Key, reserved)
		}
	}
	it.topic = t
	p := &it.parcel
	encoder, schema := t.form()
	if p.Payload, err = encode(encoder, *r); err != nil {
		p.Payload = nil
		return &fault{letters.Encoding, err}
	}
	p.Schema = schema
	p.Key, p.Keyed = r.Key()
	p.Attributes = r.Attributes()
	p.Stamp.Partition, p.Stamp.Position = e.Offset.Partition, e.Offset.Value
	p.Source = flow.NoSource
	text := wire.Message{Key: p.Key, Attributes: p.Attributes, Partition: p.Stamp.Partition}
	if err := text.CheckText(); err != nil {
		return &fault{letters.Attributes, err}
	}
	p.Size = t.Measure(p)
	if limit := g.limit(); p.Size > limit {
		return faulty(letters.Size, "the message measures %d bytes; the most is %d (the broker's 4 MiB, or [delivery] budget_bytes if that is less)", p.Size, limit)
	}
	return nil
}

// encode keeps a panic of user code (a MarshalJSON, say) to the record it met.
func encode(c Encoder, r connect.Record) (payload []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("encoding panicked: %v", p)
		}
	}()
	return c.Encode(r)
}

// invalid names the record an error is about, without showing its content.
func invalid(e *connect.Envelope, err error) error {
	where := "record"
	if t := e.Record.Topic(); t != "" {
		where += " for " + t
	}
	if !e.Offset.IsZero() {
		where += " at " + e.Offset.String()
	}
	return connect.Invalid(fmt.Errorf("%s: %w", where, err))
}

// cuts returns where the first whole items are parted into groups of at most
// records and bytes each, the last cut included. A group is larger than that only
// when a single position is. Cuts fall where no position of any source partition
// goes on behind them, so items at the end may be left out when later ones that
// share their position are.
func (b *batch) cuts(whole, records, bytes int) []int {
	n, size, from, safe := 0, 0, 0, 0
	open := b.positions()
	for i := range whole {
		n++
		size += b.items[i].parcel.Size
		if (n > records || size > bytes) && safe > from {
			b.cutAt = append(b.cutAt, safe)
			from = safe
			n, size = b.count(from, i+1)
		}
		if open[i] <= i {
			safe = i + 1
		}
	}
	if safe > from {
		b.cutAt = append(b.cutAt, safe)
	}
	return b.cutAt
}

func (b *batch) count(from, to int) (n, size int) {
	for i := from; i < to; i++ {
		size += b.items[i].parcel.Size
	}
	return to - from, size
}

// positions returns, for each item, the index of the last item that any position
// begun up to it reaches: a cut behind i is safe when that is i.
func (b *batch) positions() []int {
	last := make([]int, len(b.items))
	type place struct {
		value uint64
		end   int
	}
	seen := map[string]place{}
	covered := -1 // the placed item that covers those without an offset before it
	for i := len(b.items) - 1; i >= 0; i-- {
		o := b.items[i].offset
		last[i] = i
		if o.IsZero() {
			last[i] = max(i, covered)
			continue
		}
		p, ok := seen[o.Partition]
		if !ok || p.value != o.Value {
			p = place{o.Value, i}
			seen[o.Partition] = p
		}
		last[i], covered = p.end, p.end
	}
	for i := 1; i < len(last); i++ {
		last[i] = max(last[i], last[i-1])
	}
	return last
}

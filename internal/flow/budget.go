package flow

import "errors"

// ErrTooLarge says that one call asks for more than the whole budget.
var ErrTooLarge = errors.New("call is larger than the whole budget")

// Limits bound what a runtime holds between reading and resolving.
type Limits struct {
	// Records is the window: the most records in flight, and the most slots
	// between the oldest unresolved and the newest of one source partition. A
	// bound on the count alone lets one slow lane freeze the commit behind an ever
	// longer tail.
	Records int
	// Bytes is the byte budget.
	Bytes int
}

// Call is what one hand-over asks for, all or nothing.
type Call struct {
	Records, Bytes int
	Topics         []Use
	Sources        []Span
}

// Use is a call's part in one topic.
type Use struct {
	Topic          int32
	Records, Bytes int
}

// Span is a call's part in one source partition: how many slots it adds.
type Span struct {
	Source int32
	Slots  int
}

// Add counts one record of size bytes for topic.
func (c *Call) Add(topic int32, size int) {
	c.Records++
	c.Bytes += size
	for i := range c.Topics {
		if c.Topics[i].Topic == topic {
			c.Topics[i].Records++
			c.Topics[i].Bytes += size
			return
		}
	}
	c.Topics = append(c.Topics, Use{Topic: topic, Records: 1, Bytes: size})
}

// AddSlot counts one slot of a source partition.
func (c *Call) AddSlot(source int32) {
	if n := len(c.Sources); n > 0 && c.Sources[n-1].Source == source {
		c.Sources[n-1].Slots++
		return
	}
	for i := range c.Sources {
		if c.Sources[i].Source == source {
			c.Sources[i].Slots++
			return
		}
	}
	c.Sources = append(c.Sources, Span{Source: source, Slots: 1})
}

// Clear empties the call and keeps its storage.
func (c *Call) Clear() {
	c.Records, c.Bytes, c.Topics, c.Sources = 0, 0, c.Topics[:0], c.Sources[:0]
}

// verdict is what the budget says to a call.
type verdict uint8

const (
	fits      verdict = iota
	waitOwn           // for its own topic or source partition: others may pass
	waitAll           // for the runtime as a whole: nobody behind it may pass
	neverFits         // larger than the whole budget
)

// budget is the pure core of Budget: who holds how much, and who may take more.
type budget struct {
	limits         Limits
	records, bytes int
	topics         []Use
	sources        []window
}

// window is the unresolved span of one source partition: slots are counted from 0
// when they are admitted, and low is the first that is not resolved.
type window struct{ next, low uint64 }

func (b *budget) judge(c *Call) verdict {
	if c.Records > b.limits.Records || c.Bytes > b.limits.Bytes {
		return neverFits
	}
	for _, s := range c.Sources {
		if s.Slots > b.limits.Records {
			return neverFits
		}
	}
	if b.records+c.Records > b.limits.Records || b.bytes+c.Bytes > b.limits.Bytes {
		return waitAll
	}
	for _, s := range c.Sources {
		w := b.source(s.Source)
		if w.next+uint64(s.Slots)-w.low > uint64(b.limits.Records) {
			return waitOwn
		}
	}
	for _, u := range c.Topics {
		if !b.share(u) {
			return waitOwn
		}
	}
	return fits
}

// share keeps any one of several topics to half of the budget, so that a topic the
// broker has stalled leaves room for the others. A topic that holds nothing
// admits any call that fits the budget, or a large call would wait for ever.
func (b *budget) share(u Use) bool {
	held := b.topic(u.Topic)
	if held.Records == 0 || len(b.topics) < 2 {
		return true
	}
	return held.Records+u.Records <= b.limits.Records/2 && held.Bytes+u.Bytes <= b.limits.Bytes/2
}

func (b *budget) take(c *Call) {
	b.records += c.Records
	b.bytes += c.Bytes
	for _, u := range c.Topics {
		t := b.topic(u.Topic)
		t.Records += u.Records
		t.Bytes += u.Bytes
	}
	for _, s := range c.Sources {
		b.source(s.Source).next += uint64(s.Slots)
	}
}

func (b *budget) give(topic int32, records, bytes int) {
	b.records -= records
	b.bytes -= bytes
	t := b.topic(topic)
	t.Records -= records
	t.Bytes -= bytes
}

func (b *budget) topic(i int32) *Use {
	for int(i) >= len(b.topics) {
		b.topics = append(b.topics, Use{Topic: int32(len(b.topics))})
	}
	return &b.topics[i]
}

func (b *budget) source(i int32) *window {
	for int(i) >= len(b.sources) {
		b.sources = append(b.sources, window{})
	}
	return &b.sources[i]
}

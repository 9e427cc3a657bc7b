package flow

import (
	"errors"
	"slices"
)

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
	// Unsettled is the most records read and not committed; 0 means no bound. They
	// cost no memory once they are acknowledged: what it bounds is how much is read
	// again after a crash.
	Unsettled int
}

// verdict is what the budget says to a call.
type verdict uint8

const (
	fits      verdict = iota
	waitOwn           // for a topic or source partition of its own: others may pass
	waitAll           // for the runtime as a whole: nobody behind it may pass
	neverFits         // larger than the whole budget
)

// budget is the pure core of Budget: who holds how much, and who may take more.
type budget struct {
	limits         Limits
	fair           Limits // what of them need not be shared; zero means all
	records, bytes int
	topics         []Use
	sources        []window
	spanned        int    // slots between the oldest unresolved and the newest of each source partition
	unsettled      uint64 // records below those, and not committed; both of the running epoch
	caution        caution
	paused         bool // nothing enters
}

// window is the unresolved span of one source partition: slots are counted from 0
// when they are admitted, and low is the first that is not resolved. Of the records
// before low, stored are committed.
type window struct {
	next, low       uint64
	reached, stored uint64
	gone            bool
}

// line is what the calls at the front of the queue wait for. A call behind them
// that wants some of the same waits too, or a stream of small calls would keep a
// large one out for ever.
type line struct {
	topics, sources []int32
}

func (l *line) clear() { l.topics, l.sources = l.topics[:0], l.sources[:0] }

// judge says whether c may enter behind the calls in ahead, and adds to ahead what
// c waits for. What is its own is looked at first: a call that must wait for a
// stalled topic does not keep others from the rest of the budget.
func (b *budget) judge(c *Call, ahead *line) verdict {
	if c.Records > b.limits.Records || c.Bytes > b.limits.Bytes {
		return neverFits
	}
	v := fits
	for _, s := range c.Sources {
		if s.Slots > b.limits.Records {
			return neverFits
		}
		if !b.spans(s) {
			ahead.sources = append(ahead.sources, s.Source)
		}
		if slices.Contains(ahead.sources, s.Source) {
			v = waitOwn
		}
	}
	for _, u := range c.Topics {
		if !b.share(u) {
			ahead.topics = append(ahead.topics, u.Topic)
		}
		if slices.Contains(ahead.topics, u.Topic) {
			v = waitOwn
		}
	}
	if v == fits && (b.paused || b.records+c.Records > b.limits.Records || b.bytes+c.Bytes > b.limits.Bytes || !b.readsOn(c)) {
		return waitAll
	}
	return v
}

// idle reports whether everything that was read is resolved, settled if it is retained
// until then and, if the source wants to know of it, committed.
func (b *budget) idle() bool {
	return b.bytes == 0 && b.records == 0 && b.spanned == 0 && b.unsettled == 0
}

// readsOn bounds how far reading is ahead of the commit. A runtime that has nothing
// to commit reads any call.
func (b *budget) readsOn(c *Call) bool {
	limit := b.caution.limit(b.limits.Unsettled)
	ahead := b.ahead()
	return limit == 0 || ahead == 0 || ahead+c.Records+c.Skipped <= limit
}

// ahead is how many records are read and not committed. What is resolved behind one
// that is not is neither in flight nor counted as unsettled; the span has it.
func (b *budget) ahead() int { return max(b.records, b.spanned) + int(b.unsettled) }

// spans keeps the unresolved slots of one source partition to the window.
func (b *budget) spans(s Span) bool {
	w := b.source(s.Source)
	return w.next-w.low+uint64(s.Slots) <= uint64(b.limits.Records)
}

// share keeps any one of several topics to half of what the budget need not share,
// so that a topic the broker has stalled leaves room for the others. A topic that holds nothing
// admits any call that fits the budget, or a large call would wait for ever.
func (b *budget) share(u Use) bool {
	held := b.topic(u.Topic)
	if held.Records == 0 && held.Bytes == 0 || len(b.topics) < 2 {
		return true
	}
	l := b.limits
	if b.fair.Bytes > 0 {
		l = b.fair
	}
	return held.Records+u.Records <= l.Records/2 && held.Bytes+u.Bytes <= l.Bytes/2
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
		b.span(s.Source, s.Slots)
	}
}

// span moves the newest slot of a source partition.
func (b *budget) span(i int32, slots int) {
	w := b.source(i)
	w.next += uint64(slots)
	if !w.gone {
		b.spanned += slots
	}
}

// settled moves the oldest unresolved slot of a source partition.
func (b *budget) settled(i int32, low uint64) {
	w := b.source(i)
	if !w.gone {
		b.spanned -= int(low - w.low)
	}
	w.low = low
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

// reached notes how many records of a source partition are resolved without a gap.
func (b *budget) reached(i int32, records uint64) {
	if w := b.source(i); !w.gone && records > w.reached {
		b.unsettled += records - w.reached
		w.reached = records
	}
}

// stored notes how many records of a source partition are committed, and returns
// how many that is more than before.
func (b *budget) stored(i int32, records uint64) uint64 {
	w := b.source(i)
	if records <= w.stored {
		return 0
	}
	more := records - w.stored
	w.stored = records
	if !w.gone {
		b.unsettled -= min(more, b.unsettled)
	}
	return more
}

// revoke forgets what of a source partition is not committed.
func (b *budget) revoke(i int32) {
	if w := b.source(i); !w.gone {
		w.gone = true
		b.spanned -= int(w.next - w.low)
		b.unsettled -= min(w.reached-min(w.stored, w.reached), b.unsettled)
	}
}

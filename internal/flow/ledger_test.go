package flow

import "slices"

// ledger is the slow reference for Budget: it keeps a line for every call and topic
// that is not resolved, and recounts for each decision.
type ledger struct {
	limits Limits
	epoch  uint64
	topics int32 // how many are declared
	open   []entry
	spans  map[int32]*span // of the running epoch
	queue  []*waiting
	totals Totals // all but InFlight
}

type entry struct {
	call *Call
	Use
	retained bool
}

type span struct{ next, low uint64 }

func (l *ledger) held() (records, bytes int) {
	for _, e := range l.open {
		records += e.Records
		bytes += e.Bytes
	}
	return records, bytes
}

func (l *ledger) topic(i int32) (records, bytes int) {
	for _, e := range l.open {
		if e.Topic == i {
			records += e.Records
			bytes += e.Bytes
		}
	}
	return records, bytes
}

// lacks returns what of its own a call has to wait for.
func (l *ledger) lacks(c *Call) (topics, sources []int32) {
	for _, u := range c.Topics {
		records, bytes := l.topic(u.Topic)
		if l.topics > 1 && records+bytes > 0 && (records+u.Records > l.limits.Records/2 || bytes+u.Bytes > l.limits.Bytes/2) {
			topics = append(topics, u.Topic)
		}
	}
	for _, s := range c.Sources {
		if w := l.spans[s.Source]; w != nil && int(w.next-w.low)+s.Slots > l.limits.Records {
			sources = append(sources, s.Source)
		}
	}
	return topics, sources
}

// before is what the calls in front of one wait for, each as it was when its turn came:
// what it comes to lack because others pass it counts from the next time on.
type before struct{ topics, sources []int32 }

// enters says whether c may enter behind those in front; all: whether nobody may pass
// it, because it waits for the whole.
func (l *ledger) enters(c *Call, front *before) (in, all bool) {
	topics, sources := l.lacks(c)
	front.topics, front.sources = append(front.topics, topics...), append(front.sources, sources...)
	if slices.ContainsFunc(c.Topics, func(u Use) bool { return slices.Contains(front.topics, u.Topic) }) ||
		slices.ContainsFunc(c.Sources, func(s Span) bool { return slices.Contains(front.sources, s.Source) }) {
		return false, false
	}
	records, bytes := l.held()
	in = records+c.Records <= l.limits.Records && bytes+c.Bytes <= l.limits.Bytes
	return in, !in
}

func (l *ledger) take(c *Call) {
	for _, u := range c.Topics {
		l.open = append(l.open, entry{call: c, Use: u})
	}
	for _, s := range c.Sources {
		if l.spans[s.Source] == nil {
			l.spans[s.Source] = &span{}
		}
		l.spans[s.Source].next += uint64(s.Slots)
	}
	l.totals.Read += uint64(c.Records)
}

func (l *ledger) end(f Fate, n uint64) {
	switch f {
	case Published:
		l.totals.Published += n
	case Withdrawn:
		l.totals.Withdrawn += n
	case DeadLettered:
		l.totals.DeadLettered += n
	case Skipped:
		l.totals.Skipped += n
	}
}

func (l *ledger) give(c *Call, topic int32) {
	l.open = slices.DeleteFunc(l.open, func(e entry) bool { return e.call == c && e.Topic == topic })
}

// retain takes what a call holds of a topic out of the window, and leaves its bytes.
func (l *ledger) retain(c *Call, topic int32, f Fate) {
	for i := range l.open {
		if e := &l.open[i]; e.call == c && e.Topic == topic {
			l.end(f, uint64(e.Records))
			l.totals.Retained += uint64(e.Records)
			e.Records, e.retained = 0, true
		}
	}
}

// retained returns the bytes that are held for nothing but settling.
func (l *ledger) retained() (bytes int) {
	for _, e := range l.open {
		if e.retained {
			bytes += e.Bytes
		}
	}
	return bytes
}

// front returns who is in the queue and may still be let in.
func (l *ledger) front() []*Call {
	var calls []*Call
	for _, w := range l.queue {
		if w.epoch == l.epoch {
			calls = append(calls, w.call)
		}
	}
	return calls
}

// grant lets in, in turn, whoever may.
func (l *ledger) grant() (in []*waiting) {
	front, full := &before{}, false
	l.queue = slices.DeleteFunc(l.queue, func(w *waiting) bool {
		if full || w.epoch != l.epoch {
			return false
		}
		var ok bool
		if ok, full = l.enters(w.call, front); ok {
			l.take(w.call)
			in = append(in, w)
		}
		return ok
	})
	return in
}

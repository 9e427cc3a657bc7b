package publisher

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Ordering says which records keep their order.
type Ordering uint8

const (
	// ByKey keeps the order of each key, and of keyless records the order of each
	// source partition.
	ByKey Ordering = iota
	// ByPartition keeps the order of a whole topic partition, one request at a time.
	ByPartition
	// Unordered sends on any free lane.
	Unordered
)

// lanes is a pure core: the queues of one topic partition. A lane is first in,
// first out, with one request in flight; the broker gives concurrent requests no
// order, so parallelism comes from lanes and from nothing else (design decision
// 8). A message leaves its lane when it is resolved, not when it is sent.
type lanes struct {
	ordering Ordering
	lanes    []lane
	ready    fifo  // lanes that may start a send
	free     []int // Unordered: lanes with nothing to do
	shared   queue // Unordered: what waits for a free lane
	delayed  []int // lanes that wait for their time
	waiting  int   // messages queued and not in flight
	flying   int   // messages in flight
	halted   int   // messages in lanes that have given up
	dead     int   // lanes that have given up
	kept     int   // messages acknowledged and retained
}

type lane struct {
	queue
	kept                 queue // acknowledged in the running session, and not settled
	busy, listed, halted bool
	until                time.Time // not before; zero means at once
}

// queue is a list linked through the messages themselves.
type queue struct {
	head, tail *flow.Message
	len        int
}

func (q *queue) push(m *flow.Message) {
	m.Next = nil
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.Next = m
	}
	q.tail = m
	q.len++
}

func (q *queue) pop() *flow.Message {
	m := q.head
	q.head, m.Next = m.Next, nil
	if q.head == nil {
		q.tail = nil
	}
	q.len--
	return m
}

// fifo is a queue of lane numbers whose storage is reused: at most half of it, and
// one, is numbers already popped, also if it never runs empty.
type fifo struct {
	items []int
	head  int
}

func (f *fifo) push(i int) {
	if f.head > len(f.items)/2 {
		f.items, f.head = f.items[:copy(f.items, f.items[f.head:])], 0
	}
	f.items = append(f.items, i)
}

func (f *fifo) pop() (int, bool) {
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
		return 0, false
	}
	i := f.items[f.head]
	f.head++
	return i, true
}

func newLanes(o Ordering, n int) *lanes {
	if o == ByPartition {
		n = 1
	}
	l := &lanes{ordering: o, lanes: make([]lane, n)}
	if o == Unordered {
		for i := range n {
			l.free = append(l.free, i)
		}
	}
	return l
}

// push queues a message behind the earlier ones of its lane.
func (l *lanes) push(m *flow.Message, hash uint64) {
	l.waiting++
	if l.ordering != Unordered {
		i := int(hash % uint64(len(l.lanes)))
		l.place(m, i)
		return
	}
	if n := len(l.free); n > 0 {
		i := l.free[n-1]
		l.free = l.free[:n-1]
		l.place(m, i)
		return
	}
	l.shared.push(m)
}

func (l *lanes) place(m *flow.Message, i int) {
	m.Lane = i
	l.lanes[i].push(m)
	if l.lanes[i].halted {
		l.waiting--
		l.halted++
		return
	}
	l.list(i)
}

// list makes a lane ready if it has a head to send and nothing in its way.
func (l *lanes) list(i int) {
	n := &l.lanes[i]
	if n.head != nil && !n.busy && !n.listed && !n.halted && n.until.IsZero() {
		n.listed = true
		l.ready.push(i)
	}
}

// next returns the head of a ready lane, which is in flight from now on; nil when
// no lane is ready.
func (l *lanes) next() *flow.Message {
	for {
		i, ok := l.ready.pop()
		if !ok {
			return nil
		}
		n := &l.lanes[i]
		n.listed = false
		if n.head == nil || n.busy || n.halted {
			continue
		}
		n.busy = true
		l.flying++
		l.waiting--
		return n.head
	}
}

// resolve lets go of a message in flight: it is dealt with for good.
func (l *lanes) resolve(m *flow.Message) {
	n := &l.lanes[m.Lane]
	n.pop()
	n.busy = false
	l.flying--
	if n.head == nil && l.ordering == Unordered {
		if l.shared.head == nil {
			l.free = append(l.free, m.Lane)
			return
		}
		l.place(l.shared.pop(), m.Lane)
		return
	}
	l.list(m.Lane)
}

// keep leaves a message whose attempt has failed at the head of its lane, to be
// sent again: at once when pause is 0, or once pause has passed.
func (l *lanes) keep(m *flow.Message, now time.Time, pause time.Duration) {
	n := &l.lanes[m.Lane]
	n.busy = false
	l.flying--
	l.waiting++
	if pause > 0 {
		n.until = now.Add(pause)
		l.delayed = append(l.delayed, m.Lane)
		return
	}
	l.list(m.Lane)
}

// halt gives a lane up, with the failed message at its head and all behind it.
func (l *lanes) halt(m *flow.Message) {
	n := &l.lanes[m.Lane]
	n.busy, n.halted = false, true
	l.flying--
	l.waiting -= n.len - 1
	l.halted += n.len
	l.dead++
}

// due makes lanes ready whose time has come, and returns when the next one's will;
// the zero time when none waits.
func (l *lanes) due(now time.Time) time.Time {
	var first time.Time
	kept := l.delayed[:0]
	for _, i := range l.delayed {
		n := &l.lanes[i]
		if n.until.After(now) {
			if first.IsZero() || n.until.Before(first) {
				first = n.until
			}
			kept = append(kept, i)
			continue
		}
		n.until = time.Time{}
		l.list(i)
	}
	l.delayed = kept
	return first
}

// withdraw takes every message of an epoch and of older ones that is not in flight
// out of its lane and gives it to take. A lane that had given up on such a message
// works again.
func (l *lanes) withdraw(epoch uint64, take func(*flow.Message)) {
	l.waiting, l.halted, l.dead = 0, 0, 0
	for i := range l.lanes {
		n := &l.lanes[i]
		head := n.head
		n.sift(n.busy, epoch, take)
		if n.head != head {
			n.until, n.halted = time.Time{}, false
		}
		switch {
		case n.halted:
			l.halted += n.len
			l.dead++
		case n.busy:
			l.waiting += n.len - 1
		default:
			l.waiting += n.len
		}
		l.list(i)
	}
	l.shared.sift(false, epoch, take)
	l.waiting += l.shared.len
	if l.ordering == Unordered {
		l.release()
	}
}

// sift takes the messages of an epoch and of older ones out of the queue, all but
// the head if that is to be kept.
func (q *queue) sift(keepHead bool, epoch uint64, take func(*flow.Message)) {
	m := q.head
	*q = queue{}
	for m != nil {
		next := m.Next
		if keepHead || m.Parcel.Epoch > epoch {
			q.push(m)
		} else {
			m.Next = nil
			take(m)
		}
		m, keepHead = next, false
	}
}

// release finds the free lanes anew, and gives them what is waiting for one.
func (l *lanes) release() {
	l.free = l.free[:0]
	for i := range l.lanes {
		switch {
		case l.lanes[i].head != nil:
		case l.shared.head != nil:
			l.place(l.shared.pop(), i)
		default:
			l.free = append(l.free, i)
		}
	}
}

// dry reports whether nothing is left that could still be resolved.
func (l *lanes) dry() bool {
	return l.flying == 0 && (l.waiting == 0 || l.dead == len(l.lanes))
}

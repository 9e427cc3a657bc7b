package publisher

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Retention is for sources that cannot offer a record again: what the broker has
// acknowledged and may still forget stays in front of its lane, in order, until it is
// settled. Should another session begin before that, all of it goes back into the
// queue, ahead of what was in flight and of what waits, and is sent again, one request
// at a time. Nothing is dropped and nobody rewinds (docs: guarantees, settled).

// retain takes a message in flight, which the broker has acknowledged, out of its
// queue and keeps it.
func (l *lanes) retain(m *flow.Message) {
	l.resolve(m)
	l.lanes[m.Lane].kept.push(m)
	l.kept++
}

// settled lets go of what was acknowledged up to a time, and gives it to take.
func (l *lanes) settled(through time.Time, take func(*flow.Message)) {
	for i := range l.lanes {
		kept := &l.lanes[i].kept
		for kept.head != nil && !kept.head.Acked.After(through) {
			l.kept--
			take(kept.pop())
		}
	}
}

// again puts all that is kept back in front of its lanes. A message in flight stays
// where it was, behind what is older: it is one of the session before, so its outcome
// moves nothing, and its lane waits for that. A lane that was given up is tried again,
// for it has something new to send first.
func (l *lanes) again() {
	if l.kept == 0 {
		return
	}
	for i := range l.lanes {
		n := &l.lanes[i]
		if n.kept.head == nil {
			continue
		}
		if n.halted {
			n.halted = false
			l.dead--
			l.halted -= n.len
			l.waiting += n.len
		}
		l.waiting += n.kept.len
		n.until = time.Time{}
		n.prepend(&n.kept)
		l.list(i)
	}
	l.kept = 0
	if l.ordering == Unordered {
		l.release()
	}
}

// prepend moves all of front to the head of the queue.
func (q *queue) prepend(front *queue) {
	front.tail.Next = q.head
	if q.head == nil {
		q.tail = front.tail
	}
	q.head, q.len = front.head, q.len+front.len
	*front = queue{}
}

// oldest returns the first OK that is not settled; the zero time when all are. In a
// lane, what has been acknowledged once is ahead of what has not, in the order of its
// first OKs.
func (l *lanes) oldest() time.Time {
	var first time.Time
	for i := range l.lanes {
		m := l.lanes[i].kept.head
		if m == nil {
			m = l.lanes[i].head
		}
		if m != nil && !m.First.IsZero() {
			first = earlier(first, m.First)
		}
	}
	return first
}

package publisher

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// queue sorts parcels into their lanes.
func (a *Actor) queue() {
	for parcel := range a.parcels.All(a.settings.Parcels) {
		if parcel.Epoch > a.epoch {
			a.renew(parcel.Epoch)
		}
		if parcel.Epoch <= a.withdrawn {
			a.withdraw(parcel)
			continue
		}
		m := a.message()
		m.Parcel = *parcel
		hash := a.route(m)
		p := a.partitions[m.Partition]
		if parcel.Epoch <= p.dropped {
			a.withdraw(parcel)
			a.recycle(m)
			continue
		}
		p.push(m, hash)
		a.touch(p)
	}
}

// route picks the topic partition of a message and returns what picks its lane.
// Records of one key meet in one partition and, there, in one lane.
func (a *Actor) route(m *flow.Message) uint64 {
	n := uint64(len(a.partitions))
	if m.Parcel.Keyed {
		hash := flow.HashKey(m.Parcel.Key)
		m.Partition = int(hash % n)
		return hash / n
	}
	m.Partition = a.next
	a.next = (a.next + 1) % len(a.partitions)
	return m.Parcel.Lane
}

// start gives every idle lane's record to the transport, as far as the session
// permits, and returns when it wants to look again.
func (a *Actor) start(now time.Time) (wake time.Time) {
	touched := a.dirty
	a.dirty = a.dirty[:0]
	for _, p := range touched {
		p.marked = false
		at := earlier(p.due(now), a.open(p, now))
		a.send(p, now)
		at = earlier(at, p.probeDue(now))
		at = earlier(at, a.prove(p, now))
		a.tell(p)
		if !at.IsZero() {
			a.touch(p) // takes the place of p, or of one before it, in touched
			wake = earlier(wake, at)
		}
	}
	return wake
}

// open asks for a session if there is none, or returns when to.
func (a *Actor) open(p *partition, now time.Time) time.Time {
	if p.session.state != Opening || p.asked || !a.ready() {
		return time.Time{}
	}
	if p.session.openAt.After(now) {
		return p.session.openAt
	}
	p.asked = true
	a.settings.Transport.Open(p.index)
	return time.Time{}
}

// ready reports whether sessions may be asked for.
func (a *Actor) ready() bool {
	if a.settings.Await == nil {
		return true
	}
	select {
	case <-a.settings.Await:
		return true
	default:
		return false
	}
}

// send starts what the session permits.
func (a *Actor) send(p *partition, now time.Time) {
	for p.session.permits(now, p.flying) > 0 {
		m := p.next()
		if m == nil {
			return
		}
		m.Session = p.session.id
		if m.Passed == 0 {
			m.Passed = p.passed
		}
		p.session.sent()
		a.stats.Attempts.Add(1)
		a.settings.Transport.Start(m)
	}
}

// probeDue returns when the next probe is to be sent; the zero time when none
// waits for its time.
func (p *partition) probeDue(now time.Time) time.Time {
	if p.session.state == Probing && p.waiting > 0 && p.flying == 0 && p.session.probeAt.After(now) {
		return p.session.probeAt
	}
	return time.Time{}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (a *Actor) touch(p *partition) {
	if !p.marked {
		p.marked = true
		a.dirty = append(a.dirty, p)
	}
}

// tell reports a change of state.
func (a *Actor) tell(p *partition) {
	if p.news && p.told == p.session.state {
		return
	}
	p.told, p.news = p.session.state, true
	if a.settings.Report != nil {
		a.settings.Report(p.index, p.session.state, p.session.cause)
	}
}

// message returns a recycled message, or a new one.
func (a *Actor) message() *flow.Message {
	m := a.spare
	if m == nil {
		return new(flow.Message)
	}
	a.spare = m.Next
	*m = flow.Message{}
	return m
}

func (a *Actor) recycle(m *flow.Message) {
	*m = flow.Message{Next: a.spare}
	a.spare = m
}

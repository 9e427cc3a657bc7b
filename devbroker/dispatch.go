package devbroker

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// dispatch hands out what can be: first what comes back, then what is new, until
// the window is full or no consumer has room.
func (u *subscription) dispatch(s *state, now time.Time) {
	if u.blocked || u.stall.on || !u.streams() {
		return
	}
	u.resend(s, now)
	for len(u.flight) < s.settings.Window {
		u.skipAhead(s)
		if u.next == u.topic.log.end() {
			return
		}
		d := &delivery{entry: u.topic.log.at(u.next), position: u.next}
		if !u.deliver(s, d, now) {
			if u.kind != wire.ConsumerRequest_KeyShared {
				u.stall.begin(s)
				return
			}
			u.park(d, now) // other keys may go on
		}
		u.flight[d.offset] = d
		u.next++
	}
}

// resend hands out parked messages that are due, in order.
func (u *subscription) resend(s *state, now time.Time) {
	if len(u.parked) == 0 {
		return
	}
	kept := u.parked[:0]
	for i, d := range u.parked {
		if d.due.After(now) {
			kept = append(kept, d)
			u.lookAt(s, d.due)
			continue
		}
		if u.deliver(s, d, now) {
			continue
		}
		kept = append(kept, d)
		if u.kind != wire.ConsumerRequest_KeyShared {
			u.stall.begin(s)
			kept = append(kept, u.parked[i+1:]...)
			break
		}
	}
	clear(u.parked[len(kept):])
	u.parked = kept
}

// deliver gives a message to a consumer, if there is one for it with room.
func (u *subscription) deliver(s *state, d *delivery, now time.Time) bool {
	c := u.pick(s, d)
	if c == nil || !c.offer(d.msg) {
		return false
	}
	d.to, d.deadline = c, now.Add(s.settings.AckTimeout)
	if u.kind == wire.ConsumerRequest_KeyShared {
		u.keys[keyOf(d.msg)] = d
	}
	u.lookAt(s, d.deadline)
	return true
}

// pass hands out a message of a topic that is not reliable: now or never.
func (u *subscription) pass(s *state, m *wire.StreamMessage) {
	if len(u.consumers) == 0 {
		return
	}
	c := u.pick(s, &delivery{entry: entry{msg: m}})
	if c != nil && c.stream != nil && len(c.stream.out) < passSlots {
		c.offer(m)
	}
}

// pick chooses the consumer for a message, nil when it must wait.
func (u *subscription) pick(s *state, d *delivery) *consumer {
	switch u.kind {
	case wire.ConsumerRequest_Shared:
		return u.pickNext()
	case wire.ConsumerRequest_Failover:
		return u.pickActive(s)
	case wire.ConsumerRequest_KeyShared:
		return u.pickByKey(d)
	default:
		return u.consumers[0]
	}
}

// pickNext takes turns among those with room.
func (u *subscription) pickNext() *consumer {
	for range u.consumers {
		c := u.consumers[u.turn%len(u.consumers)]
		u.turn++
		if c.stream != nil && len(c.stream.out) < cap(c.stream.out) {
			return c
		}
	}
	return nil
}

// pickActive is the first consumer that is connected.
func (u *subscription) pickActive(s *state) *consumer {
	for _, c := range u.consumers {
		if c.stream != nil || s.settings.Quirks.DeafStandby {
			return c
		}
	}
	return nil
}

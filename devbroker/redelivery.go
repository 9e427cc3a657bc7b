package devbroker

import "time"

const (
	// maxTries is how often a message is redelivered before the subscription
	// stops for good, the real broker's default for what nobody can digest.
	maxTries = 5
	// Redelivery of a refused message waits this long, doubling up to the most.
	firstDelay = time.Second
	mostDelay  = time.Minute
)

// lookAt plans a look at the subscription, unless there is an earlier one.
func (u *subscription) lookAt(s *state, when time.Time) {
	if !u.wake.IsZero() && !when.Before(u.wake) {
		return
	}
	u.wake = when
	s.agenda.at(when, func(s *state, now time.Time) {
		if u.wake.Equal(when) {
			u.wake = time.Time{}
			u.expire(s, now)
		}
	})
}

// expire takes back what was not acknowledged in time; it goes out again at once.
func (u *subscription) expire(s *state, now time.Time) {
	earliest := time.Time{}
	for _, d := range u.flight {
		if d.to == nil {
			continue
		}
		if !d.deadline.After(now) {
			u.again(s, d, now)
		} else if earliest.IsZero() || d.deadline.Before(earliest) {
			earliest = d.deadline
		}
	}
	u.dispatch(s, now)
	if !earliest.IsZero() {
		u.lookAt(s, earliest)
	}
}

// again parks a message for a redelivery, or stops the subscription.
func (u *subscription) again(s *state, d *delivery, due time.Time) {
	if d.tries++; d.tries > maxTries {
		u.blocked = true
		s.log.Warn("subscription stops: a message was redelivered too often",
			"topic", u.topic.name, "subscription", u.name, "offset", d.offset)
	}
	u.park(d, due)
}

// delay is how long the n-th redelivery of a refused message waits.
func delay(n int) time.Duration {
	d := firstDelay
	for range n - 1 {
		if d *= 2; d >= mostDelay {
			return mostDelay
		}
	}
	return d
}

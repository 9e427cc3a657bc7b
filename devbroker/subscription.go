package devbroker

import (
	"slices"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// subscription is a named reader of a topic, shared by its consumers. A new one
// begins at the end of the log.
type subscription struct {
	name      string
	kind      wire.ConsumerRequest_SubscriptionType
	topic     *topic
	consumers []*consumer // in the order they came
	turn      int         // of a Shared subscription

	next    uint64               // position of the next message to read
	flight  map[uint64]*delivery // read and not acknowledged, by offset
	parked  []*delivery          // those of flight that no consumer has, by position
	keys    map[string]*delivery // KeyShared: who has a key in flight
	wake    time.Time            // the earliest planned look at flight; zero for none
	blocked bool                 // a message came back too often: nothing moves any more

	idle  time.Time // since when there is no stream; zero while there is
	cur   cursor
	stall stall
}

// delivery is a message on its way through a subscription.
type delivery struct {
	entry
	position uint64
	to       *consumer // nil while parked
	deadline time.Time // of the acknowledgement
	due      time.Time // when a parked one may go again
	tries    int       // redeliveries
}

func newSubscription(t *topic, name string, kind wire.ConsumerRequest_SubscriptionType, now time.Time) *subscription {
	return &subscription{
		name:   name,
		kind:   kind,
		topic:  t,
		next:   t.log.end(),
		flight: map[uint64]*delivery{},
		keys:   map[string]*delivery{},
		idle:   now,
		cur:    cursor{savedAt: now, fresh: true},
	}
}

// consumer finds one by name.
func (u *subscription) consumer(name string) *consumer {
	i := slices.IndexFunc(u.consumers, func(c *consumer) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return u.consumers[i]
}

// park takes a delivery from its consumer; it goes again from due on.
func (u *subscription) park(d *delivery, due time.Time) {
	d.to, d.due = nil, due
	at, found := slices.BinarySearchFunc(u.parked, d.position, func(p *delivery, pos uint64) int {
		return int(int64(p.position) - int64(pos))
	})
	if !found {
		u.parked = slices.Insert(u.parked, at, d)
	}
}

// settle ends a delivery that was acknowledged.
func (u *subscription) settle(d *delivery) {
	delete(u.flight, d.offset)
	if d.to == nil {
		u.parked = slices.DeleteFunc(u.parked, func(p *delivery) bool { return p == d })
	}
	if key := keyOf(d.msg); u.keys[key] == d {
		delete(u.keys, key)
	}
}

// surrender parks everything a consumer has, to go again at once.
func (u *subscription) surrender(c *consumer, now time.Time) {
	for _, d := range u.flight {
		if d.to == c {
			u.park(d, now)
		}
	}
}

// streams reports whether any consumer is connected.
func (u *subscription) streams() bool {
	return slices.ContainsFunc(u.consumers, func(c *consumer) bool { return c.stream != nil })
}

// unload forgets the consumers and what they had, and keeps the cursor.
func (u *subscription) unload(s *state) {
	for _, c := range u.consumers {
		c.hangUp()
		delete(s.consumers, c.id)
	}
	u.consumers = nil
	u.restore(s)
	clear(u.flight)
	clear(u.keys)
	u.parked = nil
	u.stall.release()
}

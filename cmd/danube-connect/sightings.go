package main

import (
	"fmt"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// sighting tells messages apart. Offsets alone do not: a broker that crashed gives some
// of them to other messages.
type sighting struct {
	topic, producer string
	offset          uint64
	published       time.Time
}

// sightings are the messages seen so far.
type sightings map[sighting]bool

// again reports whether a message has been seen before, and remembers it.
func (s sightings) again(m danube.Message) bool {
	key := sighting{m.Topic, m.Producer, m.Offset, m.Published}
	before := s[key]
	s[key] = true
	return before
}

// exhausted ends reading that acknowledges nothing: the broker has begun to hand out
// again what it handed out before. Whoever let that go on would, a few rounds later,
// have it block the subscription for good.
func (o order) exhausted(n int, e environment) error {
	const why = "without -ack the broker hands out no more, and those printed again"
	if o.count > 0 {
		return fmt.Errorf("%d of %d messages: %s", n, o.count, why)
	}
	_, _ = fmt.Fprintf(e.stderr, "%d messages: %s\n", n, why)
	return nil
}

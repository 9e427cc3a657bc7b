package devbroker

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// consumer is one name on a subscription. It stays when its stream ends; the same
// name again takes over.
type consumer struct {
	id      uint64
	name    string
	sub     *subscription
	filters []string
	stream  *stream
	active  bool // what a health check says
}

// stream is one call of ReceiveMessages: the owner puts messages in, the handler
// takes them out.
type stream struct {
	out chan *wire.StreamMessage
	end chan struct{} // closed by the owner: the stream ends in order
}

// Room in the channels between the real broker's dispatcher and a consumer.
const (
	passSlots  = 4 // of a topic that is not reliable
	stallSlots = 8 // of one that is, with the buffer of the stream
)

// connect gives the consumer a stream; one it had ends.
func (c *consumer) connect(s *state, now time.Time) *stream {
	c.release(now)
	room := s.settings.Window + stallSlots
	if s.settings.Quirks.ReaderStall {
		room = stallSlots
	}
	c.stream = &stream{out: make(chan *wire.StreamMessage, room), end: make(chan struct{})}
	c.active = true
	c.sub.idle = time.Time{}
	c.sub.dispatch(s, now)
	return c.stream
}

// disconnect is the handler's report that a stream is over.
func (c *consumer) disconnect(s *state, st *stream, now time.Time) {
	if c.stream != st {
		return // taken over, or the topic is unloaded
	}
	c.release(now)
	c.active = false
	if !c.sub.streams() {
		c.sub.idle = now
		c.sub.save(now)
	}
	c.sub.stall.release()
	c.sub.dispatch(s, now)
}

// release ends the stream, if any; what was in flight goes out again.
func (c *consumer) release(now time.Time) {
	c.hangUp()
	c.sub.surrender(c, now)
}

// hangUp ends the stream, if any.
func (c *consumer) hangUp() {
	if c.stream != nil {
		close(c.stream.end)
		c.stream = nil
	}
}

// offer hands the consumer a message; false when it has no stream or no room.
func (c *consumer) offer(m *wire.StreamMessage) bool {
	if c.stream == nil {
		return false
	}
	select {
	case c.stream.out <- m:
		return true
	default:
		return false
	}
}

package danube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// Message is a message as a Consumer received it.
type Message struct {
	// Topic is the topic it came from; of a partitioned topic, the partition's
	// own name.
	Topic string
	// Offset is its place in that topic, from 0; always 0 on a topic that is not
	// reliable.
	Offset uint64
	// Producer is the name of its producer.
	Producer string
	// Published is when its producer says it was sent, to the millisecond.
	Published time.Time
	// Key is the routing key; Keyed tells an empty key from none.
	Key   string
	Keyed bool
	// SchemaID and SchemaVersion name the version its payload was encoded by, in
	// the registry; 0 when it carries none.
	SchemaID      uint64
	SchemaVersion uint32
	// SchemaSubject is the subject with that id, which no message carries: empty
	// until somebody who has asked the registry fills it in.
	SchemaSubject string
	Attributes    map[string]string
	Payload       []byte

	id   *wire.MsgID
	from *reading
}

// Consumer reads the messages of a subscription. Its methods are safe for
// concurrent use.
type Consumer struct {
	client   *Client
	sub      Subscription
	messages chan Message

	ctx     context.Context // ends with Close
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup
	closing sync.Once
}

// Receive returns the next message, in order within each topic partition but for
// those a broker delivers again. It waits until there is one, ctx ends or the
// consumer is closed. It must be called: a consumer that is connected and does
// not read makes the broker hold up the topic for all its producers (docs:
// protocol, back-pressure hazard).
func (c *Consumer) Receive(ctx context.Context) (Message, error) {
	select {
	case m := <-c.messages:
		return m, nil
	case <-ctx.Done():
		return Message{}, ctx.Err()
	case <-c.ctx.Done():
		return Message{}, context.Cause(c.ctx)
	}
}

// Ack tells the broker that m is dealt with; it then lets the next message of
// its window through. An error means that m may be delivered again: m's
// subscription has been lost meanwhile (an offset may name another message in
// the next one, so the broker is not even asked), or the broker did not answer.
func (c *Consumer) Ack(ctx context.Context, m Message) error {
	if m.from == nil || m.from.consumer != c {
		return fmt.Errorf("topic %s: acknowledge offset %d: the message was not received here", m.Topic, m.Offset)
	}
	if m.from.ctx.Err() != nil {
		return connect.Retryable(fmt.Errorf("topic %s: acknowledge offset %d: %w", m.Topic, m.Offset, errStale))
	}
	question := &wire.AckRequest{RequestId: c.client.requests.Add(1), MsgId: m.id, SubscriptionName: c.sub.Name}
	return c.client.ask(ctx, "acknowledge", m.Topic, m.from.at, wire.Ack, question, new(wire.AckResponse))
}

var errStale = errors.New("its subscription was lost; it will be delivered again")

// Close ends the consumer and returns when its goroutines have ended. The
// subscription stays, and what was not acknowledged will be delivered again.
func (c *Consumer) Close() {
	c.closing.Do(func() {
		c.cancel(errClosed)
		c.wg.Wait()
		c.client.forget(c)
	})
}

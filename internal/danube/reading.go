package danube

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc"
)

// reading is one subscription to one topic, from Subscribe to the end of its
// stream.
type reading struct {
	consumer *Consumer
	topic    string
	id       uint64 // consumer id
	at       place
	conn     *conn
	stream   grpc.ClientStream
	ctx      context.Context // ends with the reading
	cancel   context.CancelFunc
}

// reader keeps one topic subscribed to.
type reader struct {
	consumer *Consumer
	topic    string
	home     *endpoint // where the topic lived last
}

// start subscribes to all topics at once and, if that succeeds, keeps reading.
func (c *Consumer) start(ctx context.Context, topics []string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outcomes := make(chan error, len(topics))
	for _, topic := range topics {
		r := &reader{consumer: c, topic: topic}
		c.wg.Go(func() {
			first, err := r.first(ctx)
			outcomes <- err
			if err == nil {
				r.run(first)
			}
		})
	}
	var failed error
	for range topics {
		if err := <-outcomes; err != nil && failed == nil {
			failed = err
			cancel(err) // the others need not try on
		}
	}
	return failed
}

// first subscribes for the first time, with the patience of the subscription.
func (r *reader) first(ctx context.Context) (*reading, error) {
	sub := r.consumer.sub
	asking := r.consumer.client.asking(nil)
	patience, pauses := sub.patience(), newBackOff()
	for {
		made, err := r.subscribe(ctx, asking)
		if err == nil {
			return made, nil
		}
		if err := sub.hold(ctx, &patience, subscribed(err), err, pauses.NextBackOff()); err != nil {
			return nil, err
		}
	}
}

// run reads until the consumer is closed, subscribing again when a reading ends.
func (r *reader) run(current *reading) {
	log := r.consumer.client.settings.Logger.With("topic", r.topic, "subscription", r.consumer.sub.Name)
	pauses := newBackOff()
	for {
		began := time.Now()
		err := current.run()
		current.end()
		if time.Since(began) > pauses.MaxInterval {
			pauses.Reset()
		}
		if r.consumer.ctx.Err() != nil {
			return
		}
		log.Info("subscribing again", "cause", err)
		if current = r.again(pauses); current == nil {
			return
		}
	}
}

// again subscribes with patience without end; it returns nil when the consumer
// is closed.
func (r *reader) again(pauses *backoff.ExponentialBackOff) *reading {
	asking := r.consumer.client.asking(r.home)
	for pause(r.consumer.ctx.Done(), pauses.NextBackOff()) {
		made, err := r.subscribe(r.consumer.ctx, asking)
		if err == nil {
			return made
		}
		r.consumer.client.settings.Logger.Debug("cannot subscribe yet", "topic", r.topic, "error", err)
	}
	return nil
}

// subscribe makes one attempt: find out where the topic lives, subscribe there
// and begin to receive.
func (r *reader) subscribe(ctx context.Context, asking *asking) (*reading, error) {
	c := r.consumer
	where, err := c.client.find(ctx, r.topic, asking)
	if where == (place{}) {
		return nil, err
	}
	made, err := c.subscribeAt(ctx, r.topic, where)
	if err == nil {
		r.home = &where.endpoint
	}
	return made, err
}

// subscribeAt subscribes to topic at a place.
func (c *Consumer) subscribeAt(ctx context.Context, topic string, where place) (*reading, error) {
	used, err := c.client.conns.acquire(where.key())
	if err != nil {
		return nil, &callError{topic: topic, op: "subscribe", broker: where.url(), cause: err}
	}
	question := &wire.ConsumerRequest{
		RequestId: c.client.requests.Add(1), TopicName: topic, Subscription: c.sub.Name,
		ConsumerName: c.sub.Consumer, SubscriptionType: c.sub.Type,
	}
	var answer wire.ConsumerResponse
	if err := c.client.askOn(ctx, used, "subscribe", topic, where, wire.Subscribe, question, &answer); err != nil {
		c.client.conns.release(used)
		return nil, err
	}
	r := &reading{consumer: c, topic: topic, id: answer.GetConsumerId(), at: where, conn: used}
	r.ctx, r.cancel = context.WithCancel(where.outgoing(c.ctx))
	if err := r.open(); err != nil {
		r.end()
		return nil, &callError{topic: topic, op: "receive", broker: where.url(), cause: err}
	}
	return r, nil
}

// open begins the stream.
func (r *reading) open() error {
	stream, err := r.conn.NewStream(r.ctx, &grpc.StreamDesc{ServerStreams: true}, wire.ReceiveMessages, grpc.StaticMethod())
	if err != nil {
		return err
	}
	r.stream = stream
	question := &wire.ReceiveRequest{RequestId: r.consumer.client.requests.Add(1), ConsumerId: r.id}
	if err := stream.SendMsg(question); err != nil && !errors.Is(err, io.EOF) {
		return err // io.EOF: the reason is with the first answer
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	r.settle()
	return nil
}

// settle waits until the broker has taken the stream up, which it says by its
// header: until then a topic that is not reliable drops messages. A broker that
// sends its header with the first message is given a moment. An error will be
// told by the stream itself.
func (r *reading) settle() {
	begun := make(chan struct{})
	r.consumer.wg.Go(func() {
		_, _ = r.stream.Header()
		close(begun)
	})
	moment := time.NewTimer(300 * time.Millisecond)
	defer moment.Stop()
	select {
	case <-begun:
	case <-moment.C:
	}
}

// end lets go of the reading's connection.
func (r *reading) end() {
	r.cancel()
	r.consumer.client.conns.release(r.conn)
}

// run passes messages on until the stream ends, and says why.
func (r *reading) run() error {
	r.consumer.wg.Go(r.watch)
	for {
		m := new(wire.StreamMessage)
		if err := r.stream.RecvMsg(m); err != nil {
			return err
		}
		select {
		case r.consumer.messages <- r.message(m):
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}

// watch ends the reading when its broker no longer knows the consumer, which it
// may forget without ending the stream.
func (r *reading) watch() {
	client := r.consumer.client
	for pause(r.ctx.Done(), client.settings.HealthInterval) {
		question := &wire.HealthCheckRequest{
			RequestId: client.requests.Add(1), Client: wire.HealthCheckRequest_Consumer, Id: r.id,
		}
		var answer wire.HealthCheckResponse
		err := client.ask(r.ctx, "health check", r.topic, r.at, wire.CheckHealth, question, &answer)
		if err == nil && answer.GetStatus() == wire.HealthCheckResponse_CLOSE {
			r.cancel()
			return
		}
	}
}

func (r *reading) message(m *wire.StreamMessage) Message {
	return Message{
		Topic:     r.topic,
		Offset:    m.GetMsgId().GetTopicOffset(),
		Producer:  m.GetProducerName(),
		Published: time.UnixMilli(int64(m.GetPublishTime())),
		Key:       m.GetRoutingKey(),
		Keyed:     m.RoutingKey != nil,
		SchemaID:  m.GetSchemaId(), SchemaVersion: m.GetSchemaVersion(),
		Attributes: m.GetAttributes(),
		Payload:    m.GetPayload(),
		id:         m.GetMsgId(),
		from:       r,
	}
}

package devbroker_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// world is a broker under test and how to reach it.
type world struct {
	*devbroker.Broker
	t       testing.TB
	network *devbroker.Network
}

// start starts a broker in memory; the caller is in a bubble, or does not wait
// for time to pass.
func start(t testing.TB, settings devbroker.Settings) *world {
	t.Helper()
	network := devbroker.NewNetwork()
	settings.Network = network
	return launch(t, settings, network)
}

// startTCP starts a broker on the loopback interface.
func startTCP(t testing.TB, settings devbroker.Settings) *world {
	t.Helper()
	return launch(t, settings, nil)
}

func launch(t testing.TB, settings devbroker.Settings, network *devbroker.Network) *world {
	t.Helper()
	b, err := devbroker.Start(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return &world{b, t, network}
}

// client is a raw gRPC client of one listener.
type client struct {
	*grpc.ClientConn
	t      testing.TB
	header []string // metadata pairs sent with every request
}

func (w *world) client(listener int, options ...grpc.DialOption) *client {
	w.t.Helper()
	_, target, _ := strings.Cut(w.URLs()[listener], "://")
	base := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16 << 20)),
		// Idle connections are let go only by the test.
		grpc.WithIdleTimeout(0),
	}
	if w.network != nil {
		base = append(base, grpc.WithContextDialer(w.network.Dial))
	}
	cc, err := grpc.NewClient("passthrough:///"+target, append(base, options...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cc.Close() })
	return &client{ClientConn: cc, t: w.t}
}

// patience is the deadline of every call: far more than any takes.
const patience = time.Minute

// try calls a method with a deadline.
func try[Out any, POut interface {
	*Out
	proto.Message
}](c *client, path string, in proto.Message, options ...grpc.CallOption) (POut, error) {
	ctx, cancel := context.WithTimeout(c.context(), patience)
	defer cancel()
	var out POut = new(Out)
	return out, c.Invoke(ctx, path, in, out, options...)
}

func (c *client) context() context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), c.header...)
}

// must is try that fails the test.
func must[Out any, POut interface {
	*Out
	proto.Message
}](c *client, path string, in proto.Message) POut {
	c.t.Helper()
	out, err := try[Out, POut](c, path, in)
	if err != nil {
		c.t.Fatalf("%s: %v", path, err)
	}
	return out
}

const topicT = "/default/t"

func producing(topic, name string) *wire.ProducerRequest {
	return &wire.ProducerRequest{
		RequestId: 1, TopicName: topic, ProducerName: name,
		DispatchStrategy: wire.DispatchStrategy_Reliable,
	}
}

// tryProducer is CreateProducer.
func (c *client) tryProducer(in *wire.ProducerRequest) (*wire.ProducerResponse, error) {
	return try[wire.ProducerResponse](c, wire.CreateProducer, in)
}

// producer creates one, through the UNAVAILABLE of a new topic.
func (c *client) producer(topic, name string) uint64 {
	c.t.Helper()
	for range 2 {
		out, err := c.tryProducer(producing(topic, name))
		if err == nil {
			return out.ProducerId
		}
		if status.Code(err) != codes.Unavailable {
			c.t.Fatalf("CreateProducer: %v", err)
		}
	}
	c.t.Fatalf("CreateProducer: %s is still UNAVAILABLE", topic)
	return 0
}

func sending(topic string, id uint64, payload string) *wire.StreamMessage {
	return &wire.StreamMessage{
		RequestId: 7, MsgId: &wire.MsgID{ProducerId: id, TopicName: topic, BrokerAddr: "http://b/"},
		Payload: []byte(payload), PublishTime: 1234, ProducerName: "p",
	}
}

// trySend is SendMessage.
func (c *client) trySend(in *wire.StreamMessage) error {
	_, err := try[wire.MessageResponse](c, wire.SendMessage, in)
	return err
}

// send sends payloads, one after the other.
func (c *client) send(topic string, id uint64, payloads ...string) {
	c.t.Helper()
	for _, p := range payloads {
		if err := c.trySend(sending(topic, id, p)); err != nil {
			c.t.Fatalf("SendMessage %q: %v", p, err)
		}
	}
}

// numbered returns from..to-1 as payloads.
func numbered(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

// payloads returns what a log holds.
func (w *world) payloads(topic string) (all []string) {
	for m := range w.Log(topic) {
		all = append(all, string(m.Payload))
	}
	return all
}

// lookup is TopicLookup.
func (c *client) lookup(topic string) (*wire.TopicLookupResponse, error) {
	return try[wire.TopicLookupResponse](c, wire.TopicLookup, &wire.TopicLookupRequest{RequestId: 3, Topic: topic})
}

// healthy is HealthCheck of a producer.
func (c *client) healthy(id uint64) bool {
	c.t.Helper()
	out := must[wire.HealthCheckResponse](c, wire.CheckHealth, &wire.HealthCheckRequest{Id: id})
	return out.Status == wire.HealthCheckResponse_OK
}

// consumerOf is a consumer with a stream.
type consumerOf struct {
	c            *client
	topic, group string
	id           uint64
	stream       grpc.ClientStream
	end          context.CancelFunc
}

func consuming(topic, group, name string, kind wire.ConsumerRequest_SubscriptionType) *wire.ConsumerRequest {
	return &wire.ConsumerRequest{
		RequestId: 5, TopicName: topic, Subscription: group, ConsumerName: name, SubscriptionType: kind,
	}
}

// consume subscribes and opens the stream.
func (c *client) consume(in *wire.ConsumerRequest) *consumerOf {
	c.t.Helper()
	out := must[wire.ConsumerResponse](c, wire.Subscribe, in)
	k := &consumerOf{c: c, topic: in.TopicName, group: in.Subscription, id: out.ConsumerId}
	k.open()
	return k
}

// exclusive consumes a topic under the subscription "s".
func (c *client) exclusive(topic string) *consumerOf {
	c.t.Helper()
	return c.consume(consuming(topic, "s", "c", wire.ConsumerRequest_Exclusive))
}

// open calls ReceiveMessages and waits until the broker has the stream: by its
// header, which gRPC sends with the first message or not at all, so by a health
// check of the consumer's.
func (k *consumerOf) open() {
	k.c.t.Helper()
	ctx, cancel := context.WithCancel(k.c.context())
	desc := &grpc.StreamDesc{ServerStreams: true}
	stream, err := k.c.NewStream(ctx, desc, wire.ReceiveMessages)
	if err == nil {
		err = stream.SendMsg(&wire.ReceiveRequest{RequestId: 6, ConsumerId: k.id})
	}
	if err == nil {
		err = stream.CloseSend()
	}
	if err != nil {
		k.c.t.Fatalf("ReceiveMessages: %v", err)
	}
	k.stream, k.end = stream, cancel
	k.c.t.Cleanup(cancel)
}

// next waits for a message.
func (k *consumerOf) next() (*wire.StreamMessage, error) {
	m := new(wire.StreamMessage)
	return m, k.stream.RecvMsg(m)
}

// read waits for n messages and returns their payloads.
func (k *consumerOf) read(n int) (got []string) {
	k.c.t.Helper()
	for _, m := range k.messages(n) {
		got = append(got, string(m.Payload))
	}
	return got
}

func (k *consumerOf) messages(n int) (got []*wire.StreamMessage) {
	k.c.t.Helper()
	for range n {
		m, err := k.next()
		if err != nil {
			k.c.t.Fatalf("after %d messages of %d: %v", len(got), n, err)
		}
		got = append(got, m)
	}
	return got
}

// readAcking is read that acknowledges each message.
func (k *consumerOf) readAcking(n int) (got []string) {
	k.c.t.Helper()
	for range n {
		m := k.messages(1)[0]
		k.ack(m)
		got = append(got, string(m.Payload))
	}
	return got
}

func (k *consumerOf) ack(m *wire.StreamMessage) {
	k.c.t.Helper()
	must[wire.AckResponse](k.c, wire.Ack, &wire.AckRequest{MsgId: m.MsgId, SubscriptionName: k.group})
}

func (k *consumerOf) nack(m *wire.StreamMessage, delay time.Duration) {
	k.c.t.Helper()
	ms := uint64(delay.Milliseconds())
	must[wire.NackResponse](k.c, wire.Nack, &wire.NackRequest{MsgId: m.MsgId, SubscriptionName: k.group, DelayMs: &ms})
}

// wantStatus checks the code and a piece of the text.
func wantStatus(t testing.TB, err error, code codes.Code, text string) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || !strings.Contains(s.Message(), text) {
		t.Errorf("got %v %q; want %v with %q", s.Code(), s.Message(), code, text)
	}
}

// wantEnd checks that a stream ended in order.
func (k *consumerOf) wantEnd() {
	k.c.t.Helper()
	if m, err := k.next(); err != io.EOF {
		k.c.t.Errorf("stream goes on with %v, %v; want its end", m, err)
	}
}

// wantEqual compares with cmp.
func wantEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// script scripts one fault and tells of every request it names, whether it
// happens to it or not.
func (w *world) script(f devbroker.Fault) (*devbroker.Scene, <-chan devbroker.Request) {
	seen := make(chan devbroker.Request, 1024)
	match := f.Match
	f.Match = func(r devbroker.Request) bool {
		if match != nil && !match(r) {
			return false
		}
		seen <- r
		return true
	}
	return w.Script(f), seen
}

// async runs a call in a goroutine and returns its error.
func async(call func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return done
}

// bubble runs a test in a bubble of its own, in parallel with others.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

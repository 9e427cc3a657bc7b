package danube_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realBroker is the variable that names a real broker to test against.
const realBroker = "DANUBE_SERVICE_URL"

// rig is a client of a broker, and the broker if it is one of ours.
type rig struct {
	*danube.Client
	t      testing.TB
	broker *devbroker.Broker // nil: a real one
	url    string
}

// bubble runs f against a development broker of its own, in fake time. With a
// real broker to test against, it is skipped.
func bubble(t *testing.T, b devbroker.Settings, c danube.Settings, f func(*testing.T, *rig)) {
	t.Helper()
	if os.Getenv(realBroker) != "" {
		t.Skipf("%s scripts the faults of a development broker; %s names a real one", t.Name(), realBroker)
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t, b, c)) })
}

// newRig starts a broker in memory and makes a client of it; call it in a bubble.
func newRig(t testing.TB, b devbroker.Settings, c danube.Settings) *rig {
	t.Helper()
	b.Network = devbroker.NewNetwork()
	broker, err := devbroker.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	if c.URL == "" {
		c.URL = broker.URL()
	}
	c.Dial = b.Network.Dial
	return &rig{Client: newClient(t, c), t: t, broker: broker, url: broker.URL()}
}

func newClient(t testing.TB, s danube.Settings) *danube.Client {
	t.Helper()
	c, err := danube.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// anyBroker runs f against the real broker named by the environment, in real
// time, or else against a development broker in fake time.
func anyBroker(t *testing.T, f func(*testing.T, *rig)) {
	t.Helper()
	url := os.Getenv(realBroker)
	if url == "" {
		bubble(t, devbroker.Settings{}, danube.Settings{}, f)
		return
	}
	t.Parallel()
	f(t, &rig{Client: newClient(t, danube.Settings{URL: url}), t: t, url: url})
}

// topic returns a name nobody used before.
func topic() string { return "/default/danube-test-" + strconv.FormatUint(rand.Uint64(), 36) }

// patient bounds what a test waits for: in fake time it is over in no time.
const patient = 30 * time.Second

// limit is how long to wait for what must happen: in a bubble, where waiting is
// free, longer than any grace.
func (r *rig) limit() time.Duration {
	if r.url != os.Getenv(realBroker) {
		return 100 * time.Hour
	}
	return patient
}

// line is a transport and what a test has heard from it.
type line struct {
	*danube.Transport
	t       testing.TB
	limit   time.Duration
	results []flow.Result
	events  []flow.SessionEvent
}

// dial makes a transport for p.
func (r *rig) line(p connect.Producer) *line {
	r.t.Helper()
	return r.lineOf(danube.Topic{Producer: p, Connector: "test", Lanes: 4, Stamp: true})
}

func (r *rig) lineOf(topic danube.Topic) *line {
	r.t.Helper()
	transport, err := r.Transport(topic)
	if err != nil {
		r.t.Fatal(err)
	}
	return &line{Transport: transport, t: r.t, limit: r.limit()}
}

// open opens a session of a partition and adopts it.
func (l *line) open(partition int) uint64 {
	l.t.Helper()
	l.Open(partition)
	e := l.outcome(partition)
	if e.Kind != flow.Opened {
		l.t.Fatalf("partition %d: %s: %v", partition, e.Kind, e.Err)
	}
	l.Adopt(partition, e.Session)
	return e.Session
}

// outcome waits for the Opened or Failed of a partition.
func (l *line) outcome(partition int) flow.SessionEvent {
	l.t.Helper()
	return l.await("opened or failed", func(e flow.SessionEvent) bool {
		return e.Partition == partition && (e.Kind == flow.Opened || e.Kind == flow.Failed)
	})
}

// news waits for an event of a kind.
func (l *line) news(kind flow.SessionKind) flow.SessionEvent {
	l.t.Helper()
	return l.await(kind.String(), func(e flow.SessionEvent) bool { return e.Kind == kind })
}

// await waits for an event and drops those before it.
func (l *line) await(what string, is func(flow.SessionEvent) bool) flow.SessionEvent {
	l.t.Helper()
	timeout := time.NewTimer(l.limit)
	defer timeout.Stop()
	for {
		for len(l.events) > 0 {
			e := l.events[0]
			l.events = l.events[1:]
			if is(e) {
				return e
			}
		}
		select {
		case <-l.Events().Wake():
			l.events = append(l.events, l.Events().Take(nil)...)
		case <-timeout.C:
			l.t.Fatalf("no event %q", what)
		}
	}
}

// message makes a message for a partition of the line's topic.
func message(partition int, session uint64, payload string) *flow.Message {
	return &flow.Message{
		Parcel:    flow.Parcel{Payload: []byte(payload), Source: flow.NoSource, Epoch: 1, Stamp: flow.Stamp{Epoch: 1}},
		Partition: partition,
		Session:   session,
	}
}

// send makes one attempt and waits for its result.
func (l *line) send(m *flow.Message) flow.Result {
	l.t.Helper()
	l.Start(m)
	r := l.result()
	if r.Message != m {
		l.t.Fatalf("result of another message: %+v", r)
	}
	return r
}

// result waits for the next result.
func (l *line) result() flow.Result {
	l.t.Helper()
	timeout := time.NewTimer(l.limit)
	defer timeout.Stop()
	for len(l.results) == 0 {
		select {
		case <-l.Results().Wake():
			l.results = append(l.results, l.Results().Take(nil)...)
		case <-timeout.C:
			l.t.Fatal("no result")
		}
	}
	r := l.results[0]
	l.results = l.results[1:]
	return r
}

// want sends a payload and fails unless the outcome is as expected.
func (l *line) want(outcome flow.Outcome, partition int, session uint64, payload string) flow.Result {
	l.t.Helper()
	r := l.send(message(partition, session, payload))
	if r.Outcome != outcome {
		l.t.Fatalf("send %q: %s (%v), want %s", payload, r.Outcome, r.Err, outcome)
	}
	if (r.Err == nil) != (outcome == flow.OK) {
		l.t.Errorf("%s with error %v", outcome, r.Err)
	}
	if r.Answered.Before(r.Sent) {
		l.t.Errorf("answered %s before it was sent", r.Sent.Sub(r.Answered))
	}
	return r
}

// reliable is a plain reliable topic.
func reliable(name string) connect.Producer { return connect.Producer{Topic: name, Reliable: true} }

// log returns the payloads the broker's log of a topic holds.
func (r *rig) log(topic string) (payloads []string) {
	for m := range r.broker.Log(topic) {
		payloads = append(payloads, string(m.Payload))
	}
	return payloads
}

// subscribe subscribes to a topic.
func (r *rig) subscribe(s danube.Subscription) *danube.Consumer {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	c, err := r.Subscribe(ctx, s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c
}

// receive waits for a message and acknowledges it.
func (r *rig) receive(c *danube.Consumer) danube.Message {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	m, err := c.Receive(ctx)
	if err != nil {
		r.t.Fatalf("receive: %v", err)
	}
	if err := c.Ack(ctx, m); err != nil {
		r.t.Fatalf("acknowledge: %v", err)
	}
	return m
}

// payloads numbers payloads.
func payloads(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("m%d", i))
	}
	return all
}

package devbroker_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

const (
	exclusive = wire.ConsumerRequest_Exclusive
	shared    = wire.ConsumerRequest_Shared
	failover  = wire.ConsumerRequest_Failover
	keyShared = wire.ConsumerRequest_KeyShared
)

// pump is a consumer read by a goroutine of its own, so that a test sees what has
// arrived and what has not.
type pump struct {
	*consumerOf
	mu  sync.Mutex
	got []*wire.StreamMessage
	err error
}

func (k *consumerOf) pump() *pump {
	p := &pump{consumerOf: k}
	go func() {
		for {
			m, err := k.next()
			p.mu.Lock()
			if err == nil {
				p.got = append(p.got, m)
			}
			p.err = err
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// here returns what has come since the last take.
func (p *pump) here() []*wire.StreamMessage {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

// take returns the payloads that have come since the last take.
func (p *pump) take() (got []string) {
	for _, m := range p.here() {
		got = append(got, string(m.Payload))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = nil
	return got
}

// ackAll acknowledges what has come, and returns the payloads.
func (p *pump) ackAll() []string {
	came := p.here()
	got := p.take()
	for _, m := range came {
		p.ack(m)
	}
	return got
}

// failure is what ended the stream.
func (p *pump) failure() error {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// stage is a topic with a producer, for consumer tests in a bubble.
type stage struct {
	*world
	*client
	id uint64
}

func newStage(t *testing.T, settings devbroker.Settings) *stage {
	w := start(t, settings)
	c := w.client(0)
	return &stage{w, c, c.producer(topicT, "p")}
}

func (s *stage) send(payloads ...string) { s.client.send(topicT, s.id, payloads...) }

// sendKeys sends payloads that are their key and a number.
func (s *stage) sendKeys(payloads ...string) {
	s.client.t.Helper()
	for _, p := range payloads {
		m := sending(topicT, s.id, p)
		m.RoutingKey = new(keyOf(p))
		if err := s.trySend(m); err != nil {
			s.client.t.Fatal(err)
		}
	}
}

func keyOf(payload string) string { return strings.TrimRight(payload, "0123456789") }

func (s *stage) join(name string, kind wire.ConsumerRequest_SubscriptionType, filters ...string) *pump {
	in := consuming(topicT, "s", name, kind)
	in.KeyFilters = filters
	return s.consume(in).pump()
}

func TestWindow(t *testing.T) {
	for _, window := range []int{0, 3, 25} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{Window: window})
				p := s.join("c", exclusive)
				s.send(numbered(0, 60)...)
				if window == 0 {
					window = 10
				}
				wantEqual(t, "without acks", p.take(), numbered(0, window))
				next := window
				for ; next+window <= 60; next += window {
					for i := next - window; i < next; i++ {
						p.ack(&wire.StreamMessage{MsgId: &wire.MsgID{TopicName: topicT, TopicOffset: uint64(i)}})
					}
					wantEqual(t, "after acks", p.take(), numbered(next, next+window))
				}
			})
		})
	}
}

func TestMessageArrivesAsItWasSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("before")
		m := sending(topicT, s.id, "payload")
		m.Attributes = map[string]string{"k": "v"}
		m.RoutingKey, m.SchemaId, m.SchemaVersion = new("key"), proto.Uint64(4), proto.Uint32(2)
		if err := s.trySend(m); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := proto.CloneOf(m)
		want.MsgId.TopicOffset = 1
		if got := p.here()[1]; !proto.Equal(got, want) {
			t.Errorf("got %v; want %v", got, want)
		}
	})
}

func TestSubscriptionsBeginAtTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		s.send(numbered(0, 3)...)
		out := must[wire.ConsumerResponse](s.client, wire.Subscribe, consuming(topicT, "s", "c", exclusive))
		s.send(numbered(3, 5)...) // after Subscribe, before the stream
		if out.RequestId != 5 || out.ConsumerName != "c" {
			t.Errorf("answer is %v", out)
		}
		wantEqual(t, "received", s.join("c", exclusive).take(), numbered(3, 5))
		late := s.consume(consuming(topicT, "late", "c", exclusive)).pump()
		s.send("5")
		wantEqual(t, "late one received", late.take(), []string{"5"})
	})
}

func TestTwoSubscriptionsSeeEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		a := s.consume(consuming(topicT, "a", "c", exclusive)).pump()
		b := s.consume(consuming(topicT, "b", "c", shared)).pump()
		s.send(numbered(0, 5)...)
		wantEqual(t, "a", a.ackAll(), numbered(0, 5))
		wantEqual(t, "b", b.ackAll(), numbered(0, 5))
		wantEqual(t, "subscriptions", s.Topics()[0].Subscriptions, []string{"a", "b"})
	})
}

func TestAckTimeoutRedelivers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{AckTimeout: 5 * time.Second})
		p := s.join("c", exclusive)
		s.send("0", "1", "2")
		synctest.Wait()
		p.ack(p.here()[1])
		wantEqual(t, "first", p.take(), numbered(0, 3))
		time.Sleep(4999 * time.Millisecond)
		wantEqual(t, "too early", p.take(), []string(nil))
		time.Sleep(time.Millisecond)
		wantEqual(t, "again", p.ackAll(), []string{"0", "2"})
		time.Sleep(time.Minute)
		wantEqual(t, "acknowledged", p.take(), []string(nil))
	})
}

func TestNackDelays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("x")
		// Delays asked for and taken: the policy's 1 s doubles, and the later wins.
		for _, row := range []struct{ asked, want time.Duration }{
			{0, time.Second}, {0, 2 * time.Second}, {10 * time.Second, 10 * time.Second}, {time.Second, 8 * time.Second},
		} {
			synctest.Wait()
			p.nack(p.here()[0], row.asked)
			p.take()
			time.Sleep(row.want - time.Millisecond)
			wantEqual(t, "too early", p.take(), []string(nil))
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if len(p.here()) != 1 {
				t.Fatalf("not redelivered after %v", row.want)
			}
		}
	})
}

func TestRedeliveredMessagesComeAfterLaterOnes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send(numbered(0, 4)...)
		synctest.Wait()
		p.nack(p.here()[0], 0)
		p.nack(p.here()[2], 0)
		time.Sleep(time.Second)
		wantEqual(t, "received", p.take(), []string{"0", "1", "2", "3", "0", "2"})
	})
}

func TestPoisonStopsTheSubscription(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("poison")
		for range 5 {
			synctest.Wait()
			m := p.here()[len(p.here())-1]
			p.nack(m, 0)
			time.Sleep(time.Minute)
		}
		wantEqual(t, "deliveries", len(p.take()), 6)
		p.nack(&wire.StreamMessage{MsgId: &wire.MsgID{TopicName: topicT}}, 0)
		s.send("next")
		// A late ack of it does not help.
		p.ack(&wire.StreamMessage{MsgId: &wire.MsgID{TopicName: topicT}})
		time.Sleep(time.Hour)
		wantEqual(t, "after the poison", p.take(), []string(nil))
		wantEqual(t, "log", s.payloads(topicT), []string{"poison", "next"})
	})
}

func TestLateAndDoubleAcksAreFine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("0")
		synctest.Wait()
		m := p.here()[0]
		p.ack(m)
		p.ack(m)
		p.nack(m, 0)
		p.ack(&wire.StreamMessage{MsgId: &wire.MsgID{TopicName: topicT, TopicOffset: 99}})
		time.Sleep(time.Hour)
		wantEqual(t, "received", p.take(), []string{"0"})
	})
}

func TestAckOfAParkedMessageEndsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("0")
		synctest.Wait()
		m := p.here()[0]
		p.nack(m, time.Minute)
		p.ack(m)
		time.Sleep(time.Hour)
		wantEqual(t, "received", p.take(), []string{"0"})
	})
}

func TestTakeoverByName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		old := s.join("c", exclusive)
		s.send(numbered(0, 3)...)
		synctest.Wait()
		old.ack(old.here()[1])
		old.take()
		young := s.join("c", exclusive)
		wantEqual(t, "in flight again", young.take(), []string{"0", "2"})
		if young.id != old.id {
			t.Errorf("ids are %d and %d; want the same", old.id, young.id)
		}
		if old.failure() != io.EOF {
			t.Errorf("old stream ended with %v; want an orderly end", old.failure())
		}
		s.send("3")
		wantEqual(t, "old", old.take(), []string(nil))
		wantEqual(t, "young", young.take(), []string{"3"})
	})
}

func TestASecondStreamReplacesTheFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		k := s.exclusive(topicT)
		first := k.pump()
		synctest.Wait()
		again := &consumerOf{c: s.client, topic: topicT, group: "s", id: k.id}
		again.open()
		second := again.pump()
		s.send("x")
		wantEqual(t, "second", second.take(), []string{"x"})
		if first.failure() != io.EOF {
			t.Errorf("first stream: %v; want its end", first.failure())
		}
	})
}

func TestReconnectResumes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send(numbered(0, 5)...)
		synctest.Wait()
		for _, m := range p.here()[:3] {
			p.ack(m)
		}
		p.end()
		synctest.Wait()
		if s.alive(p.id) {
			t.Error("a consumer without a stream is OK")
		}
		s.send("5")
		again := s.join("c", exclusive)
		wantEqual(t, "received", again.take(), numbered(3, 6))
		if !s.alive(p.id) {
			t.Error("a consumer with a stream is CLOSE")
		}
	})
}

// alive is HealthCheck of a consumer.
func (c *client) alive(id uint64) bool {
	c.t.Helper()
	out := must[wire.HealthCheckResponse](c, wire.CheckHealth, &wire.HealthCheckRequest{Client: wire.HealthCheckRequest_Consumer, Id: id})
	return out.Status == wire.HealthCheckResponse_OK
}

func TestRestartResumesAtTheCursor(t *testing.T) {
	for name, restart := range map[string]func(*world){
		"forget": func(w *world) { w.Forget() },
		"crash":  func(w *world) { w.Crash() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{})
				p := s.join("c", exclusive)
				s.send(numbered(0, 6)...)
				synctest.Wait()
				for _, i := range []int{0, 1, 3} { // the cursor is contiguous: 2 holds it
					p.ack(p.here()[i])
				}
				restart(s.world)
				synctest.Wait()
				wantStatus(t, p.failure(), codes.Unavailable, "")
				_, err := (&consumerOf{c: s.client, id: p.id}).reopen()
				wantStatus(t, err, codes.NotFound, "does not exist")
				wantEqual(t, "received", s.join("c", exclusive).take(), numbered(2, 6))
			})
		})
	}
}

// reopen calls ReceiveMessages and waits for the first answer.
func (k *consumerOf) reopen() (*wire.StreamMessage, error) {
	k.open()
	return k.next()
}

func TestCrashTakesBackWhatWasDelivered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Flush: time.Hour})
		p := s.join("c", exclusive)
		s.send(numbered(0, 5)...)
		wantEqual(t, "received", p.ackAll(), numbered(0, 5))
		wantEqual(t, "forgotten", s.Crash(), map[string]int{topicT: 5})
		synctest.Wait()
		again := s.join("c", exclusive)
		s.id = s.producer(topicT, "p")
		s.send("new")
		synctest.Wait()
		if got := again.here()[0].MsgId.TopicOffset; got != 5 {
			t.Errorf("offset %d; want 5", got)
		}
		wantEqual(t, "received", again.take(), []string{"new"})
	})
}

func TestSharedTakesTurns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		a, b := s.join("a", shared), s.join("b", shared)
		s.send(numbered(0, 6)...)
		wantEqual(t, "a", a.take(), []string{"0", "2", "4"})
		wantEqual(t, "b", b.take(), []string{"1", "3", "5"})
		b.end()
		wantEqual(t, "a, after b left", a.take(), []string{"1", "3", "5"})
	})
}

func TestFailoverStandby(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		a, b := s.join("a", failover), s.join("b", failover)
		s.send("0", "1")
		wantEqual(t, "active", a.take(), []string{"0", "1"})
		wantEqual(t, "standby", b.take(), []string(nil))
		a.end()
		s.send("2")
		wantEqual(t, "standby now active", b.take(), []string{"0", "1", "2"})
	})
}

func TestKeySharedKeepsOneOfAKeyInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", keyShared)
		s.sendKeys("a0", "b0", "a1", "a2", "b1", "c0")
		wantEqual(t, "first of each", p.ackAll(), []string{"a0", "b0", "c0"})
		wantEqual(t, "second of each", p.ackAll(), []string{"a1", "b1"})
		wantEqual(t, "third", p.ackAll(), []string{"a2"})
	})
}

func TestKeySharedKeepsAKeyWithOneConsumer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Window: 200})
		consumers := []*pump{s.join("x", keyShared), s.join("y", keyShared), s.join("z", keyShared)}
		var keys []string
		for c := 'a'; c <= 'z'; c++ {
			keys = append(keys, string(c)+"-and some more") // the hash moves little with a last letter
		}
		for i := range 4 {
			for _, key := range keys {
				s.sendKeys(fmt.Sprint(key, i))
			}
		}
		home := map[string]int{}
		order := map[string][]string{}
		for range 4 {
			for i, p := range consumers {
				for _, got := range p.ackAll() {
					key := keyOf(got)
					if was, ok := home[key]; ok && was != i {
						t.Errorf("key %s went to %d and %d", key, was, i)
					}
					home[key] = i
					order[key] = append(order[key], strings.TrimPrefix(got, key))
				}
			}
		}
		used := map[int]bool{}
		for _, key := range keys {
			wantEqual(t, "order of "+key, order[key], numbered(0, 4))
			used[home[key]] = true
		}
		if len(used) != 3 {
			t.Errorf("keys went to %v only", used)
		}
	})
}

func TestKeySharedFilters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		vowels, rest := s.join("v", keyShared, "[aeiou]"), s.join("r", keyShared, "[^aeiou]")
		s.sendKeys("a0", "b0", "e0", "z0")
		wantEqual(t, "vowels", vowels.take(), []string{"a0", "e0"})
		wantEqual(t, "rest", rest.take(), []string{"b0", "z0"})
	})
}

func TestKeySharedFallsBackToTheProducer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", keyShared)
		s.send("0", "1")
		wantEqual(t, "one in flight", p.ackAll(), []string{"0"})
		wantEqual(t, "then the next", p.ackAll(), []string{"1"})
	})
}

func TestSlowSubscriptionSkipsWhatIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Retain: 5, Window: 2})
		p := s.join("c", exclusive)
		s.send(numbered(0, 20)...)
		wantEqual(t, "first", p.ackAll(), numbered(0, 2))
		wantEqual(t, "then what is left", p.ackAll(), []string{"15", "16"})
	})
}

// subscribeRefusals are answers to Subscribe at listener 0 of cluster, whose topic
// /default/a has the exclusive subscription "s" of "c", and limits of 2
// subscriptions and 2 consumers, with "t" the second subscription.
var subscribeRefusals = map[string]struct {
	in   *wire.ConsumerRequest
	code codes.Code
	text string
}{
	"missing topic":      {consuming("/default/none", "s", "c", exclusive), codes.NotFound, "Unable to find the topic"},
	"bad name":           {consuming("none", "s", "c", exclusive), codes.InvalidArgument, "invalid format"},
	"owned elsewhere":    {consuming("/default/b", "s", "c", exclusive), codes.Unavailable, "another broker"},
	"second exclusive":   {consuming("/default/a", "s", "d", exclusive), codes.PermissionDenied, "exclusive"},
	"subscription limit": {consuming("/default/a", "u", "c", exclusive), codes.PermissionDenied, "Subscription limit"},
	"consumer limit":     {consuming("/default/a", "t", "e", shared), codes.ResourceExhausted, "Consumer limit"},
	"unknown type":       {consuming("/default/c", "s", "c", 9), codes.InvalidArgument, "subscription type"},
}

func TestSubscribeRefusals(t *testing.T) {
	t.Parallel()
	settings := cluster
	settings.MaxSubscriptions, settings.MaxConsumers = 2, 2
	c := start(t, settings).client(0)
	must[wire.ConsumerResponse](c, wire.Subscribe, consuming("/default/a", "s", "c", exclusive))
	must[wire.ConsumerResponse](c, wire.Subscribe, consuming("/default/a", "t", "d", shared))
	for name, row := range subscribeRefusals {
		t.Run(name, func(t *testing.T) {
			_, err := try[wire.ConsumerResponse](c, wire.Subscribe, row.in)
			wantStatus(t, err, row.code, row.text)
		})
	}
}

func TestAckRefusals(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{Topics: []string{topicT}}).client(0)
	for name, row := range map[string]struct {
		id   *wire.MsgID
		code codes.Code
	}{
		"without msg_id":       {nil, codes.Canceled},
		"unknown topic":        {&wire.MsgID{TopicName: "/default/none"}, codes.Internal},
		"unknown subscription": {&wire.MsgID{TopicName: topicT}, codes.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try[wire.AckResponse](c, wire.Ack, &wire.AckRequest{MsgId: row.id, SubscriptionName: "s"})
			wantStatus(t, err, row.code, "")
			_, err = try[wire.NackResponse](c, wire.Nack, &wire.NackRequest{MsgId: row.id, SubscriptionName: "s"})
			wantStatus(t, err, row.code, "")
		})
	}
}

func TestReceiveOfAnUnknownConsumer(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	_, err := (&consumerOf{c: c, id: 77}).reopen()
	wantStatus(t, err, codes.NotFound, "does not exist")
}

// nonReliable makes the topic one that keeps nothing.
func nonReliable(t testing.TB, c *client) uint64 {
	t.Helper()
	in := producing(topicT, "p")
	in.DispatchStrategy = wire.DispatchStrategy_NonReliable
	_, _ = c.tryProducer(in)
	out, err := c.tryProducer(in)
	if err != nil {
		t.Fatal(err)
	}
	return out.ProducerId
}

func TestNonReliable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := nonReliable(t, c)
		c.send(topicT, id, "nobody hears")
		p := c.consume(consuming(topicT, "s", "c", shared)).pump()
		synctest.Wait()
		c.send(topicT, id, "heard")
		synctest.Wait()
		if got := p.here()[0].MsgId.TopicOffset; got != 0 {
			t.Errorf("offset %d; want 0", got)
		}
		p.ack(p.here()[0]) // means nothing, and is fine
		wantEqual(t, "received", p.take(), []string{"heard"})
		wantEqual(t, "log", w.payloads(topicT), []string{})
		if topic := w.Topics()[0]; topic.Reliable || topic.Accepted != 2 || topic.Kept != 0 {
			t.Errorf("topic is %+v; want 2 accepted, none kept", topic)
		}
	})
}

func TestNonReliableDropsWhatAConsumerHasNoRoomFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := nonReliable(t, c)
		w.Script(devbroker.Fault{Method: "ReceiveMessages", Applied: true, Delay: time.Second})
		p := c.consume(consuming(topicT, "s", "c", exclusive)).pump()
		synctest.Wait()
		c.send(topicT, id, numbered(0, 20)...)
		time.Sleep(time.Second)
		wantEqual(t, "received", p.take(), numbered(0, 4))
	})
}

func TestIdleNonReliableSubscriptionsGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		nonReliable(t, c)
		p := c.consume(consuming(topicT, "s", "c", exclusive)).pump()
		time.Sleep(time.Hour)
		wantEqual(t, "while connected", w.Topics()[0].Subscriptions, []string{"s"})
		p.end()
		time.Sleep(59 * time.Second)
		wantEqual(t, "after 59 s", w.Topics()[0].Subscriptions, []string{"s"})
		time.Sleep(2 * time.Second)
		wantEqual(t, "after 61 s", w.Topics()[0].Subscriptions, []string(nil))
	})
}

// TestManyConsumersGetEachMessageOnce is a subscription under load: consumers come
// and go, and every message is acknowledged by somebody.
func TestManyConsumersGetEachMessageOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{Window: 50})
		const total = 300
		seen := map[string]int{}
		sent := 0
		for round := 0; len(seen) < total; round++ {
			p := s.join(fmt.Sprint("c", round%3), shared)
			if sent < total {
				s.send(numbered(sent, sent+100)...)
				sent += 100
			}
			synctest.Wait()
			for i, m := range p.here() {
				if i%7 == 6 {
					continue // goes to somebody else when this one is taken over
				}
				p.ack(m)
				seen[string(m.Payload)]++
			}
			p.end()
			if round > 500 {
				t.Fatalf("%d of %d after %d rounds", len(seen), total, round)
			}
		}
		for payload, n := range seen {
			if n != 1 {
				t.Errorf("%s was acknowledged %d times", payload, n)
			}
		}
		if got := slices.Collect(s.Log(topicT)); len(got) != total {
			t.Errorf("log holds %d; want %d", len(got), total)
		}
	})
}

func TestSubscriptionNamesAreEchoed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		m := sending(topicT, s.id, strings.Repeat("x", 3<<20))
		m.SubscriptionName = "whatever the producer says"
		if err := s.trySend(m); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := p.here()[0].SubscriptionName; got != m.SubscriptionName {
			t.Errorf("subscription name is %q", got)
		}
	})
}

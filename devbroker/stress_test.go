package devbroker_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// persistent sends its payloads in order through everything that happens, as a
// client should: a send that failed is sent again, under a new producer when the
// old one is unknown. Every payload is in the log once at least.
type persistent struct {
	w       *world
	topic   string
	name    string
	clients []*client // by listener
	at      *client
	id      uint64
}

func (w *world) persistent(topic, name string) *persistent {
	p := &persistent{w: w, topic: topic, name: name}
	for i := range w.URLs() {
		p.clients = append(p.clients, w.client(i))
	}
	for p.at == nil {
		p.connect()
	}
	return p
}

// send returns when the payload was answered OK.
func (p *persistent) send(payload string) {
	for pause := time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		if p.at != nil && p.at.trySend(sending(p.topic, p.id, payload)) == nil {
			return
		}
		time.Sleep(pause)
		p.connect()
	}
}

// connect looks for the owner at every listener in turn.
func (p *persistent) connect() {
	p.at = nil
	for _, c := range p.clients {
		if out, err := c.lookup(p.topic); err == nil {
			c = p.clients[slices.Index(p.w.URLs(), out.ConnectUrl)]
		}
		if out, err := c.tryProducer(producing(p.topic, p.name)); err == nil {
			p.at, p.id = c, out.ProducerId
			return
		}
	}
}

// troubles are what a producer has to survive, each lasting for a while.
var troubles = map[string]func(w *world, pause func()){
	"answers lost": func(w *world, pause func()) {
		scene := w.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Disconnect: true, After: 10, Times: 5})
		pause()
		scene.Lift()
	},
	"streams reset": func(w *world, pause func()) {
		scene := w.Script(devbroker.Fault{Method: "SendMessage", Reset: true, After: 10, Times: 5})
		pause()
		scene.Lift()
	},
	"restarts": func(w *world, pause func()) {
		for range 3 {
			w.Forget()
			pause()
		}
	},
	"refused for an hour": func(w *world, pause func()) {
		for i := range w.URLs() {
			_ = w.Refuse(i, true)
		}
		time.Sleep(time.Hour)
		for i := range w.URLs() {
			_ = w.Refuse(i, false)
		}
		pause()
	},
	"moves": func(w *world, pause func()) {
		for i := range 4 {
			_ = w.Move(topicT, (i+1)%2, 300*time.Millisecond)
			pause()
		}
	},
	"owner dead, lookups behind": func(w *world, pause func()) {
		_ = w.Kill(w.Topics()[0].Listener, 24*time.Second)
		time.Sleep(30 * time.Second)
		pause()
	},
	"stalled": func(w *world, pause func()) {
		scene := w.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Stall: true, Times: devbroker.Keep})
		pause()
		scene.Lift()
	},
	"no namespace for a while": func(w *world, pause func()) {
		scene := w.Script(devbroker.Fault{Method: "CreateProducer", Code: codes.Unavailable, Text: "Unable to find the namespace default", Times: 3})
		w.Forget()
		pause()
		scene.Lift()
	},
}

func TestAPersistentClientSurvives(t *testing.T) {
	t.Parallel()
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := start(t, devbroker.Settings{Listen: []string{"one:1", "two:1"}, Topics: []string{topicT}})
				p := w.persistent(topicT, "p")
				const total = 60
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i := range total {
						p.send(fmt.Sprint(i))
						time.Sleep(100 * time.Millisecond)
					}
				}()
				trouble(w, func() { time.Sleep(time.Second) })
				<-done
				var got []string
				for _, payload := range w.payloads(topicT) {
					if !slices.Contains(got, payload) { // a lost answer makes a second copy
						got = append(got, payload)
					}
				}
				wantEqual(t, "log without copies", got, numbered(0, total))
			})
		})
	}
}

// TestEverythingAtOnce is for the race detector, and for hanging: clients and
// every method of Broker at the same time, then Close in the middle of it.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(testing.TB, devbroker.Settings) *world{"memory": start, "tcp": startTCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := devbroker.Settings{
				Flush: time.Millisecond, AckTimeout: time.Millisecond, Window: 20, Retain: 50, Topics: []string{topicT},
			}
			if name == "tcp" {
				settings.Listen = []string{"127.0.0.1:0", "127.0.0.1:0"}
			} else {
				settings.Listen = []string{"one:1", "two:1"}
			}
			w := begin(t, settings)
			stop := make(chan struct{})
			var all sync.WaitGroup
			forever := func(do func()) {
				all.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							do()
						}
					}
				})
			}
			for i := range 2 {
				c := w.client(i)
				forever(func() {
					if out, err := c.tryProducer(producing(topicT, "p")); err == nil {
						_ = c.trySend(sending(topicT, out.ProducerId, "x"))
					}
				})
				forever(func() { receiveSome(c) })
			}
			rounds := 0
			for _, do := range []func(){
				func() { w.Script(devbroker.Fault{Method: "SendMessage", Reset: true}).Lift() },
				func() { w.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: 2}); w.Lift() },
				func() { w.Forget() },
				func() { w.Crash() },
				func() { _ = w.Move(topicT, rounds%2, time.Millisecond) },
				func() { _ = w.Refuse(0, true); _ = w.Refuse(0, false) },
				func() { _ = w.Kill(1, time.Millisecond); _ = w.Revive(1) },
				func() { w.SetToken("t"); w.SetToken("") },
				func() { w.payloads(topicT); w.Topics() },
			} {
				for range 20 {
					rounds++
					do()
				}
			}
			_ = w.Close()
			close(stop)
			all.Wait()
		})
	}
}

// receiveSome consumes whatever comes until something goes wrong.
func receiveSome(c *client) {
	out, err := try[wire.ConsumerResponse](c, wire.Subscribe, consuming(topicT, "s", "c", shared))
	if err != nil {
		return
	}
	k := &consumerOf{c: c, topic: topicT, group: "s", id: out.ConsumerId}
	k.open()
	defer k.end()
	for range 20 {
		m, err := k.next()
		if err != nil {
			return
		}
		_, _ = try[wire.AckResponse](c, wire.Ack, &wire.AckRequest{MsgId: m.MsgId, SubscriptionName: k.group})
	}
}

func TestManyProducersAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Standalone: true})
	c := w.client(0)
	const producers, each = 16, 50
	var all sync.WaitGroup
	for p := range producers {
		all.Go(func() {
			topic := fmt.Sprintf("/default/t%c", 'a'+p%4)
			id := c.producer(topic, fmt.Sprint("p", p))
			for i := range each {
				if err := c.trySend(sending(topic, id, fmt.Sprintf("%d:%d", p, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	next := map[string]int{}
	total := 0
	for _, topic := range w.Topics() {
		offset := uint64(0)
		for m := range w.Log(topic.Name) {
			name, number, _ := strings.Cut(string(m.Payload), ":")
			if number != fmt.Sprint(next[name]) {
				t.Errorf("producer %s: %s after %d", name, number, next[name]-1)
			}
			if m.Offset != offset {
				t.Errorf("%s: offset %d; want %d", topic.Name, m.Offset, offset)
			}
			next[name]++
			offset++
			total++
		}
	}
	if total != producers*each {
		t.Errorf("%d messages; want %d", total, producers*each)
	}
}

// streamFaults are what faults do to ReceiveMessages.
var streamFaults = map[string]struct {
	fault devbroker.Fault
	code  codes.Code
}{
	"fail":             {devbroker.Fault{Code: codes.Internal}, codes.Internal},
	"fail after":       {devbroker.Fault{Applied: true, Code: codes.Internal}, codes.Internal},
	"reset":            {devbroker.Fault{Reset: true}, codes.Canceled},
	"reset after":      {devbroker.Fault{Applied: true, Reset: true}, codes.Canceled},
	"disconnect":       {devbroker.Fault{Disconnect: true}, codes.Unavailable},
	"disconnect after": {devbroker.Fault{Applied: true, Disconnect: true}, codes.Unavailable},
}

func TestFaultsOnStreams(t *testing.T) {
	t.Parallel()
	for name, row := range streamFaults {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newStage(t, devbroker.Settings{})
				row.fault.Method, row.fault.Topic = "ReceiveMessages", topicT
				scene := s.Script(row.fault)
				first := s.join("c", exclusive)
				if got := status.Code(first.failure()); got != row.code {
					t.Errorf("stream ended with %v; want %v", got, row.code)
				}
				if row.code == codes.Canceled {
					// The handler of a reset stream stays until the caller ends.
					first.end()
				}
				s.send("x")
				wantEqual(t, "received by the next", s.join("c", exclusive).ackAll(), []string{"x"})
				if scene.Hits() != 1 {
					t.Errorf("%d hits; want 1", scene.Hits())
				}
			})
		})
	}
}

func TestAStalledStreamGoesOnWhenLifted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		scene := s.Script(devbroker.Fault{Method: "ReceiveMessages", Stall: true, Times: devbroker.Keep})
		p := s.join("c", exclusive)
		s.send(numbered(0, 3)...)
		time.Sleep(time.Hour)
		wantEqual(t, "while stalled", p.take(), []string(nil))
		scene.Lift()
		wantEqual(t, "lifted", p.ackAll(), numbered(0, 3))
	})
}

func TestAcksCanBeLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStage(t, devbroker.Settings{})
		p := s.join("c", exclusive)
		s.send("x")
		scene := s.Script(devbroker.Fault{Method: "Ack", Topic: topicT, Code: codes.Internal, Text: "not today"})
		m := p.here()[0]
		_, err := try[wire.AckResponse](s.client, wire.Ack, &wire.AckRequest{MsgId: m.MsgId, SubscriptionName: "s"})
		wantStatus(t, err, codes.Internal, "not today")
		time.Sleep(30 * time.Second)
		wantEqual(t, "received", p.take(), []string{"x", "x"})
		if scene.Hits() != 1 {
			t.Errorf("%d hits; want 1", scene.Hits())
		}
	})
}

// TestPartitionsAreTopics is a partitioned topic as clients make one.
func TestPartitionsAreTopics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Listen: []string{"one:1", "two:1"}})
		for i := range 3 {
			w.persistent(fmt.Sprint(topicT, "-part-", i), fmt.Sprint("p-", i)).send(fmt.Sprint("to ", i))
		}
		c := w.client(0)
		out := must[wire.TopicPartitionsResponse](c, wire.TopicPartitions, &wire.TopicLookupRequest{Topic: topicT})
		wantEqual(t, "partitions", out.Partitions, []string{topicT + "-part-0", topicT + "-part-1", topicT + "-part-2"})
		wantEqual(t, "owners", owners(w), map[string]int{topicT + "-part-0": 0, topicT + "-part-1": 1, topicT + "-part-2": 0})
		for i := range 3 {
			wantEqual(t, "log", w.payloads(fmt.Sprint(topicT, "-part-", i)), []string{fmt.Sprint("to ", i)})
		}
		_, err := c.tryProducer(producing(topicT, "plain"))
		wantStatus(t, err, codes.AlreadyExists, "partitioned topic")
		w.Script(devbroker.Fault{Method: "SendMessage", Topic: topicT, Code: codes.Aborted, Times: 3})
		for i := range 3 {
			at := w.client(owners(w)[fmt.Sprint(topicT, "-part-", i)])
			id := at.producer(fmt.Sprint(topicT, "-part-", i), fmt.Sprint("p-", i))
			wantStatus(t, at.trySend(sending(fmt.Sprint(topicT, "-part-", i), id, "x")), codes.Aborted, "")
		}
		synctest.Wait()
	})
}

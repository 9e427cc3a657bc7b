package devbroker_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

var simSeed = flag.Uint64("sim.seed", 0, "replay this seed of TestSimulation; 0 runs new ones")

// simulation is a cluster to which random things happen, beside a plain model of
// what its logs must hold after each of them.
type simulation struct {
	*world
	seed    uint64
	random  *rand.Rand
	began   time.Time
	clients []*client
	dead    []bool
	topics  map[string]*simTopic
	count   int
	steps   []string // for the report
}

// simTopic is the model of a topic.
type simTopic struct {
	name      string
	log       []simMessage
	highest   int64 // offset ever seen
	sessions  []session
	consumer  *pump
	delivered map[string]bool
}

type simMessage struct {
	payload string
	at      time.Time
}

// session is what a client knows of a topic: where it is and its producer there.
type session struct {
	listener int
	id       uint64
}

const (
	simFlush    = 5 * time.Second
	simFailover = 24 * time.Second
)

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{
		world: start(t, devbroker.Settings{
			Listen: []string{"one:1", "two:1", "three:1"}, Flush: simFlush, Window: 1000,
			// Long, so that nothing counts as poison while nobody drains.
			AckTimeout: time.Hour,
		}),
		seed: seed, random: rand.New(rand.NewPCG(seed, 7)), began: time.Now(),
		dead: make([]bool, 3), topics: map[string]*simTopic{},
	}
	for i := range 3 {
		s.clients = append(s.clients, s.client(i))
	}
	for _, name := range []string{"/default/a", "/default/b", "/default/c"} {
		s.topics[name] = &simTopic{name: name, highest: -1, delivered: map[string]bool{}}
		s.connect(s.topics[name])
		s.subscribe(s.topics[name])
	}
	return s
}

func (s *simulation) failf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, after %v: %s", s.seed, s.steps, fmt.Sprintf(format, args...))
}

// reach returns a client that does not sit out a back-off.
func (s *simulation) reach(listener int) *client {
	s.clients[listener].ResetConnectBackoff()
	synctest.Wait()
	return s.clients[listener]
}

func (s *simulation) live() int {
	for i := range s.dead {
		if !s.dead[i] {
			return i
		}
	}
	s.failf("nobody lives")
	return 0
}

// connect finds the topic's owner and creates a producer, as patient as a real
// client: through the creation of the topic and the failover of its owner.
func (s *simulation) connect(t *simTopic) session {
	for range 100 {
		at := s.live()
		if out, err := s.reach(at).lookup(t.name); err == nil {
			for i, url := range s.URLs() {
				if url == out.ConnectUrl {
					at = i
				}
			}
		}
		out, err := s.reach(at).tryProducer(producing(t.name, "p"))
		if err == nil {
			last := session{at, out.ProducerId}
			t.sessions = append(t.sessions, last)
			return last
		}
		if status.Code(err) != codes.Unavailable {
			s.failf("CreateProducer: %v", err)
		}
		s.sleep(time.Second)
	}
	s.failf("no producer for %s", t.name)
	return session{}
}

// sleep passes time, and never ends it at the instant of a flush.
func (s *simulation) sleep(d time.Duration) {
	time.Sleep(d)
	if time.Since(s.began)%simFlush == 0 {
		time.Sleep(time.Millisecond)
	}
	synctest.Wait()
}

// send sends one message; applied says whether the log must have it.
func (s *simulation) send(t *simTopic, on session) (err error) {
	s.count++
	payload := fmt.Sprint(s.count)
	err = s.reach(on.listener).trySend(sending(t.name, on.id, payload))
	if err == nil {
		t.log = append(t.log, simMessage{payload, time.Now()})
	}
	return err
}

// forget is what a crash does to the model.
func (s *simulation) forget(t *simTopic) int {
	flushed := s.began.Add(time.Since(s.began).Truncate(simFlush))
	kept := len(t.log)
	for kept > 0 && t.log[kept-1].at.After(flushed) {
		kept--
	}
	gone := len(t.log) - kept
	t.log = t.log[:kept]
	return gone
}

// check compares every log with the model, and offsets with all there ever were.
func (s *simulation) check() {
	s.t.Helper()
	for name, t := range s.topics {
		i := 0
		last := int64(-1)
		for m := range s.Log(name) {
			if i >= len(t.log) || string(m.Payload) != t.log[i].payload {
				s.failf("%s holds %v; want %v", name, s.payloads(name), t.log)
			}
			if int64(m.Offset) <= last {
				s.failf("%s has offset %d after %d", name, m.Offset, last)
			}
			last = int64(m.Offset)
			i++
		}
		if i != len(t.log) {
			s.failf("%s holds %d messages; want %d", name, i, len(t.log))
		}
		t.highest = max(t.highest, last)
	}
}

// subscribe attaches the consumer where the topic is, if it can be reached.
func (s *simulation) subscribe(t *simTopic) {
	for _, topic := range s.Topics() {
		if topic.Name != t.name || s.dead[topic.Listener] {
			continue
		}
		c := s.reach(topic.Listener)
		in := consuming(t.name, "s", "c", wire.ConsumerRequest_Exclusive)
		if _, err := try[wire.ConsumerResponse](c, wire.Subscribe, in); err != nil {
			s.failf("Subscribe: %v", err)
		}
		t.consumer = c.consume(in).pump()
	}
}

// drain takes and acknowledges what has come; a consumer that was cut off comes
// back.
func (s *simulation) drain(t *simTopic) {
	if t.consumer == nil || t.consumer.failure() != nil {
		s.subscribe(t)
	}
	for _, m := range t.consumer.here() {
		t.delivered[string(m.Payload)] = true
		if t.consumer.failure() == nil {
			t.consumer.ack(m)
		}
	}
	t.consumer.take()
}

// happen is one random thing.
func (s *simulation) happen() {
	names := []string{"/default/a", "/default/b", "/default/c"}
	t := s.topics[names[s.random.IntN(len(names))]]
	listener := s.random.IntN(3)
	step := s.random.IntN(12)
	s.steps = append(s.steps, fmt.Sprintf("%d:%s:%d", step, t.name[9:], listener))
	switch step {
	default:
		s.sleep(time.Duration(s.random.IntN(3000)) * time.Millisecond)
	case 0, 1, 2, 3:
		s.produce(t)
	case 4:
		s.produceLosingTheAnswer(t)
	case 5:
		s.drain(t)
	case 6:
		s.crash()
	case 7:
		s.Forget()
		synctest.Wait()
	case 8:
		if !s.dead[listener] {
			_ = s.Move(t.name, listener, 0)
		}
	case 9:
		s.killOrRevive(listener)
	case 10:
		s.stale(t)
	}
}

// produce sends under the newest session, and under a new one when that is gone.
func (s *simulation) produce(t *simTopic) {
	err := s.send(t, t.sessions[len(t.sessions)-1])
	if err == nil {
		return
	}
	if code := status.Code(err); code != codes.NotFound && code != codes.Unavailable {
		s.failf("SendMessage: %v", err)
	}
	if err := s.send(t, s.connect(t)); err != nil {
		s.failf("SendMessage under a new session: %v", err)
	}
}

func (s *simulation) produceLosingTheAnswer(t *simTopic) {
	on := s.connect(t)
	scene := s.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Disconnect: true})
	defer scene.Lift()
	if err := s.send(t, on); status.Code(err) != codes.Unavailable {
		s.failf("the answer that should be lost is %v", err)
	}
	t.log = append(t.log, simMessage{fmt.Sprint(s.count), time.Now()})
}

func (s *simulation) crash() {
	want := map[string]int{}
	for name, t := range s.topics {
		if n := s.forget(t); n > 0 {
			want[name] = n
		}
	}
	if got := s.Crash(); fmt.Sprint(got) != fmt.Sprint(want) {
		s.failf("Crash forgot %v; want %v", got, want)
	}
	synctest.Wait()
}

// killOrRevive keeps at least two alive, so that a failover has somewhere to go.
func (s *simulation) killOrRevive(listener int) {
	if s.dead[listener] {
		_ = s.Revive(listener)
		s.dead[listener] = false
		return
	}
	for _, dead := range s.dead {
		if dead {
			return
		}
	}
	for _, topic := range s.Topics() {
		if topic.Listener == listener {
			s.forget(s.topics[topic.Name])
		}
	}
	_ = s.Kill(listener, simFailover)
	s.dead[listener] = true
	synctest.Wait()
}

// stale sends under a session of the past: it is either the present one, or
// refused without a trace.
func (s *simulation) stale(t *simTopic) {
	old := t.sessions[s.random.IntN(len(t.sessions))]
	if err := s.send(t, old); err != nil {
		if code := status.Code(err); code != codes.NotFound && code != codes.Unavailable {
			s.failf("SendMessage under an old session: %v", err)
		}
	}
}

// finish heals everything and checks that the consumers have seen all there is.
func (s *simulation) finish() {
	for i := range s.dead {
		_ = s.Revive(i)
		s.dead[i] = false
	}
	s.sleep(2 * simFailover)
	for range 3 {
		for _, t := range s.topics {
			s.produce(t)
			s.drain(t)
		}
		s.sleep(time.Hour) // past the acknowledgement timeout
	}
	for _, t := range s.topics {
		s.drain(t)
		for _, m := range t.log {
			if !t.delivered[m.payload] {
				s.failf("%s: the consumer never saw %s", t.name, m.payload)
			}
		}
	}
	s.check()
}

func TestSimulation(t *testing.T) {
	t.Parallel()
	seeds := []uint64{*simSeed}
	if *simSeed == 0 {
		seeds = nil
		for range 10 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	for _, seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			s := newSimulation(t, seed)
			for range 120 {
				s.happen()
				s.check()
			}
			s.finish()
		})
	}
}

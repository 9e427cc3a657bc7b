package devbroker

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func TestCodecMeasuresAndDecodes(t *testing.T) {
	t.Parallel()
	in := &wire.StreamMessage{RequestId: 4, Payload: []byte("payload")}
	data, err := codec{}.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	whole := data.Materialize()
	half := len(whole) / 2
	for name, slice := range map[string]mem.BufferSlice{
		"one buffer":  {mem.SliceBuffer(whole)},
		"two buffers": {mem.SliceBuffer(whole[:half]), mem.SliceBuffer(whole[half:])},
	} {
		out := &wire.StreamMessage{}
		r := &request{Message: out}
		if err := (codec{}).Unmarshal(slice, r); err != nil || !proto.Equal(in, out) || r.size != len(whole) || r.check() != nil {
			t.Errorf("%s: %v, %v, %d bytes; want %v", name, err, out, r.size, in)
		}
	}
	if (codec{}).Name() != "proto" {
		t.Error("the codec has another name than clients ask for")
	}
}

func TestCodecDoesNotDecodeWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	r := &request{Message: &wire.StreamMessage{}}
	if err := (codec{}).Unmarshal(mem.BufferSlice{mem.SliceBuffer(make([]byte, maxRequest+1))}, r); err != nil {
		t.Fatal(err) // the zero bytes would be an error had they been read
	}
	if err := r.check(); status.Code(err) != codes.OutOfRange || !strings.Contains(err.Error(), "found 4194305 bytes, the limit is: 4194304 bytes") {
		t.Errorf("check: %v", err)
	}
}

func TestCodecRefusesOtherValues(t *testing.T) {
	t.Parallel()
	if _, err := (codec{}).Marshal("text"); err == nil {
		t.Error("encodes a string")
	}
	if err := (codec{}).Unmarshal(nil, &wire.StreamMessage{}); err == nil {
		t.Error("decodes into a message that nobody measures")
	}
	garbage := mem.BufferSlice{mem.SliceBuffer("\xff\xff")}
	if err := (codec{}).Unmarshal(garbage, &request{Message: &wire.StreamMessage{}}); err == nil {
		t.Error("decodes garbage")
	}
}

func TestGateKnowsItsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		l, err := n.listen("a:1")
		if err != nil {
			t.Fatal(err)
		}
		g := newGate(l)
		var accepted []net.Conn
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := g.Accept()
				if err != nil {
					return
				}
				accepted = append(accepted, c)
			}
		}()
		var clients []net.Conn
		for range 3 {
			c, err := n.Dial(t.Context(), "a:1")
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
		}
		synctest.Wait()
		_ = accepted[0].Close()
		if len(g.conns) != 2 {
			t.Errorf("%d connections; want 2", len(g.conns))
		}
		g.cut()
		if len(g.conns) != 0 {
			t.Errorf("%d connections after the cut", len(g.conns))
		}
		for i, want := range []error{nil, syscall.ECONNRESET, syscall.ECONNRESET} {
			_, err := clients[i].Read(make([]byte, 1))
			if want != nil && !errors.Is(err, want) {
				t.Errorf("client %d: %v; want %v", i, err, want)
			}
		}
		// One that is under way when the gate closes is reset.
		g.mu.Lock()
		g.refusing = true
		g.mu.Unlock()
		c, err := n.Dial(t.Context(), "a:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("let in: %v", err)
		}
		_ = g.Close()
		<-done
	})
}

// newTestBroker is an owner without a server.
func newTestBroker(t *testing.T, settings Settings) *Broker {
	b := &Broker{
		steps: make(chan *step, burst), quit: make(chan struct{}), ended: make(chan struct{}), closing: make(chan struct{}),
		free: sync.Pool{New: func() any { return &step{done: make(chan struct{}, 1)} }},
	}
	settings = settings.withDefaults()
	b.hosts = []*host{{url: "http://h:1", name: "http://h:1"}}
	go b.own(newState(settings, b.hosts))
	t.Cleanup(func() {
		select {
		case <-b.quit:
		default:
			close(b.quit)
		}
		<-b.ended
	})
	return b
}

func TestOwnerTakesOneStepAtATime(t *testing.T) {
	t.Parallel()
	b := newTestBroker(t, Settings{})
	counter := 0 // guarded by being the owner's
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 100 {
				if !b.ask(func(*state) { counter++ }) {
					t.Error("the owner ended")
				}
			}
		})
	}
	all.Wait()
	b.ask(func(*state) {
		if counter != 5000 {
			t.Errorf("%d steps; want 5000", counter)
		}
	})
}

func TestAskAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := newTestBroker(t, Settings{})
	close(b.quit)
	<-b.ended
	for range 2 * burst { // more than the queue holds
		if b.ask(func(*state) { t.Error("a step was taken") }) {
			t.Error("ask says it was done")
		}
	}
}

func TestRequestsOfACutConnectionAreNotCarriedOut(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*call){
		"severed": func(c *call) { c.conn.severed.Store(true) },
		"dead":    func(c *call) { c.host.dead = true },
	} {
		c := &call{conn: &conn{}, host: &host{}, apply: func(*state) error {
			t.Errorf("%s: carried out", name)
			return nil
		}}
		prepare(c)
		c.carryOut(nil)
		if c.err != errGone {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestRingMovesFewKeysWhenAConsumerLeaves(t *testing.T) {
	t.Parallel()
	var consumers []*consumer
	for i := range 4 {
		consumers = append(consumers, &consumer{name: strings.Repeat(string(rune('a'+i)), 5)})
	}
	if onRing(nil, "key") != nil {
		t.Error("a key has a consumer where there is none")
	}
	const keys = 1000
	moved, load := 0, map[string]int{}
	for i := range keys {
		key := fmt.Sprintf("%d-and some more", i*7919)
		before := onRing(consumers, key)
		load[before.name]++
		after := onRing(consumers[:3], key)
		if before != consumers[3] && before != after {
			moved++
		}
	}
	if moved > 0 {
		t.Errorf("%d keys moved between consumers that stayed", moved)
	}
	if len(load) != 4 {
		t.Errorf("keys are spread as %v; want every consumer to have some", load)
	}
}

func TestLeastLoadedOfTheLiving(t *testing.T) {
	t.Parallel()
	hosts := []*host{{index: 0, dead: true}, {index: 1}, {index: 2}}
	s := newState(Settings{}.withDefaults(), hosts)
	var got []int
	for i := range 4 {
		h := s.leastLoaded()
		got = append(got, h.index)
		s.create(fmt.Sprint("/default/", i), true, h)
	}
	if fmt.Sprint(got) != "[1 2 1 2]" {
		t.Errorf("owners are %v; want 1 2 1 2", got)
	}
	hosts[1].dead, hosts[2].dead = true, true
	if s.leastLoaded() == nil {
		t.Error("nobody, with all dead; want any")
	}
}

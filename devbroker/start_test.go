package devbroker_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func TestZeroSettingsServeOverTCP(t *testing.T) {
	t.Parallel()
	w := startTCP(t, devbroker.Settings{})
	if !strings.HasPrefix(w.URL(), "http://127.0.0.1:") {
		t.Errorf("URL is %s; want one on the loopback interface", w.URL())
	}
	c := w.client(0)
	id := c.producer(topicT, "p")
	k := c.exclusive(topicT)
	c.send(topicT, id, numbered(0, 50)...)
	wantEqual(t, "received", k.readAcking(50), numbered(0, 50))
	wantEqual(t, "log", w.payloads(topicT), numbered(0, 50))
}

func TestInMemoryServesInABubble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		k := c.exclusive(topicT)
		began := time.Now()
		c.send(topicT, id, numbered(0, 50)...)
		wantEqual(t, "received", k.readAcking(50), numbered(0, 50))
		if d := time.Since(began); d != 0 {
			t.Errorf("the exchange took %v of fake time; want none", d)
		}
	})
}

var wrongSettings = map[string]struct {
	settings devbroker.Settings
	want     string
}{
	"window too small": {devbroker.Settings{Window: -1}, "Window = -1"},
	"window too large": {devbroker.Settings{Window: 10001}, "between 1 and 10000"},
	"negative flush":   {devbroker.Settings{Flush: -time.Second}, "Flush = -1s"},
	"flush in between": {devbroker.Settings{Flush: time.Microsecond}, "whole milliseconds"},
	"ack timeout":      {devbroker.Settings{AckTimeout: -1}, "AckTimeout"},
	"negative limit":   {devbroker.Settings{MaxProducers: -1}, "limit is negative"},
	"negative retain":  {devbroker.Settings{Retain: -1}, "limit is negative"},
	"topic name":       {devbroker.Settings{Topics: []string{"t"}}, `"t"; must be /namespace/topic`},
	"address":          {devbroker.Settings{Listen: []string{"127.0.0.1:0", "nowhere"}}, "listen on nowhere"},
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, row := range wrongSettings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := devbroker.Start(row.settings)
			if err == nil {
				_ = b.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %q; want it to say %q", err, row.want)
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	network := devbroker.NewNetwork()
	first := launch(t, devbroker.Settings{Listen: []string{"a:1"}, Network: network}, network)
	if _, err := devbroker.Start(devbroker.Settings{Listen: []string{"b:1", "a:1"}, Network: network}); err == nil {
		t.Error("a second broker listens on a:1")
	}
	// The failed start has given b:1 back.
	second := launch(t, devbroker.Settings{Listen: []string{"b:1"}, Network: network}, network)
	for _, w := range []*world{first, second} {
		w.client(0).producer(topicT, "p")
	}
}

func TestCloseIsIdempotentAndEndsEverything(t *testing.T) {
	t.Parallel()
	w := startTCP(t, devbroker.Settings{Flush: time.Second})
	c := w.client(0)
	id := c.producer(topicT, "p")
	k := c.exclusive(topicT)
	_, seen := w.script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
	hanging := async(func() error { return c.trySend(sending(topicT, id, "x")) })
	<-seen

	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantStatus(t, <-hanging, codes.Unavailable, "")
	if _, err := k.next(); err == nil {
		t.Error("the stream outlives the broker")
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(w.URL(), "http://")); err == nil {
		t.Error("the port is still open")
	}
}

func TestMethodsAfterCloseDoNothing(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Topics: []string{topicT}})
	_ = w.Close()
	scene := w.Script(devbroker.Fault{Delay: time.Second})
	scene.Lift()
	w.Lift()
	w.Forget()
	if got := w.Crash(); len(got) != 0 {
		t.Errorf("Crash forgot %v", got)
	}
	if got := w.Topics(); got != nil {
		t.Errorf("Topics are %v", got)
	}
	if got := w.payloads(topicT); got != nil {
		t.Errorf("Log holds %v", got)
	}
	if err := w.Refuse(0, true); err != nil {
		t.Error(err)
	}
}

func TestTopicsFromTheStart(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{
		Listen: []string{"a:1", "b:1"}, NoAutoCreate: true,
		Topics: []string{"/default/x", "/default/y", "/default/z"},
	})
	var owners []int
	for _, topic := range w.Topics() {
		owners = append(owners, topic.Listener)
		if !topic.Reliable || topic.Accepted != 0 || topic.Kept != 0 {
			t.Errorf("topic is %+v", topic)
		}
	}
	wantEqual(t, "owners", owners, []int{0, 1, 0})
	c := w.client(1)
	if _, err := c.tryProducer(producing("/default/y", "p")); err != nil {
		t.Error(err)
	}
	_, err := c.tryProducer(producing("/default/new", "p"))
	wantStatus(t, err, codes.NotFound, "Unable to find the topic")
}

func TestOtherMethodsAreUnimplemented(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	_, err := try[wire.MessageResponse](c, "/danube.StorageService/ListSegmentDescriptors", &wire.StreamMessage{})
	wantStatus(t, err, codes.Unimplemented, "")
}

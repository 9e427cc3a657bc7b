package devbroker_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// endings are what one fault does to one send: what the caller sees, and whether
// the message is in the log.
var endings = map[string]struct {
	fault   devbroker.Fault
	code    codes.Code
	text    string
	applied bool
	took    time.Duration
}{
	"fail": {
		devbroker.Fault{Code: codes.ResourceExhausted, Text: "no room"},
		codes.ResourceExhausted, "no room", false, 0,
	},
	"fail after": {
		devbroker.Fault{Applied: true, Code: codes.Internal, Text: "late"},
		codes.Internal, "late", true, 0,
	},
	"reset":            {devbroker.Fault{Reset: true}, codes.Canceled, "RST_STREAM", false, 0},
	"reset after":      {devbroker.Fault{Applied: true, Reset: true}, codes.Canceled, "RST_STREAM", true, 0},
	"disconnect":       {devbroker.Fault{Disconnect: true}, codes.Unavailable, "", false, 0},
	"disconnect after": {devbroker.Fault{Applied: true, Disconnect: true}, codes.Unavailable, "", true, 0},
	"stall":            {devbroker.Fault{Stall: true}, codes.DeadlineExceeded, "", false, patience},
	"stall after":      {devbroker.Fault{Applied: true, Stall: true}, codes.DeadlineExceeded, "", true, patience},
	"delay":            {devbroker.Fault{Delay: time.Second}, codes.OK, "", true, time.Second},
	"delay after":      {devbroker.Fault{Applied: true, Delay: time.Second}, codes.OK, "", true, time.Second},
	"delayed failure": {
		devbroker.Fault{Delay: time.Second, Code: codes.Unavailable, Text: "slow no"},
		codes.Unavailable, "slow no", false, time.Second,
	},
	"delay past the deadline":       {devbroker.Fault{Delay: time.Hour}, codes.DeadlineExceeded, "", false, patience},
	"delay past the deadline after": {devbroker.Fault{Applied: true, Delay: time.Hour}, codes.DeadlineExceeded, "", true, patience},
}

func TestFaultEndings(t *testing.T) {
	t.Parallel()
	for name, row := range endings {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := start(t, devbroker.Settings{})
				c := w.client(0)
				id := c.producer(topicT, "p")
				row.fault.Method = "SendMessage"
				scene := w.Script(row.fault)
				began := time.Now()
				wantStatus(t, c.trySend(sending(topicT, id, "faulty")), row.code, row.text)
				if took := time.Since(began); took != row.took {
					t.Errorf("took %v; want %v", took, row.took)
				}
				var want []string
				if row.applied {
					want = append(want, "faulty")
				}
				wantEqual(t, "log", w.payloads(topicT), want)
				// Once is once, and the producer is as good as before.
				synctest.Wait()
				c.send(topicT, id, "next")
				wantEqual(t, "log", w.payloads(topicT), append(want, "next"))
				if got := scene.Hits(); got != 1 {
					t.Errorf("%d hits; want 1", got)
				}
			})
		})
	}
}

// namings are which of the sends "a" to /default/a, "b" to /default/b-part-1 and
// "c" to /default/b, each of them twice, a fault happens to.
var namings = map[string]struct {
	fault devbroker.Fault
	want  string
}{
	"all":          {devbroker.Fault{Times: devbroker.Keep}, "a b c a b c"},
	"once":         {devbroker.Fault{}, "a"},
	"twice":        {devbroker.Fault{Times: 2}, "a b"},
	"after two":    {devbroker.Fault{After: 2}, "c"},
	"kept after":   {devbroker.Fault{After: 4, Times: devbroker.Keep}, "b c"},
	"topic":        {devbroker.Fault{Topic: "/default/a", Times: devbroker.Keep}, "a a"},
	"partition":    {devbroker.Fault{Topic: "/default/c-part-1", Times: devbroker.Keep}, "b b"},
	"base":         {devbroker.Fault{Topic: "/default/c", Times: devbroker.Keep}, "b b"},
	"other method": {devbroker.Fault{Method: "Ack", Times: devbroker.Keep}, ""},
	"this method":  {devbroker.Fault{Method: "SendMessage", After: 1, Times: 3}, "b c a"},
	"match": {
		devbroker.Fault{Times: devbroker.Keep, Match: func(r devbroker.Request) bool {
			return string(r.Payload) == "c" && r.Key == "key" && r.Attributes["x"] == "y" && r.Producer == "p" && r.Listener == 0
		}}, "c c",
	},
}

func TestFaultsNameTheirRequests(t *testing.T) {
	t.Parallel()
	for name, row := range namings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{Topics: []string{"/default/a", "/default/c-part-1", "/default/b"}})
			c := w.client(0)
			ids := map[string]uint64{}
			topics := []string{"/default/a", "/default/c-part-1", "/default/b"}
			for _, topic := range topics {
				ids[topic] = c.producer(topic, "p")
			}
			row.fault.Code = codes.Aborted
			w.Script(row.fault)
			var hit []string
			for i := range 6 {
				m := sending(topics[i%3], ids[topics[i%3]], string(rune('a'+i%3)))
				m.Attributes = map[string]string{"x": "y"}
				m.RoutingKey = new("key")
				if err := c.trySend(m); err != nil {
					wantStatus(t, err, codes.Aborted, "")
					hit = append(hit, string(m.Payload))
				}
			}
			if got := strings.Join(hit, " "); got != row.want {
				t.Errorf("hit %q; want %q", got, row.want)
			}
		})
	}
}

func TestTheFirstFaultScriptedWins(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	id := c.producer(topicT, "p")
	first := w.Script(devbroker.Fault{Method: "SendMessage", Code: codes.Aborted, Times: 2})
	second := w.Script(
		devbroker.Fault{Method: "SendMessage", Code: codes.DataLoss},
		devbroker.Fault{Method: "SendMessage", Code: codes.Internal},
	)
	for _, want := range []codes.Code{codes.Aborted, codes.Aborted, codes.DataLoss, codes.Internal, codes.OK} {
		wantStatus(t, c.trySend(sending(topicT, id, "x")), want, "")
	}
	wantEqual(t, "hits", []int{first.Hits(), second.Hits()}, []int{2, 2})
}

func TestLiftLetsStalledRequestsGoOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, applied := range []bool{false, true} {
			for name, lift := range map[string]func(*world, *devbroker.Scene){
				"scene":  func(_ *world, s *devbroker.Scene) { s.Lift(); s.Lift() },
				"broker": func(w *world, _ *devbroker.Scene) { w.Lift() },
			} {
				w := start(t, devbroker.Settings{})
				c := w.client(0)
				id := c.producer(topicT, "p")
				// One use, so that it is spent while it still holds the request.
				scene := w.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Applied: applied})
				done := async(func() error { return c.trySend(sending(topicT, id, "x")) })
				time.Sleep(time.Second)
				var before []string
				if applied {
					before = []string{"x"}
				}
				wantEqual(t, "log while stalled", w.payloads(topicT), before)
				lift(w, scene)
				if err := <-done; err != nil {
					t.Errorf("%s, applied %v: %v", name, applied, err)
				}
				wantEqual(t, "log", w.payloads(topicT), []string{"x"})
			}
		}
	})
}

func TestLiftEndsAKeptFault(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	c := w.client(0)
	id := c.producer(topicT, "p")
	scene := w.Script(devbroker.Fault{Method: "SendMessage", Code: codes.Aborted, Times: devbroker.Keep})
	for range 3 {
		wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.Aborted, "")
	}
	scene.Lift()
	c.send(topicT, id, "x")
	if got := scene.Hits(); got != 3 {
		t.Errorf("%d hits; want 3", got)
	}
}

func TestLiftShortensADelay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		w.Script(devbroker.Fault{Method: "SendMessage", Delay: 5 * time.Second})
		began := time.Now()
		done := async(func() error { return c.trySend(sending(topicT, id, "x")) })
		time.Sleep(time.Second)
		w.Lift()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v; want 1s", took)
		}
	})
}

// TestStallOfOneTopicLeavesOthersAlone is also about the connection: they share it.
func TestStallOfOneTopicLeavesOthersAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Topics: []string{"/default/a", "/default/b"}})
		c := w.client(0)
		a, b := c.producer("/default/a", "p"), c.producer("/default/b", "p")
		w.Script(devbroker.Fault{Topic: "/default/a", Method: "SendMessage", Stall: true, Applied: true, Times: devbroker.Keep})
		stalled := async(func() error { return c.trySend(sending("/default/a", a, "x")) })
		c.send("/default/b", b, numbered(0, 100)...)
		wantStatus(t, <-stalled, codes.DeadlineExceeded, "")
		wantEqual(t, "log of a", w.payloads("/default/a"), []string{"x"})
	})
}

func TestCallerGivesUpAStalledRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		scene := w.Script(devbroker.Fault{Method: "SendMessage", Stall: true})
		ctx, cancel := context.WithCancel(t.Context())
		done := async(func() error {
			return c.Invoke(ctx, wire.SendMessage, sending(topicT, id, "x"), &wire.MessageResponse{})
		})
		synctest.Wait()
		cancel()
		wantStatus(t, <-done, codes.Canceled, "")
		synctest.Wait()
		scene.Lift()
		synctest.Wait()
		wantEqual(t, "log", w.payloads(topicT), []string{})
	})
}

func TestFaultsOnOtherMethods(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*client) error{
		"TopicLookup":     func(c *client) error { _, err := c.lookup(topicT); return err },
		"CreateProducer":  func(c *client) error { _, err := c.tryProducer(producing(topicT, "p")); return err },
		"GetLatestSchema": func(c *client) error { _, err := c.latest("s"); return err },
		"HealthCheck": func(c *client) error {
			_, err := try[wire.HealthCheckResponse](c, wire.CheckHealth, &wire.HealthCheckRequest{Id: 1})
			return err
		},
		"Subscribe": func(c *client) error {
			_, err := try[wire.ConsumerResponse](c, wire.Subscribe, consuming(topicT, "s", "c", 0))
			return err
		},
		"Nack": func(c *client) error {
			_, err := try[wire.NackResponse](c, wire.Nack, &wire.NackRequest{MsgId: &wire.MsgID{TopicName: topicT}})
			return err
		},
	}
	for method, call := range calls {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{Topics: []string{topicT}})
			w.Script(devbroker.Fault{Method: method, Code: codes.Aborted, Text: "as scripted"})
			wantStatus(t, call(w.client(0)), codes.Aborted, "as scripted")
		})
	}
}

func TestFaultOnAHealthCheckKnowsTheTopic(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Topics: []string{topicT}})
	c := w.client(0)
	id := c.producer(topicT, "p")
	k := c.exclusive(topicT)
	_, seen := w.script(devbroker.Fault{Method: "HealthCheck", Topic: topicT, Code: codes.Aborted, Times: devbroker.Keep})
	for _, in := range []*wire.HealthCheckRequest{{Id: id}, {Id: k.id, Client: wire.HealthCheckRequest_Consumer}} {
		_, err := try[wire.HealthCheckResponse](c, wire.CheckHealth, in)
		wantStatus(t, err, codes.Aborted, "")
	}
	names := []string{(<-seen).Producer, (<-seen).Producer}
	wantEqual(t, "names", names, []string{"p", "c"})
}

var impossibleFaults = map[string]struct {
	fault devbroker.Fault
	want  string
}{
	"unknown method": {devbroker.Fault{Method: "Send", Reset: true}, "must be one of Ack, CheckCompatibility, ConfigureTopicSchema, CreateProducer"},
	"two endings":    {devbroker.Fault{Stall: true, Code: codes.Internal}, "more than one"},
	"no effect":      {devbroker.Fault{Method: "SendMessage"}, "does nothing"},
}

func TestScriptPanicsOnWhatNobodyCanMean(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{})
	for name, row := range impossibleFaults {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, row.want) {
					t.Errorf("panic %q; want it to say %q", got, row.want)
				}
			}()
			w.Script(row.fault)
		})
	}
}

package danube_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func TestConsumerKeepsOrder(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		id := l.open(0)
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		want := payloads(50)
		var have []string
		for _, p := range want {
			l.want(flow.OK, 0, id, p)
			m := r.receive(c)
			if have = append(have, string(m.Payload)); m.Offset != uint64(len(have)-1) {
				t.Errorf("%s at offset %d, want %d", p, m.Offset, len(have)-1)
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("received (-want +have):\n%s", diff)
		}
	})
}

func TestSubscribeWithoutATopic(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		for _, s := range []danube.Subscription{
			{Topic: topic(), Name: "s"},
			{Topic: topic(), Name: "s", Partitions: 2},
		} {
			_, err := r.Subscribe(t.Context(), s)
			if !errors.Is(err, danube.ErrNoTopic) || !errors.Is(err, connect.ClassConfig) || !strings.Contains(err.Error(), s.Topic) {
				t.Errorf("%+v: class %s: %v", s, connect.ClassOf(err), err)
			}
		}
	})
}

func TestSubscribeWaitsForATopic(t *testing.T) {
	for name, partitions := range map[string]int{"plain": 0, "partitioned": 2} {
		t.Run(name, func(t *testing.T) {
			bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
				name := topic()
				short, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				s := danube.Subscription{Topic: name, Name: "s", Partitions: partitions, Wait: true}
				if _, err := r.Subscribe(short, s); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, danube.ErrNoTopic) {
					t.Errorf("nobody creates it: %v", err)
				}
				l := r.line(connect.Producer{Topic: name, Partitions: partitions, Reliable: true})
				ids := make([]uint64, max(partitions, 1))
				created := make(chan struct{})
				go func() {
					defer close(created)
					time.Sleep(time.Hour)
					for i := range ids {
						ids[i] = l.open(i)
					}
				}()
				c, err := r.Subscribe(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				<-created
				for i, id := range ids {
					l.want(flow.OK, i, id, "x")
					r.receive(c)
				}
			})
		})
	}
}

func TestSubscriptionIsChecked(t *testing.T) {
	t.Parallel()
	c := newClient(t, danube.Settings{URL: "http://127.0.0.1:1"})
	for _, s := range []danube.Subscription{{Name: "s"}, {Topic: "t", Name: "s"}, {Topic: "/default/t"}, {Topic: "/default/t", Name: "s", Partitions: -1}} {
		if _, err := c.Subscribe(t.Context(), s); !errors.Is(err, connect.ClassConfig) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestConsumerComesBack goes through a restart of the broker.
func TestConsumerComesBack(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		l.want(flow.OK, 0, l.open(0), "unseen: sent before the subscription")
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		for i := range 3 {
			l.want(flow.OK, 0, l.open(0), "a")
			m, err := c.Receive(t.Context())
			if err != nil || string(m.Payload) != "a" {
				t.Fatalf("%q, %v", m.Payload, err)
			}
			r.broker.Forget()
			synctest.Wait()
			if err := c.Ack(t.Context(), m); err == nil || connect.ClassOf(err) != connect.ClassRetryable {
				t.Errorf("round %d: a message of a lost subscription was acknowledged: %v", i, err)
			}
			if again := r.receive(c); again.Offset != m.Offset {
				t.Fatalf("round %d: offset %d delivered again as %d", i, m.Offset, again.Offset)
			}
		}
	})
}

// TestConsumerIsForgotten has a broker that knows the consumer no longer and does
// not end its stream.
func TestConsumerIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakes(t, "seed:1")
		f.lookup = func(string, string) (*wire.TopicLookupResponse, error) { return new(wire.TopicLookupResponse), nil }
		checks := 0
		f.health = func(_ string, q *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error) {
			if q.GetClient() != wire.HealthCheckRequest_Consumer || q.GetId() != 5 {
				t.Errorf("health check %v", q)
			}
			if checks++; checks == 3 {
				return &wire.HealthCheckResponse{Status: wire.HealthCheckResponse_CLOSE}, nil
			}
			return &wire.HealthCheckResponse{}, nil
		}
		r := &rig{Client: newClient(t, danube.Settings{URL: "http://seed:1", Dial: f.dial}), t: t, url: "fake"}
		r.subscribe(danube.Subscription{Topic: "/default/t", Name: "s", Partitions: 1})
		time.Sleep(14 * time.Second)
		if n := len(f.heardOf(wire.Subscribe)); n != 1 {
			t.Fatalf("subscribed %d times", n)
		}
		time.Sleep(time.Minute)
		if n := len(f.heardOf(wire.Subscribe)); n != 2 {
			t.Errorf("subscribed %d times after one CLOSE, want 2", n)
		}
	})
}

// TestConsumerIsClosedByTheBroker loses its registration without its stream
// being ended.
func TestConsumerIsClosedByTheBroker(t *testing.T) {
	listeners := devbroker.Settings{Listen: []string{"127.0.0.1:1", "127.0.0.1:2"}}
	bubble(t, listeners, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		l.open(0)
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		for listener := range 4 {
			if err := r.broker.Move(name, listener%2, 0); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			l.want(flow.OK, 0, l.open(0), "x")
			r.receive(c)
		}
	})
}

func TestExclusiveSubscriptionIsTaken(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		r.line(reliable(name)).open(0)
		r.subscribe(danube.Subscription{Topic: name, Name: "s", Consumer: "one"})
		_, err := r.Subscribe(t.Context(), danube.Subscription{Topic: name, Name: "s", Consumer: "two"})
		if !errors.Is(err, connect.ClassConfig) {
			t.Errorf("class %s: %v", connect.ClassOf(err), err)
		}
		shared := danube.Subscription{Topic: name, Name: "shared", Consumer: "one", Type: wire.ConsumerRequest_Shared}
		r.subscribe(shared)
		shared.Consumer = "two"
		r.subscribe(shared)
	})
}

func TestConsumerEnds(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		l.want(flow.OK, 0, l.open(0), "x")
		c := r.subscribe(danube.Subscription{Topic: name, Name: "s"})
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Receive(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing to receive: %v", err)
		}
		if err := c.Ack(t.Context(), danube.Message{Topic: name}); err == nil {
			t.Error("a message nobody received was acknowledged")
		}
		c.Close()
		c.Close()
		if _, err := c.Receive(t.Context()); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a closed consumer: %v", err)
		}
		other := r.subscribe(danube.Subscription{Topic: name, Name: "other"})
		r.Client.Close()
		if _, err := other.Receive(t.Context()); err == nil {
			t.Error("the consumer of a closed client receives")
		}
		if _, err := r.Subscribe(t.Context(), danube.Subscription{Topic: name, Name: "s"}); err == nil {
			t.Error("a closed client subscribes")
		}
	})
}

func TestSubscribeGivesUpWithItsContext(t *testing.T) {
	bubble(t, devbroker.Settings{Topics: []string{"/default/t"}}, danube.Settings{}, func(t *testing.T, r *rig) {
		r.broker.Script(devbroker.Fault{Method: "Subscribe", Code: codes.Internal, Text: "out of order", Times: devbroker.Keep})
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := r.Subscribe(short, danube.Subscription{Topic: "/default/t", Name: "s"})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "out of order") {
			t.Errorf("error %v", err)
		}
		denied := r.broker.Script(devbroker.Fault{Method: "TopicPartitions", Code: codes.PermissionDenied, Text: "no binding grants Lookup", Times: devbroker.Keep})
		if _, err := r.Subscribe(t.Context(), danube.Subscription{Topic: "/default/t", Name: "s"}); !errors.Is(err, connect.ClassFatal) {
			t.Errorf("denied: class %s: %v", connect.ClassOf(err), err)
		}
		denied.Lift()
	})
}

// TestStrangersAreNotPartitions has topics that begin with the name asked for.
func TestStrangersAreNotPartitions(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		base := topic()
		for _, p := range []connect.Producer{
			{Topic: base, Partitions: 2, Reliable: true},
			{Topic: base + "2", Partitions: 1, Reliable: true},
			{Topic: base + "-parts", Reliable: true},
		} {
			l := r.line(p)
			for i := range max(p.Partitions, 1) {
				l.open(i)
			}
		}
		c := r.subscribe(danube.Subscription{Topic: base, Name: "s"})
		for _, p := range []connect.Producer{{Topic: base + "2", Partitions: 1, Reliable: true}, {Topic: base + "-parts", Reliable: true}} {
			l := r.line(p)
			l.want(flow.OK, 0, l.open(0), "stranger")
		}
		l := r.line(connect.Producer{Topic: base, Partitions: 2, Reliable: true})
		var have []string
		for i := range 2 {
			l.want(flow.OK, i, l.open(i), "mine")
			have = append(have, r.receive(c).Topic)
		}
		if want := []string{base + "-part-0", base + "-part-1"}; !slices.Equal(have, want) {
			t.Errorf("received from %v, want %v", have, want)
		}
	})
}

package danube_test

import (
	"errors"
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
)

func TestRestartLosesTheSession(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		old := l.open(0)
		l.want(flow.OK, 0, old, "before")
		r.broker.Forget()
		// The connection broke; after grpc has dialled again, the broker says
		// that it does not know the producer.
		synctest.Wait()
		for {
			result := l.send(message(0, old, "lost"))
			if result.Outcome == flow.Lost {
				break
			}
			if result.Outcome != flow.Unknown {
				t.Fatalf("after a restart: %s: %v", result.Outcome, result.Err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Opened || e.Session == old {
			t.Fatalf("%s, session %d after %d: %v", e.Kind, e.Session, old, e.Err)
		}
		l.want(flow.Lost, 0, old, "the old session, still adopted")
		l.want(flow.Unadopted, 0, e.Session, "the new one, not adopted")
		l.Adopt(0, e.Session)
		l.want(flow.Unadopted, 0, old, "the old session")
		l.want(flow.OK, 0, e.Session, "after")
		if diff := cmp.Diff([]string{"before", "after"}, r.log(name)); diff != "" {
			t.Errorf("log (-want +have):\n%s", diff)
		}
	})
}

func TestOutageIsWaitedFor(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		id := l.open(0)
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		l.want(flow.Unknown, 0, id, "down")
		l.Open(0)
		time.Sleep(time.Hour)
		_ = r.broker.Refuse(0, false)
		back := time.Now()
		e := l.outcome(0)
		if e.Kind != flow.Opened || e.Session != id {
			t.Fatalf("%s, session %d, was %d: %v", e.Kind, e.Session, id, e.Err)
		}
		if took := e.Answered.Sub(back); took > 10*time.Second {
			t.Errorf("the broker was back for %s before it was noticed", took)
		}
		// The same session needs no adoption to go on, and takes one.
		l.want(flow.OK, 0, id, "again")
		l.Adopt(0, id)
		l.want(flow.OK, 0, id, "and again")
	})
}

func TestReplyLost(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		id := l.open(0)
		r.broker.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Disconnect: true})
		result := l.want(flow.Unknown, 0, id, "twice")
		if !strings.Contains(result.Err.Error(), name) {
			t.Errorf("error does not name the topic: %v", result.Err)
		}
		l.Open(0)
		if e := l.outcome(0); e.Session != id {
			t.Fatalf("%s: session %d, was %d", e.Kind, e.Session, id)
		}
		l.Adopt(0, id)
		l.want(flow.OK, 0, id, "twice")
		if diff := cmp.Diff([]string{"twice", "twice"}, r.log(name)); diff != "" {
			t.Errorf("log (-want +have):\n%s", diff)
		}
	})
}

func TestDeadlineIsStalled(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		id := l.open(0)
		scene := r.broker.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Stall: true})
		result := l.want(flow.Stalled, 0, id, "x")
		if took := result.Answered.Sub(result.Sent); took != 30*time.Second {
			t.Errorf("given up after %s, want the request timeout of 30s", took)
		}
		scene.Lift()
		l.want(flow.OK, 0, id, "y")
	})
}

func TestHandlerPanicIsAReset(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		r.broker.Script(devbroker.Fault{Method: "SendMessage", Reset: true})
		l.want(flow.Reset, 0, id, "x")
		l.want(flow.OK, 0, id, "x")
	})
}

func TestTopicMoves(t *testing.T) {
	settings := devbroker.Settings{Listen: []string{"127.0.0.1:6650", "127.0.0.1:6651"}}
	bubble(t, settings, danube.Settings{}, func(t *testing.T, r *rig) {
		name := topic()
		l := r.line(reliable(name))
		old := l.open(0)
		owner := 0
		for _, each := range r.broker.Topics() {
			if each.Name == name {
				owner = each.Listener
			}
		}
		if err := r.broker.Move(name, 1-owner, time.Second); err != nil {
			t.Fatal(err)
		}
		for range 3 { // draining, not in the registry, NOT_FOUND
			l.want(flow.Lost, 0, old, "x")
			time.Sleep(time.Second)
		}
		id := l.open(0)
		if id == old {
			t.Fatal("another broker gave the same session")
		}
		l.want(flow.OK, 0, id, "x")
	})
}

// TestOwnerDead is a broker killed for good: for 24 s the others still name it.
func TestOwnerDead(t *testing.T) {
	for _, name := range []string{"the seed is another", "the seed is the dead one, another is configured"} {
		t.Run(name, func(t *testing.T) {
			settings := devbroker.Settings{Listen: []string{"127.0.0.1:6650", "127.0.0.1:6651", "127.0.0.1:6652"}}
			urls := danube.Settings{URL: "http://127.0.0.1:6650", Seeds: []string{"http://127.0.0.1:6651", "http://127.0.0.1:6652"}}
			bubble(t, settings, urls, func(t *testing.T, r *rig) {
				name := topic()
				l := r.line(reliable(name))
				old := l.open(0)
				owner := -1
				for _, each := range r.broker.Topics() {
					owner = each.Listener
				}
				if strings.Contains(t.Name(), "dead_one") {
					// Move it under the first seed.
					if owner != 0 {
						if err := r.broker.Move(name, 0, 0); err != nil {
							t.Fatal(err)
						}
						old, owner = l.open(0), 0
					}
				}
				if err := r.broker.Kill(owner, 24*time.Second); err != nil {
					t.Fatal(err)
				}
				killed := time.Now()
				l.want(flow.Unknown, 0, old, "x")
				id := l.open(0)
				if id == old {
					t.Fatal("another broker gave the same session")
				}
				if took := time.Since(killed); took < 24*time.Second || took > 40*time.Second {
					t.Errorf("reopened %s after the kill", took)
				}
				l.want(flow.OK, 0, id, "x")
			})
		})
	}
}

func TestFlushIntervalIsTold(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  time.Duration
	}{{"final", 0}, {"announced", 5 * time.Second}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, devbroker.Settings{Flush: tc.set}, danube.Settings{}, func(t *testing.T, r *rig) {
				l := r.line(reliable(topic()))
				l.Open(0)
				if e := l.outcome(0); e.Flush != tc.set {
					t.Errorf("flush interval %s, want %s", e.Flush, tc.set)
				}
			})
		})
	}
}

func TestHealthIsPolled(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{HealthInterval: 5 * time.Second}, func(t *testing.T, r *rig) {
		l := r.line(connect.Producer{Topic: topic(), Partitions: 2, Reliable: true})
		id := l.open(0)
		time.Sleep(16 * time.Second)
		synctest.Wait()
		events := l.Events().Take(nil)
		if len(events) != 3 {
			t.Fatalf("%d events in 16 s, want 3: %+v", len(events), events)
		}
		for _, e := range events {
			if e.Kind != flow.Alive || e.Session != id || e.Partition != 0 {
				t.Errorf("event %+v", e)
			}
		}
		// Opening again replaces the poll and does not add one.
		l.open(0)
		l.open(0)
		l.open(1)
		l.Events().Take(nil)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if n := len(l.Events().Take(nil)); n != 6 {
			t.Errorf("%d events for two partitions in 15 s, want 6", n)
		}
		r.broker.Forget()
		if e := l.news(flow.Closed); e.Err == nil {
			t.Errorf("event %+v", e)
		}
	})
}

// TestHealthChecksDoNotPileUp has a broker that does not answer them in time.
func TestHealthChecksDoNotPileUp(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{HealthInterval: time.Second}, func(t *testing.T, r *rig) {
		scene := r.broker.Script(devbroker.Fault{Method: "HealthCheck", Stall: true, Times: devbroker.Keep})
		l := r.line(reliable(topic()))
		l.open(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := scene.Hits(); n > 12 {
			t.Errorf("%d health checks in a minute, each of which waits 5 s for its answer", n)
		}
		l.Probe(0)
		synctest.Wait()
		l.Close()
		if events := l.Events().Take(nil); len(events) == 0 || events[len(events)-1].Kind != flow.Quiet {
			t.Error("Close does not wait for a probe")
		} else if !strings.Contains(events[len(events)-1].Err.Error(), "anceled") {
			t.Errorf("the probe that Close cut: %v", events[len(events)-1].Err)
		}
	})
}

func TestProbe(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{HealthInterval: time.Hour}, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		l.Probe(0)
		if e := l.news(flow.Quiet); e.Err == nil {
			t.Errorf("without a session: %+v", e)
		}
		id := l.open(0)
		l.Probe(0)
		if e := l.news(flow.Alive); e.Session != id || e.Answered.Before(e.Sent) {
			t.Errorf("alive: %+v", e)
		}
		r.broker.Script(devbroker.Fault{Method: "HealthCheck", Stall: true})
		l.Probe(0)
		if e := l.news(flow.Quiet); e.Err == nil || e.Answered.Sub(e.Sent) != 5*time.Second {
			t.Errorf("no answer: %+v", e)
		}
		r.broker.Forget()
		l.Open(0) // so that the connection is back
		l.outcome(0)
		l.Probe(0)
		if e := l.news(flow.Closed); e.Session != id || e.Err == nil {
			t.Errorf("closed: %+v", e)
		}
	})
}

func TestCloseLetsInFlightFinish(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		r.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 10 * time.Second, Times: 2})
		l.Start(message(0, id, "a"))
		l.Start(message(0, id, "b"))
		began := time.Now()
		l.Close()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("Close took %s, the sends 10s", took)
		}
		for range 2 {
			if result := l.result(); result.Outcome != flow.OK {
				t.Errorf("%s: %v", result.Outcome, result.Err)
			}
		}
		l.want(flow.Unadopted, 0, id, "after Close")
		l.Open(0)
		l.Probe(0)
		l.Adopt(0, id)
		l.Close()
		time.Sleep(time.Hour)
		if n := len(l.Events().Take(nil)); n != 0 {
			t.Errorf("%d events after Close", n)
		}
	})
}

func TestClientCloseCutsWhatIsInFlight(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		id := l.open(0)
		r.broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true})
		l.Start(message(0, id, "a"))
		other := r.line(reliable("/nowhere/t"))
		other.Open(0)
		synctest.Wait()
		began := time.Now()
		r.Client.Close()
		if took := time.Since(began); took > time.Second {
			t.Errorf("Close took %s", took)
		}
		if result := l.result(); result.Outcome != flow.Unknown || result.Err == nil {
			t.Errorf("%s: %v", result.Outcome, result.Err)
		}
		r.Client.Close()
	})
}

// TestDeniedAtTheFirstOpening is fatal after one more look at the token.
func TestDeniedAtTheFirstOpening(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		scene := r.broker.Script(devbroker.Fault{
			Method: "CreateProducer", Code: codes.PermissionDenied, Text: "no binding grants Produce", Times: devbroker.Keep,
		})
		l := r.line(reliable(topic()))
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassFatal) {
			t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
		if n := scene.Hits(); n != 2 {
			t.Errorf("asked %d times, want 2", n)
		}
	})
}

// TestDeniedLater is held for the grace period.
func TestDeniedLater(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		l := r.line(reliable(topic()))
		l.open(0)
		deny := devbroker.Fault{Method: "CreateProducer", Code: codes.Unauthenticated, Text: "Invalid token", Times: devbroker.Keep}
		scene := r.broker.Script(deny)
		l.Open(0)
		time.Sleep(4 * time.Minute)
		scene.Lift()
		if e := l.outcome(0); e.Kind != flow.Opened {
			t.Fatalf("allowed again after 4 min: %s: %v", e.Kind, e.Err)
		}
		r.broker.Script(deny)
		began := time.Now()
		l.Open(0)
		e := l.outcome(0)
		if e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassFatal) {
			t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
		if took := time.Since(began); took < 5*time.Minute || took > 5*time.Minute+10*time.Second {
			t.Errorf("given up after %s, want 5m", took)
		}
	})
}

func TestDeniedLookup(t *testing.T) {
	bubble(t, devbroker.Settings{Listen: []string{"127.0.0.1:6650", "127.0.0.1:6651"}}, danube.Settings{}, func(t *testing.T, r *rig) {
		r.broker.Script(
			devbroker.Fault{Method: "TopicLookup", Code: codes.PermissionDenied, Text: "no binding grants Lookup", Times: devbroker.Keep},
			devbroker.Fault{Method: "CreateProducer", Code: codes.Unavailable, Text: "The topic exists but is served by another broker, redo the Lookup request", Times: devbroker.Keep},
		)
		l := r.line(reliable(topic()))
		l.Open(0)
		if e := l.outcome(0); e.Kind != flow.Failed || !errors.Is(e.Err, connect.ClassFatal) || !strings.Contains(e.Err.Error(), "Lookup") {
			t.Errorf("%s: class %s: %v", e.Kind, connect.ClassOf(e.Err), e.Err)
		}
	})
}

func TestOpenFoldsWhileUnderWay(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		_ = r.broker.Refuse(0, true)
		l := r.line(reliable(topic()))
		for range 5 {
			l.Open(0)
		}
		l.news(flow.Trying)
		_ = r.broker.Refuse(0, false)
		l.Open(0)
		l.outcome(0)
		time.Sleep(time.Minute)
		if more := l.Events().Take(nil); len(more) != 0 {
			t.Errorf("one opening ended in more: %+v", more)
		}
		l.Open(0)
		if e := l.outcome(0); e.Kind != flow.Opened {
			t.Errorf("opening again: %s: %v", e.Kind, e.Err)
		}
	})
}

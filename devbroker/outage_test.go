package devbroker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func TestMoveAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, cluster)
		one, two := w.client(0), w.client(1)
		id := one.producer("/default/a", "p")
		one.send("/default/a", id, numbered(0, 3)...)
		if err := w.Move("/default/a", 1, 0); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, one.trySend(sending("/default/a", id, "x")), codes.NotFound, "does not exist")
		if one.healthy(id) {
			t.Error("the producer is OK where its topic was")
		}
		wantRedirect(t, one, "/default/a", "http://two:6650")
		_, err := one.tryProducer(producing("/default/a", "p"))
		wantStatus(t, err, codes.Unavailable, "served by another broker")
		there := two.producer("/default/a", "p")
		if there == id {
			t.Error("the id moved with the topic")
		}
		two.send("/default/a", there, numbered(3, 5)...)
		wantEqual(t, "log", w.payloads("/default/a"), numbered(0, 5))
		wantStatus(t, one.trySend(sending("/default/a", there, "x")), codes.NotFound, "does not exist")
	})
}

func wantRedirect(t testing.TB, c *client, topic, url string) {
	t.Helper()
	out, err := c.lookup(topic)
	if err != nil || out.ResponseType != wire.TopicLookupResponse_Redirect || out.ConnectUrl != url {
		t.Errorf("lookup of %s: %v, %v; want a Redirect to %s", topic, out, err, url)
	}
}

func TestMoveInPhases(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, cluster)
		c := w.client(0)
		id := c.producer("/default/a", "p")
		if err := w.Move("/default/a", 1, time.Second); err != nil {
			t.Fatal(err)
		}
		for _, phase := range []struct {
			code codes.Code
			text string
		}{
			{codes.PermissionDenied, "Unable to publish the message: topic /default/a is draining or closed"},
			{codes.PermissionDenied, "Unable to publish the message: Topic /default/a not found in registry"},
			{codes.NotFound, "does not exist"},
		} {
			wantStatus(t, c.trySend(sending("/default/a", id, "x")), phase.code, phase.text)
			if c.healthy(id) {
				t.Error("a producer whose topic leaves is OK")
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		wantEqual(t, "log", w.payloads("/default/a"), []string{})
	})
}

func TestMoveEndsConsumersAndKeepsTheirCursor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, cluster)
		one, two := w.client(0), w.client(1)
		id := one.producer("/default/a", "p")
		k := one.exclusive("/default/a")
		one.send("/default/a", id, numbered(0, 5)...)
		k.readAcking(3)
		if err := w.Move("/default/a", 1, 0); err != nil {
			t.Fatal(err)
		}
		k.messages(2) // already under way
		k.wantEnd()
		wantEqual(t, "received", two.exclusive("/default/a").readAcking(2), numbered(3, 5))
	})
}

func TestMovesNobodyCanMean(t *testing.T) {
	t.Parallel()
	w := start(t, cluster)
	for _, err := range []error{
		w.Move("/default/none", 1, 0), w.Move("/default/a", 2, 0), w.Move("/default/a", -1, 0),
		w.Refuse(2, true), w.Kill(2, 0), w.Revive(-1),
	} {
		if err == nil {
			t.Error("no error")
		}
	}
	if err := w.Move("/default/a", 0, 0); err != nil {
		t.Errorf("to where it is: %v", err)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, devbroker.Settings) *world{"memory": start, "tcp": startTCP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{Listen: nil})
			c := w.client(0)
			id := c.producer(topicT, "p")
			if err := w.Refuse(0, true); err != nil {
				t.Fatal(err)
			}
			// A client of its own: the first one sits out its back-off.
			_, err := w.client(0).lookup(topicT)
			wantStatus(t, err, codes.Unavailable, "")
			if err := w.Refuse(0, false); err != nil {
				t.Fatal(err)
			}
			// Nothing was forgotten.
			w.client(0).send(topicT, id, "x")
		})
	}
}

func TestRefuseCutsRequestsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		_, seen := w.script(devbroker.Fault{Method: "SendMessage", Stall: true})
		done := async(func() error { return c.trySend(sending(topicT, id, "x")) })
		<-seen
		if err := w.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, <-done, codes.Unavailable, "")
	})
}

// TestOwnerDiesWhileLookupsStillNameIt is what a real cluster does for 24 s after
// the kill -9 of one of its brokers.
func TestOwnerDiesWhileLookupsStillNameIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		settings := cluster
		settings.Flush = 5 * time.Second
		w := start(t, settings)
		one, two := w.client(0), w.client(1)
		id := one.producer("/default/a", "p")
		one.send("/default/a", id, numbered(0, 3)...)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		one.send("/default/a", id, "unflushed")
		other := two.producer("/default/b", "p")
		if err := w.Kill(0, 24*time.Second); err != nil {
			t.Fatal(err)
		}
		if err := w.Kill(0, 0); err != nil { // it is dead already
			t.Fatal(err)
		}
		two.send("/default/b", other, "lives") // the other broker goes on
		for range 3 {
			wantRedirect(t, two, "/default/a", "http://one:6650")
			_, err := two.tryProducer(producing("/default/a", "p"))
			wantStatus(t, err, codes.Unavailable, "served by another broker")
			_, err = w.client(0).lookup("/default/a")
			wantStatus(t, err, codes.Unavailable, "")
			time.Sleep(7999 * time.Millisecond)
		}
		time.Sleep(3 * time.Millisecond)
		synctest.Wait()
		wantRedirect(t, two, "/default/a", "http://two:6650")
		two.send("/default/a", two.producer("/default/a", "p"), "after")
		wantEqual(t, "log", w.payloads("/default/a"), append(numbered(0, 3), "after"))
		wantEqual(t, "owners", owners(w), map[string]int{"/default/a": 1, "/default/b": 1, "/default/c": 1})
	})
}

func TestReviveBeforeTheFailover(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, cluster)
		id := w.client(0).producer("/default/a", "p")
		if err := w.Kill(0, 24*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := w.Revive(0); err != nil {
			t.Fatal(err)
		}
		c := w.client(0)
		wantStatus(t, c.trySend(sending("/default/a", id, "x")), codes.NotFound, "does not exist")
		// The failover of the first death does not end a second one early.
		time.Sleep(20 * time.Second)
		if err := w.Kill(0, 24*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		wantEqual(t, "owners", owners(w), map[string]int{"/default/a": 0, "/default/b": 1, "/default/c": 0})
		time.Sleep(15 * time.Second)
		wantEqual(t, "owners", owners(w), map[string]int{"/default/a": 1, "/default/b": 1, "/default/c": 1})
	})
}

func TestNewTopicsGoToLiveBrokers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, cluster)
		if err := w.Kill(1, time.Hour); err != nil {
			t.Fatal(err)
		}
		w.client(0).producer("/default/new", "p")
		if got := owners(w)["/default/new"]; got != 0 {
			t.Errorf("owner of the new topic is %d; want 0", got)
		}
	})
}

func TestNobodyLeftToFailOverTo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Topics: []string{topicT}})
		if err := w.Kill(0, time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := w.Refuse(0, false); err != nil { // does not raise the dead
			t.Fatal(err)
		}
		_, err := w.client(0).lookup(topicT)
		wantStatus(t, err, codes.Unavailable, "")
		if err := w.Revive(0); err != nil {
			t.Fatal(err)
		}
		w.client(0).producer(topicT, "p")
	})
}

package devbroker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

func TestCrashForgetsExactlyTheUnflushedTail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Flush: 5 * time.Second})
		c := w.client(0)
		id := c.producer(topicT, "p")
		idle := c.producer("/default/idle", "p")
		c.send("/default/idle", idle, "x")
		c.send(topicT, id, numbered(0, 10)...)
		time.Sleep(5 * time.Second) // one flush
		synctest.Wait()
		c.send(topicT, id, numbered(10, 17)...)
		var flushed int
		for m := range w.Log(topicT) {
			if m.Flushed {
				flushed++
			}
		}
		if flushed != 10 {
			t.Errorf("%d messages are flushed; want 10", flushed)
		}

		wantEqual(t, "forgotten", w.Crash(), map[string]int{topicT: 7})
		wantEqual(t, "log", w.payloads(topicT), numbered(0, 10))
		synctest.Wait()
		wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.NotFound, "does not exist")
		if again := c.producer(topicT, "p"); again == id {
			t.Error("the producer id survived the crash")
		} else {
			c.send(topicT, again, "after")
		}
		// Offsets are not given out twice.
		var last devbroker.Message
		for m := range w.Log(topicT) {
			last = m
		}
		if last.Offset != 17 || string(last.Payload) != "after" {
			t.Errorf("last message is %s at %d; want after at 17", last.Payload, last.Offset)
		}
		wantEqual(t, "forgotten at once", w.Crash(), map[string]int{topicT: 1})
	})
}

func TestNothingIsForgottenWhenEveryOKIsFinal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{})
		c := w.client(0)
		id := c.producer(topicT, "p")
		c.send(topicT, id, numbered(0, 10)...)
		if got := w.Crash(); len(got) != 0 {
			t.Errorf("forgot %v", got)
		}
		wantEqual(t, "log", w.payloads(topicT), numbered(0, 10))
		synctest.Wait()
		wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.NotFound, "does not exist")
	})
}

func TestForgetKeepsAllData(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Flush: time.Hour})
		c := w.client(0)
		id := c.producer(topicT, "p")
		c.send(topicT, id, numbered(0, 10)...)
		w.Forget()
		synctest.Wait()
		wantStatus(t, c.trySend(sending(topicT, id, "x")), codes.NotFound, "does not exist")
		c.send(topicT, c.producer(topicT, "p"), numbered(10, 12)...)
		wantEqual(t, "log", w.payloads(topicT), numbered(0, 12))
	})
}

func TestCrashCutsRequestsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Flush: time.Hour})
		c := w.client(0)
		id := c.producer(topicT, "p")
		// The first is applied and unanswered, the second delayed before that: it
		// must not reach the broker's next life.
		w.Script(
			devbroker.Fault{Method: "SendMessage", Stall: true, Applied: true},
			devbroker.Fault{Method: "SendMessage", Delay: time.Second},
		)
		first := async(func() error { return c.trySend(sending(topicT, id, "stalled")) })
		synctest.Wait()
		second := async(func() error { return c.trySend(sending(topicT, id, "delayed")) })
		synctest.Wait()
		wantEqual(t, "forgotten", w.Crash(), map[string]int{topicT: 1})
		wantStatus(t, <-first, codes.Unavailable, "")
		wantStatus(t, <-second, codes.Unavailable, "")
		time.Sleep(time.Minute)
		wantEqual(t, "log", w.payloads(topicT), []string{})
	})
}

func TestSubjectIsForgottenWithTheProducer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Topics: []string{topicT}})
		c := w.client(0)
		c.register(t, "s", "string", "")
		if _, err := c.tryProducer(withSubject(producing(topicT, "p"), "s")); err != nil {
			t.Fatal(err)
		}
		if got := w.Topics()[0].Subject; got != "s" {
			t.Errorf("subject is %q; want s", got)
		}
		w.Crash()
		if got := w.Topics()[0].Subject; got != "" {
			t.Errorf("subject is %q; want none", got)
		}
		synctest.Wait()
		if _, err := c.latest("s"); err != nil {
			t.Errorf("the registry lost its subject: %v", err)
		}
	})
}

package supervisor_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// window is [delivery] window_records by default: the most a fault can duplicate.
const window = 2048

func TestBrokerRefusedForAnHour(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		l.limit, l.every = 2000, 5*time.Millisecond
		r := s.start(l, s.config(""))
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 100 })
		must(t, s.broker.Refuse(0, true))
		s.pass(time.Hour)
		if _, n := l.state(); n == l.all() {
			t.Fatal("everything is committed although the broker was away")
		}
		if got := r.Totals(); got.InFlight == 0 || got.InFlight > window {
			t.Errorf("after an hour without a broker %d records are in flight, want some and at most %d", got.InFlight, window)
		}
		must(t, s.broker.Refuse(0, false))
		if d := s.complete(r, l, 2*time.Minute); d > window {
			t.Errorf("%d duplicates, more than were in flight", d)
		}
	})
}

func TestBrokerRestarted(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		l.limit, l.every = 2000, 5*time.Millisecond
		r := s.start(l, s.config(""))
		for range 3 {
			before := r.Totals().Published
			s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > before+200 })
			s.broker.Forget()
		}
		if d := s.complete(r, l, 5*time.Minute); d > window {
			t.Errorf("%d duplicates, more than were in flight", d)
		}
	})
}

func TestTopicMoved(t *testing.T) {
	for _, phase := range []time.Duration{0, 200 * time.Millisecond} {
		t.Run(phase.String(), func(t *testing.T) {
			faulty(t, devbroker.Settings{Listen: []string{"a:6650", "b:6650"}}, func(s *stand) {
				l := newLedger(s.topic(), s.topic())
				l.limit, l.every = 2000, 5*time.Millisecond
				r := s.start(l, s.config(""))
				for i := range 4 {
					before := r.Totals().Published
					s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > before+200 })
					must(t, s.broker.Move(l.topics[0], i%2, phase))
				}
				// What was refused was not applied, and what was answered is not sent again.
				if d := s.complete(r, l, 5*time.Minute); d != 0 {
					t.Errorf("%d duplicates; a move refuses cleanly", d)
				}
			})
		})
	}
}

func TestReplyLostAfterApply(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 1000, 5*time.Millisecond
		scene := s.broker.Script(
			devbroker.Fault{Method: "SendMessage", After: 100, Applied: true, Disconnect: true},
			devbroker.Fault{Method: "SendMessage", After: 500, Applied: true, Disconnect: true},
			devbroker.Fault{Method: "SendMessage", After: 900, Times: 3, Applied: true, Code: codes.Unavailable, Text: "lost"},
		)
		r := s.start(l, s.config(""))
		d := s.complete(r, l, 5*time.Minute)
		if scene.Hits() != 5 {
			t.Errorf("%d faults happened, want 5", scene.Hits())
		}
		if d < 5 || d > window {
			t.Errorf("%d duplicates, want at least the 5 whose answers were lost and at most a window", d)
		}
	})
}

func TestOneTopicStalled(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		// Streams of their own, so that intake of one is not behind the other's.
		stuck, well := newLedger(s.topic()), newLedger(s.topic())
		stuck.limit, well.limit = 300, 300
		both := &pair{ledgers: []*ledger{stuck, well}}
		scene := s.broker.Script(devbroker.Fault{
			Method: "SendMessage", Topic: stuck.topics[0], Applied: true, Stall: true, Times: devbroker.Keep,
		})
		cfg := s.config("")
		cfg.Delivery.Lanes = 16
		r := s.start(both, cfg)
		s.eventually("everything of the other topic", time.Minute, func() bool {
			_, n := well.state()
			return n == well.all()
		})
		s.pass(10 * time.Minute)
		if _, n := stuck.state(); n != 0 {
			t.Errorf("%d records of the stalled topic are committed", n)
		}
		if !r.says("/readyz", "stalled") {
			t.Errorf("nothing says that the topic is stalled:\n%s", r.page("/readyz"))
		}
		// The lanes' first sends, then one probe at a time with a growing pause.
		if hits := scene.Hits(); hits < 16+5 || hits > 16+15 {
			t.Errorf("%d sends hung in ten minutes, want 16 and some probes", hits)
		}
		scene.Lift()
		s.eventually("everything of the stalled topic", 5*time.Minute, func() bool {
			_, n := stuck.state()
			return n == stuck.all()
		})
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if d := s.judge(stuck); d > scene.Hits() {
			t.Errorf("%d copies of records of the stalled topic, more than the %d sends that hung", d, scene.Hits())
		}
		if d := s.judge(well); d != 0 {
			t.Errorf("%d duplicates on the topic that was well", d)
		}
	})
}

func TestOwnerDeadWhileLookupsNameIt(t *testing.T) {
	faulty(t, devbroker.Settings{Listen: []string{"a:6650", "b:6650", "c:6650"}}, func(s *stand) {
		l := newLedger(s.topic(), s.topic(), s.topic())
		l.limit, l.every = 3000, 5*time.Millisecond
		urls := s.broker.URLs()
		cfg := s.config("")
		cfg.Danube.Seeds = urls[1:]
		r := s.start(l, cfg)
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 500 })
		must(t, s.broker.Kill(0, 24*time.Second)) // a flush interval of 0: nothing acknowledged is lost
		killed := time.Now()
		before := r.Totals().Published
		s.eventually("records again", 2*time.Minute, func() bool { return r.Totals().Published > before+2000 })
		if d := time.Since(killed); d > 90*time.Second {
			t.Errorf("records flowed again after %v; the brokers' own failover took 24 s", d)
		}
		if d := s.complete(r, l, 5*time.Minute); d > window {
			t.Errorf("%d duplicates, more than were in flight", d)
		}
	})
}

// A record the broker will never take stops the runtime and stays a hole that no
// commit passes, while everything else that was taken is delivered.
func TestRecordRefusedForGood(t *testing.T) {
	faulty(t, devbroker.Settings{MaxMessageSize: 100}, func(s *stand) {
		l := newLedger(s.topic())
		l.poll = oversized(l.topics[0], 41)
		r := s.start(l, s.config(""))
		err := r.wait()
		if err == nil {
			t.Fatal("Run = nil although a record could not be published")
		}
		for _, part := range []string{l.topics[0], "p0@41", "exceeds maximum", "on_invalid"} {
			if !contains(err, part) {
				t.Errorf("error does not say %q: %v", part, err)
			}
		}
		committed, _ := l.state()
		if committed["p0"] != 40 {
			t.Errorf("p0 is committed up to %d, want 40: the next record is not resolved", committed["p0"])
		}
		if committed["p1"] != 60 {
			t.Errorf("p1 is committed up to %d, want 60: nothing was wrong with it", committed["p1"])
		}
		s.judge(l)
		s.reconcile(r)
	})
}

package supervisor_test

import (
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// crashes kills the broker while records flow, as often as asked, and returns what
// it forgot of what it had acknowledged.
func crashes(s *stand, r *running, times int, between time.Duration) (forgotten int) {
	for range times {
		before := r.Totals().Published
		s.eventually("some records", 5*time.Minute, func() bool { return r.Totals().Published > before+200 })
		s.pass(between)
		for _, n := range s.broker.Crash() {
			forgotten += n
		}
	}
	return forgotten
}

// Invariant 15: what a broker forgets in a crash is sent again.
func TestCrashLosesNothingSettled(t *testing.T) {
	for _, between := range []time.Duration{0, 3 * time.Second, 9 * time.Second} {
		t.Run(between.String(), func(t *testing.T) {
			faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
				l := newLedger(s.topic(), s.topic())
				l.limit, l.every = 10_000, 20*time.Millisecond
				r := s.start(l, s.config(""))
				forgotten := crashes(s, r, 3, between)
				if forgotten == 0 {
					t.Fatal("the crashes forgot nothing; the test shows nothing")
				}
				duplicates := s.complete(r, l, time.Hour)
				t.Logf("forgotten %d, sent again beyond that %d", forgotten, duplicates)
				if l.inits < 2 {
					t.Error("the source was never asked to go back")
				}
			})
		})
	}
}

// With "acknowledged", exactly what the broker forgot is missing: shown, not hidden.
func TestCrashLosesTheTailAcknowledged(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 10_000, 20*time.Millisecond
		cfg := s.config("")
		cfg.Delivery.CommitAfter = "acknowledged"
		r := s.start(l, cfg)
		forgotten := crashes(s, r, 1, 3*time.Second)
		s.eventually("everything committed", time.Hour, func() bool { _, n := l.state(); return n == l.all() })
		must(t, r.stop())
		seen := map[delivered]bool{}
		for _, d := range s.received(l.topics[0]) {
			seen[d] = true
		}
		if missing := l.all() - len(seen); missing == 0 || missing > forgotten || missing < forgotten-window {
			t.Errorf("%d records are missing of %d that the broker forgot", missing, forgotten)
		}
	})
}

// Settling costs commit lag and nothing else.
func TestSettlingLag(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		began := time.Now()
		r := s.start(l, s.config(""))
		if d := s.complete(r, l, time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
		if lag := time.Since(began); lag < 6*time.Second || lag > 10*time.Second {
			t.Errorf("committed after %v, want about 7 s: a flush of 5 s, two margins of 1 s, a commit interval", lag)
		}
	})
}

// A stop waits for what is acknowledged to settle, so the next run repeats nothing.
func TestStopSettles(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 5000, 10*time.Millisecond
		r := s.start(l, s.config(""))
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 500 })
		began := time.Now()
		must(t, r.stop())
		if d := time.Since(began); d > 12*time.Second {
			t.Errorf("stop took %v", d)
		}
		if got := r.Totals(); got.Committed != got.Read {
			t.Errorf("%+v: a clean stop leaves nothing uncommitted", got)
		}
		if d := s.complete(s.start(l, s.config("")), l, time.Hour); d != 0 {
			t.Errorf("%d duplicates", d)
		}
	})
}

// One idle topic on a dead broker does not hold back what it has no part in.
func TestIdleTopicHoldsNothingBack(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second, Listen: []string{"a:6650", "b:6650"}}, func(s *stand) {
		idle, busy := newLedger(s.topic()), newLedger(s.topic())
		idle.limit, busy.limit = 10, 3000
		both := &pair{ledgers: []*ledger{idle, busy}}
		cfg := s.config("")
		cfg.Danube.Seeds = s.broker.URLs()
		r := s.start(both, cfg)
		s.eventually("the idle topic settled", time.Minute, func() bool { _, n := idle.state(); return n == idle.all() })
		must(t, s.broker.Refuse(owner(s, idle.topics[0]), true))
		if owner(s, idle.topics[0]) == owner(s, busy.topics[0]) {
			t.Skip("both topics live on one broker")
		}
		s.eventually("the busy topic committed", 10*time.Minute, func() bool { _, n := busy.state(); return n == busy.all() })
		must(t, s.broker.Refuse(owner(s, idle.topics[0]), false))
		must(t, r.stop())
		s.judge(idle)
		s.judge(busy)
	})
}

func owner(s *stand, topic string) int {
	for _, each := range s.broker.Topics() {
		if each.Name == topic {
			return each.Listener
		}
	}
	s.t.Fatalf("no topic %s", topic)
	return 0
}

// A broker that never lives long enough to settle anything still lets reading make
// progress once it does, and the state says what is going on.
func TestCrashLoop(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 2000, 10*time.Millisecond
		r := s.start(l, s.config(""))
		said := false
		for range 6 {
			s.pass(4 * time.Second)
			s.broker.Crash()
			s.pass(time.Second)
			said = said || r.says("/readyz", "lives shorter than settling takes")
		}
		if !said {
			t.Errorf("nothing says that the broker keeps crashing:\n%s", r.page("/readyz"))
		}
		s.complete(r, l, 2*time.Hour)
	})
}

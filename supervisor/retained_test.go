package supervisor_test

import (
	"context"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// spring sends all records of l once, one every so often, and cannot go back.
func spring(l *ledger, every time.Duration) *stream {
	source := &stream{topics: l.topics}
	n := 0
	source.stream = func(ctx context.Context, out connect.Sender) error {
		for n < l.limit {
			n++
			for _, p := range l.partitions {
				if err := out.Send(ctx, l.record(p, n).Record.Envelope()); err != nil {
					return err
				}
				l.count()
			}
			rest(ctx, every)
		}
		<-ctx.Done()
		return nil
	}
	return source
}

// rest lets time pass, until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// count notes a record that was taken.
func (l *ledger) count() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offered++
}

func (l *ledger) taken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered
}

// expectAll makes judge look for every record.
func (l *ledger) expectAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.partitions {
		l.committed[p] = uint64(l.limit)
	}
}

// settled waits until everything was sent and is settled.
func (s *stand) settled(r *running, l *ledger, limit time.Duration) {
	s.t.Helper()
	s.eventually("everything settled", limit, func() bool {
		got := r.Totals()
		return l.taken() == l.all() && got.InFlight == 0 && got.Retained == 0
	})
}

// Invariant 15 for a source that cannot go back: what a broker forgets in a crash was
// retained, and is sent again in order. The last crash comes when all is said to be
// settled, so that nothing can hide in the memory of a broker.
func TestCrashLosesNothingRetained(t *testing.T) {
	for _, between := range []time.Duration{0, 3 * time.Second, 9 * time.Second} {
		t.Run(between.String(), func(t *testing.T) {
			faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
				l := newLedger(s.topic(), s.topic())
				l.limit = 4000
				source := spring(l, 5*time.Millisecond)
				r := s.start(source, s.config(""))
				forgotten := crashes(s, r, 3, between)
				if forgotten == 0 {
					t.Fatal("the crashes forgot nothing; the test shows nothing")
				}
				s.settled(r, l, time.Hour)
				if n := s.broker.Crash(); len(n) > 0 {
					t.Errorf("settled, and forgotten all the same: %v", n)
				}
				l.expectAll()
				t.Logf("forgotten %d, duplicates %d", forgotten, s.judge(l))
				got := r.Totals()
				if got.Read != uint64(l.all()) || got.Published != got.Read || source.inits != 1 {
					t.Errorf("totals %+v, %d epochs; want each record counted once, in one epoch", got, source.inits)
				}
				must(t, r.stop())
				s.reconcile(r)
			})
		})
	}
}

// A stop waits until what is retained is settled: a broker that dies afterwards
// forgets nothing.
func TestStopSettlesTheRetained(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		r := s.start(spring(l, time.Millisecond), s.config(""))
		s.eventually("all sent", time.Minute, func() bool { return l.taken() == l.all() })
		began := time.Now()
		must(t, r.stop())
		if d := time.Since(began); d > 12*time.Second {
			t.Errorf("stop took %v", d)
		}
		if n := s.broker.Crash(); len(n) > 0 {
			t.Errorf("forgotten after a clean stop: %v", n)
		}
		l.expectAll()
		s.judge(l)
	})
}

// What is not settled within the drain deadline is named.
func TestStopNamesTheUnsettled(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		cfg := s.config("")
		cfg.Delivery.DrainTimeout = 2 * time.Second
		r := s.start(spring(l, 0), cfg)
		s.eventually("all acknowledged", time.Minute, func() bool { return r.Totals().Published == uint64(l.all()) })
		err := r.stop()
		for _, part := range []string{"not settled within 2s", "600 records are acknowledged", "600 for " + l.topics[0]} {
			if !contains(err, part) {
				t.Errorf("error does not say %q: %v", part, err)
			}
		}
		s.reconcile(r)
	})
}

// What is retained is held within the byte budget, whatever the broker does: here it
// vanishes again and again before anything settles. Its records leave the window.
func TestRetainedBytesAreBounded(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		const budget = 256 << 10
		l := newLedger(s.topic(), s.topic())
		l.limit = 5000
		cfg := s.config("[processing]\nbatch_size = 16\n[delivery]\nwindow_records = 64\n")
		cfg.Delivery.BudgetBytes = budget
		r := s.start(spring(l, 0), cfg)
		most := uint64(0)
		for i := range 200 {
			s.pass(250 * time.Millisecond)
			switch i % 40 {
			case 16:
				s.broker.Crash()
			case 20:
				must(t, s.broker.Refuse(0, true))
			case 30:
				must(t, s.broker.Refuse(0, false))
			}
			held, retained := r.gauge("budget_bytes"), r.gauge("retained_bytes")
			if held > budget || retained > held {
				t.Fatalf("%v bytes are held, %v of them retained, with a budget of %v", held, retained, budget)
			}
			most = max(most, r.Totals().Retained)
			s.reconcile(r)
		}
		if most <= 64 {
			t.Errorf("%d records were retained at most: the window was in the way", most)
		}
		s.settled(r, l, 12*time.Hour)
		must(t, r.stop())
		l.expectAll()
		s.judge(l)
	})
}

// A source that cannot go back and wants to know how far delivery has come is told
// what is settled, and nothing more.
func TestCommitsOfTheRetainedAreSettled(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		l.limit, l.every = 3000, 20*time.Millisecond
		r := s.start(&declared{l, connect.Contract{}}, s.config(""))
		written := func() {
			t.Helper()
			log := map[string]map[int]bool{}
			for _, topic := range l.topics {
				for _, d := range s.received(topic) { // what a crash leaves
					if log[d.partition] == nil {
						log[d.partition] = map[int]bool{}
					}
					log[d.partition][d.n] = true
				}
			}
			committed, _ := l.state()
			for p, upTo := range committed {
				for n := 1; n <= int(upTo); n++ {
					if !log[p][n] {
						t.Fatalf("%s: %d is committed (up to %d) and was forgotten", p, n, upTo)
					}
				}
			}
		}
		forgotten := 0
		for _, pause := range []time.Duration{2 * time.Second, 9 * time.Second, 8 * time.Second, 12 * time.Second} {
			s.pass(pause)
			for _, n := range s.broker.Crash() {
				forgotten += n
			}
			written()
		}
		s.complete(r, l, time.Hour)
		if l.inits != 1 || forgotten == 0 {
			t.Errorf("%d epochs, %d forgotten; want one epoch, and some forgotten", l.inits, forgotten)
		}
	})
}

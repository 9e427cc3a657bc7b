package supervisor_test

import (
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// storms are ways for a source to fail at every start, until it is over.
var storms = []struct {
	name string
	fail func(l *ledger, over func() bool)
}{
	{"Initialize panics", func(l *ledger, over func() bool) {
		l.initialize = func(int) error {
			if !over() {
				panic("every time")
			}
			return nil
		}
	}},
	{"Initialize fails", func(l *ledger, over func() bool) {
		l.initialize = func(int) error {
			if !over() {
				return errors.New("every time")
			}
			return nil
		}
	}},
	{"the first Poll panics", func(l *ledger, over func() bool) {
		l.poll = func(int) ([]connect.Envelope, error) {
			if !over() {
				panic("every time")
			}
			return nil, nil
		}
	}},
}

// passage is how long a source takes to be done, alone or beside a storm.
func passage(s *stand, l *ledger) time.Duration {
	l.limit, l.every = 2000, time.Second
	began := time.Now()
	r := s.start(l, s.config(""))
	if d := s.complete(r, l, 10*time.Minute); d != 0 {
		s.t.Errorf("%d duplicates at the neighbour", d)
	}
	if l.inits != 1 {
		s.t.Errorf("the neighbour was started %d times", l.inits)
	}
	return time.Since(began)
}

// A source that fails at every start never takes the process along: the pace is
// bounded, the state says so, the neighbour does not notice, and once it is well it
// goes on as if nothing had been.
func TestRestartStorm(t *testing.T) {
	for _, storm := range storms {
		t.Run(storm.name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				alone := passage(s, newLedger(s.topic()))
				l, begun := newLedger(s.topic()), time.Now()
				storm.fail(l, func() bool { return time.Since(begun) > 10*time.Minute })
				r := s.start(l, s.config(""))
				s.pass(2 * time.Minute) // the pause has grown to what it will be
				calm := l.starts()
				beside := passage(s, newLedger(s.topic()))
				// The noise is that of the interval of commits.
				if noise := beside - alone; noise > alone/50 || noise < -alone/50 {
					t.Errorf("the neighbour took %v beside the storm and %v alone", beside, alone)
				}
				s.pass(10*time.Minute - time.Since(begun) - time.Second)
				all := l.starts()
				if per := (all - calm) / 8; all < 15 || all > 60 || per > 4 {
					t.Errorf("%d starts in ten minutes, %d of them in the first two; the pause grows to 30 s", all, calm)
				}
				if !r.says("/readyz", "failing") || !r.says("/readyz", "503") || !r.says("/readyz", "every time") || !r.says("/livez", "200") {
					t.Errorf("the state must be failing, with the cause, not ready, and alive:\n%s", r.page("/readyz"))
				}
				l.inside.Store(0)
				if d := s.complete(r, l, 2*time.Minute); d != 0 {
					t.Errorf("%d duplicates once it was well", d)
				}
				t.Logf("figure: %s: %d starts in ten minutes; the neighbour took %v, %v alone", storm.name, all, beside, alone)
			})
		})
	}
}

func (l *ledger) starts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inits
}

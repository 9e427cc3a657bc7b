package supervisor_test

import (
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// A failing health check shows, however well polls go.
func TestFailingCheckShowsBesidePolls(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.healthy = func() error { return errors.New("replica lag") }
		cfg := s.config("")
		cfg.Processing.HealthCheckIntervalMS = 10_000
		cfg.Processing.HealthCheckFailureThreshold = 1000
		r := s.start(l, cfg)
		s.pass(11 * time.Second)
		for range 20 {
			s.pass(time.Second)
			if !r.says("/readyz", "replica lag") {
				t.Fatalf("nothing says that the check fails:\n%s", r.page("/readyz"))
			}
		}
	})
}

// A stop that finds nothing in flight does not say that something was not drained,
// whatever the source does.
func TestStuckWithNothingInFlight(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		release := make(chan struct{})
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n > 1 {
				<-release
			}
			return nil, nil
		}
		r := s.start(l, s.config(""))
		s.pass(10 * time.Second)
		if err := r.stop(); !contains(err, "stuck") || contains(err, "not drained") {
			t.Errorf("Run = %v, want it to say that the source is stuck, and no more", err)
		}
		close(release)
	})
}

// A fatal record ends the runtime soon, also when a Poll result waits for room
// behind it.
func TestFatalRecordWithAFullWindow(t *testing.T) {
	faulty(t, devbroker.Settings{MaxMessageSize: 100}, func(s *stand) {
		l := newLedger(s.topic())
		l.partitions, l.keys, l.limit = []string{"p0"}, 1, 100_000
		first := true
		l.poll = func(int) ([]connect.Envelope, error) {
			if !first {
				return nil, nil
			}
			first = false
			l.mu.Lock()
			defer l.mu.Unlock()
			l.at["p0"]++
			pad := make([]byte, 200)
			for i := range pad {
				pad[i] = ' '
			}
			return []connect.Envelope{
				connect.RawJSON(l.topics[0], append([]byte(`{"p":"p0","n":1}`), pad...)).WithKey("p0-0").
					At(connect.Offset{Partition: "p0", Value: 1}),
			}, nil
		}
		began := time.Now()
		err := s.start(l, s.config("")).wait()
		if !errors.Is(err, connect.ClassInvalid) {
			t.Errorf("Run = %v, want the invalid record", err)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("it took %v; what cannot be delivered behind the record need not be waited for", d)
		}
		if committed, _ := l.state(); committed["p0"] != 0 {
			t.Errorf("committed up to %d, past the record", committed["p0"])
		}
	})
}

package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// desk is a streaming source whose records are handed over by callers of Deliver, as a
// webhook's are: each tries again until it is told nil.
type desk struct {
	stream
	level   connect.Level
	callers int
	calls   int // of each caller
	every   time.Duration

	mu       sync.Mutex
	next     []int // by caller
	promised map[string]bool
	refused  []error
}

func newDesk(topic string, level connect.Level) *desk {
	d := &desk{level: level, callers: 5, calls: 60, every: 200 * time.Millisecond, promised: map[string]bool{}}
	d.topics, d.next = []string{topic}, make([]int, d.callers)
	d.stream.stream = func(ctx context.Context, out connect.Sender) error {
		var all sync.WaitGroup
		for i := range d.callers {
			all.Go(func() { d.call(ctx, out, i) })
		}
		all.Wait()
		<-ctx.Done()
		return nil
	}
	return d
}

func (d *desk) call(ctx context.Context, out connect.Sender, i int) {
	for d.next[i] < d.calls && ctx.Err() == nil {
		name := fmt.Sprintf("%d-%d", i, d.next[i])
		e := connect.RawJSON(d.topics[0], fmt.Appendf(nil, `{"p":%q,"n":1}`, name)).WithKey(fmt.Sprint(i)).Envelope()
		err := out.Deliver(ctx, d.level, e)
		d.mu.Lock()
		if err == nil {
			d.promised[name] = true
			d.next[i]++
		} else {
			d.refused = append(d.refused, err)
		}
		d.mu.Unlock()
		rest(ctx, d.every)
	}
}

func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.promised)
}

// missing returns who was promised and is not in the log.
func (d *desk) missing(s *stand) (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range s.received(d.topics[0]) {
		seen[m.partition] = true
	}
	for name := range d.promised {
		if !seen[name] {
			names = append(names, name)
		}
	}
	return names
}

// goesBack is a desk with a Commit: its source counts as one that can go back.
type goesBack struct{ *desk }

func (goesBack) Commit(context.Context, []connect.Offset) error { return nil }

// Who was told that a record is settled finds it in the broker's log after every crash
// from then on, whether the source can go back or not.
func TestDeliveredSettledOutlivesCrashes(t *testing.T) {
	for _, replayable := range []bool{false, true} {
		t.Run(fmt.Sprintf("replayable=%t", replayable), func(t *testing.T) {
			faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
				d := newDesk(s.topic(), connect.Settled)
				d.calls = 8
				var source connect.Source = d
				if replayable {
					source = goesBack{d}
				}
				r := s.start(source, s.config(""))
				forgotten := 0
				for _, pause := range []time.Duration{7 * time.Second, 11 * time.Second, 8500 * time.Millisecond, 3 * time.Second, 9 * time.Second} {
					s.pass(pause)
					for _, n := range s.broker.Crash() {
						forgotten += n
					}
					if lost := d.missing(s); len(lost) > 0 {
						t.Fatalf("answered as settled, and forgotten: %q", lost)
					}
				}
				s.eventually("every call answered", time.Hour, func() bool { return d.count() == d.callers*d.calls })
				s.broker.Crash()
				if lost := d.missing(s); len(lost) > 0 || forgotten == 0 {
					t.Errorf("answered as settled, and forgotten: %q; the crashes forgot %d", lost, forgotten)
				}
				told := 0
				for _, err := range d.refused {
					if contains(err, "may have forgotten") && errors.Is(err, connect.ErrStopped) {
						told++
					} else if !replayable {
						t.Errorf("Deliver = %v, of a source whose records are retained", err)
					}
				}
				if replayable != (told > 0) {
					t.Errorf("%d calls were told of a loss: %v", told, d.refused)
				}
				must(t, r.stop())
				s.reconcile(r)
			})
		})
	}
}

// Acknowledged is a weaker word, and a record it was said of is not lost either as
// long as the connector lives: it was retained.
func TestDeliveredAcknowledgedIsRetained(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		d := newDesk(s.topic(), connect.Acknowledged)
		r := s.start(d, s.config(""))
		forgotten := 0
		for n := 1; n <= 4; n++ {
			s.eventually("some answers", time.Minute, func() bool { return d.count() >= n*50 })
			for _, n := range s.broker.Crash() {
				forgotten += n
			}
		}
		s.eventually("every call answered and settled", time.Hour, func() bool {
			got := r.Totals()
			return d.count() == d.callers*d.calls && got.InFlight == 0 && got.Retained == 0
		})
		s.broker.Crash()
		if lost := d.missing(s); len(lost) > 0 || forgotten == 0 || len(d.refused) > 0 {
			t.Errorf("lost %q of what was acknowledged; the crashes forgot %d; told of %v", lost, forgotten, d.refused)
		}
		must(t, r.stop())
	})
}

// A level nothing reaches is a mistake, and the error says what to change.
func TestDeliverSettledWithoutSettling(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		answers := make(chan error, 1)
		source := &stream{topics: []string{topic}}
		source.stream = func(ctx context.Context, out connect.Sender) error {
			answers <- out.Deliver(ctx, connect.Settled, connect.RawJSON(topic, []byte(`{"p":"a","n":1}`)).Envelope())
			<-ctx.Done()
			return nil
		}
		cfg := s.config("")
		cfg.Delivery.CommitAfter = "acknowledged"
		r := s.start(source, cfg)
		if err := <-answers; connect.ClassOf(err) != connect.ClassConfig || !contains(err, "commit_after") {
			t.Errorf("Deliver = %v, want a config error that names commit_after", err)
		}
		must(t, r.stop())
	})
}

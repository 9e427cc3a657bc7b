package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// polled returns how often a ledger was polled.
func (l *ledger) polled() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.polls
}

// opened returns how often it was initialized.
func (l *ledger) opened() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inits
}

// pauseFor pauses for so long at most.
func (r *running) pauseFor(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return r.Pause(ctx)
}

// A pause ends when everything taken is committed; nothing is asked for until
// Resume, and nothing is repeated.
func TestPause(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 2000, 20*time.Millisecond
		r := s.start(l, s.config(""))
		for range 3 {
			before := r.Totals().Published
			s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > before+200 })
			must(t, r.pauseFor(time.Minute))
			must(t, r.pauseFor(time.Minute)) // again is the same
			got := r.Totals()
			_, committed := l.state()
			if got.InFlight != 0 || got.Read != got.Committed || committed != int(got.Read) {
				t.Errorf("paused with %+v, %d committed", got, committed)
			}
			if !r.says("/readyz", "paused") || !r.says("/readyz", "503") || !r.says("/livez", "200") {
				t.Errorf("the page says\n%s", r.page("/readyz"))
			}
			polls := l.polled()
			s.pass(10 * time.Minute)
			if more := l.polled() - polls; more > 1 || r.Totals().Read != got.Read {
				t.Errorf("polled %d times while paused, read %d records", more, r.Totals().Read-got.Read)
			}
			must(t, r.Resume())
			must(t, r.Resume())
			s.eventually("running", time.Minute, func() bool { return r.says("/readyz", "200") })
		}
		if d := s.complete(r, l, time.Hour); d != 0 {
			t.Errorf("%d duplicates", d)
		}
		if l.inits != 1 {
			t.Errorf("initialized %d times; a pause keeps the source open", l.inits)
		}
	})
}

// A source that tells waits in Send, and keeps its Stream.
func TestPauseOfAStream(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		topic, sent := s.topic(), make(chan uint64, 1000)
		source := tells(topic, func(ctx context.Context, out connect.Sender) error {
			for n := uint64(1); ctx.Err() == nil; n++ {
				if err := out.Send(ctx, numbered(topic, n)); err != nil {
					return err
				}
				sent <- n
				pause(ctx, 100*time.Millisecond)
			}
			return nil
		})
		r := s.start(source, s.config("[delivery]\ncommit_after = \"acknowledged\"\n"))
		s.eventually("some records", time.Minute, func() bool { return len(sent) > 20 })
		must(t, r.pauseFor(time.Minute))
		before := len(sent)
		if source.upTo() != uint64(before) {
			t.Errorf("%d sent, committed up to %d", before, source.upTo())
		}
		s.pass(time.Hour)
		if len(sent) != before {
			t.Errorf("%d records were taken while paused", len(sent)-before)
		}
		must(t, r.Resume())
		s.eventually("more records", time.Minute, func() bool { return len(sent) > before+20 })
		must(t, r.stop())
		if source.inits != 1 {
			t.Errorf("initialized %d times", source.inits)
		}
		if n := len(s.received(topic)); n != len(sent) {
			t.Errorf("%d sent, %d received", len(sent), n)
		}
	})
}

// Whoever is paused before it is served begins paused: initialized, and not asked.
func TestPauseBeforeServe(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		r := &running{Runtime: supervisor.New(l, s.config(""), s.options()), t: t, ended: make(chan struct{})}
		must(t, r.Pause(s.t.Context()))
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(context.Background())
		go func() {
			defer close(r.ended)
			r.err = r.Serve(ctx)
		}()
		s.pass(time.Minute)
		if l.opened() != 1 || l.polled() != 0 || !r.says("/readyz", "paused") {
			t.Errorf("initialized %d times, polled %d times:\n%s", l.opened(), l.polled(), r.page("/readyz"))
		}
		must(t, r.Resume())
		s.complete(r, l, time.Minute)
	})
}

// While Initialize takes its time there is nothing to wait for.
func TestPauseDuringInitialize(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.initialize = func(int) error { s.pass(time.Minute); return nil }
		r := s.start(l, s.config(""))
		s.pass(time.Second)
		must(t, r.pauseFor(time.Second))
		s.pass(10 * time.Minute)
		if l.polled() != 0 || !r.says("/readyz", "paused") {
			t.Errorf("polled %d times:\n%s", l.polled(), r.page("/readyz"))
		}
		must(t, r.Resume())
		s.complete(r, l, time.Minute)
	})
}

// A pause that cannot drain says so and stays; Resume and a stop end the waiting.
func TestPauseThatWaits(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 5000, 10*time.Millisecond
		r := s.start(l, s.config("[delivery]\ndrain_timeout = \"5s\"\n"))
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 200 })
		must(t, s.broker.Refuse(0, true))
		s.pass(time.Second)
		if err := r.pauseFor(time.Minute); !errors.Is(err, context.DeadlineExceeded) || !r.says("/readyz", "paused") {
			t.Errorf("Pause = %v without a broker:\n%s", err, r.page("/readyz"))
		}
		waiting := make(chan error, 2)
		go func() { waiting <- r.Pause(context.Background()) }()
		s.pass(time.Second)
		must(t, r.Resume())
		if err := <-waiting; err == nil || errors.Is(err, connect.ErrStopped) {
			t.Errorf("Pause = %v after Resume", err)
		}
		go func() { waiting <- r.Pause(context.Background()) }()
		s.pass(time.Second)
		r.cancel()
		if err := <-waiting; !errors.Is(err, connect.ErrStopped) {
			t.Errorf("Pause = %v when the runtime stops", err)
		}
		if err := r.Resume(); !errors.Is(err, connect.ErrStopped) {
			t.Errorf("Resume = %v while stopping", err)
		}
		_ = r.wait()
		if err := r.Pause(s.t.Context()); !errors.Is(err, connect.ErrStopped) {
			t.Errorf("Pause = %v after the end", err)
		}
	})
}

// A stop ends a pause. What a Poll has returned meanwhile is left to be read again,
// or delivered if it could not be.
func TestStopWhilePaused(t *testing.T) {
	for _, replayable := range []bool{true, false} {
		faulty(t, devbroker.Settings{}, func(s *stand) {
			l := newLedger(s.topic())
			l.limit, l.every = 5000, time.Second
			r := s.start(&declared{l, connect.Contract{Replayable: replayable}}, s.config("[delivery]\ncommit_after = \"acknowledged\"\n"))
			s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 200 })
			must(t, r.pauseFor(time.Minute))
			s.pass(time.Minute)
			before := r.Totals().Read
			began := time.Now()
			if err := r.stop(); err != nil {
				t.Errorf("stop = %v", err)
			}
			if d := time.Since(began); d > 5*time.Second {
				t.Errorf("a stop while paused took %v", d)
			}
			got := r.Totals()
			if got.Read != got.Committed || l.downs != 1 {
				t.Errorf("%+v with %d calls of Shutdown", got, l.downs)
			}
			if replayable && got.Read != before || !replayable && got.Read != uint64(l.offered) {
				t.Errorf("replayable %t: read %d when paused, %d in the end, %d offered", replayable, before, got.Read, l.offered)
			}
			s.judge(l)
		})
	}
}

// The source goes down, and the broker forgets what it acknowledged, while the
// runtime is paused.
func TestFaultsWhilePaused(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 2000, 20*time.Millisecond
		sick := make(chan struct{}, 10)
		l.healthy = func() error {
			select {
			case <-sick:
				return errors.New("no answer")
			default:
				return nil
			}
		}
		r := s.start(l, s.config("[processing]\nhealth_check_interval_ms = 1000\nhealth_check_failure_threshold = 1\n"))
		s.eventually("some records", time.Minute, func() bool { return r.Totals().Published > 500 })
		paused := make(chan error, 1)
		go func() { paused <- r.Pause(context.Background()) }()
		s.pass(100 * time.Millisecond)
		forgotten := 0
		for _, n := range s.broker.Crash() {
			forgotten += n
		}
		if err := <-paused; err != nil || forgotten == 0 {
			t.Errorf("Pause = %v, %d forgotten", err, forgotten)
		}
		sick <- struct{}{}
		s.eventually("the source is opened again", time.Minute, func() bool { return l.opened() == 3 })
		s.pass(time.Minute)
		if !r.says("/readyz", "paused") {
			t.Errorf("not paused any more:\n%s", r.page("/readyz"))
		}
		must(t, r.Resume())
		s.complete(r, l, time.Hour)
	})
}

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/thejerf/suture/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// acting is an actor that does as it is told; n counts its lives from 1.
type acting struct {
	serve func(ctx context.Context, n int) error
	n     int
}

func (a *acting) String() string { return "actor" }

func (a *acting) Serve(ctx context.Context) error {
	a.n++
	return a.serve(ctx, a.n)
}

// stage is a child under test, its pauses without jitter.
type stage struct {
	*child
	log     written
	failed  []error
	hurried context.CancelFunc
}

func newStage(serve func(ctx context.Context, n int) error) *stage {
	s := &stage{}
	hurry, cancel := context.WithCancel(context.Background())
	s.hurried = cancel
	pace := backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2),
		backoff.WithMaxInterval(10*time.Second), backoff.WithRandomizationFactor(0), backoff.WithMaxElapsedTime(0))
	s.child = &child{
		actor: &acting{serve: serve}, board: health.NewBoard(nil), log: loud(&s.log),
		fail: func(err error) { s.failed = append(s.failed, err) }, hurry: hurry, pace: pace, finished: make(chan struct{}),
	}
	return s
}

// supervise serves a child as suture does: again and again, until it says not to.
func (s *stage) supervise(ctx context.Context) error {
	for {
		if err := s.Serve(ctx); errors.Is(err, suture.ErrDoNotRestart) || ctx.Err() != nil {
			return err
		}
	}
}

func (s *stage) isFinished() bool {
	select {
	case <-s.finished:
		return true
	default:
		return false
	}
}

func (s *stage) component() health.Component { return at(s.board, "actor") }

// outcomes are what the first life of an actor can come to. Its second ends well.
var outcomes = []struct {
	name     string
	serve    func() error
	state    health.State
	cause    string
	again    bool // served again
	fatal    bool // tells the runtime
	logged   []string
	resuming bool // served again all the same when it resumes
}{
	{name: "done", serve: func() error { return nil }, state: health.Stopped},
	{
		name: "error", serve: func() error { return errBoom }, state: health.Failing, cause: "boom", again: true,
		logged: []string{"level=ERROR", "starting it again", "actor=actor", "boom", "pause=1s"},
	},
	{
		name: "retryable", serve: func() error { return connect.Retryable(errBoom) }, state: health.Failing, cause: "boom", again: true,
		logged: []string{"level=ERROR", "starting it again"},
	},
	{
		name: "somebody else's deadline", serve: func() error { return fmt.Errorf("poll: %w", context.DeadlineExceeded) },
		state: health.Failing, cause: "poll: context deadline exceeded", again: true,
	},
	{name: "fatal", serve: func() error { return connect.Fatal(errBoom) }, state: health.Failed, cause: "boom", fatal: true, resuming: true},
	{
		name: "config", serve: func() error { return fmt.Errorf("in: %w", connect.ConfigError("boom")) },
		state: health.Failed, cause: "in: boom", fatal: true, resuming: true,
	},
	{
		name: "panic", serve: func() error { panic("boom") }, state: health.Failing, cause: "panic: boom", again: true,
		logged: []string{"level=ERROR", "actor panicked", "actor=actor", "panic=boom", "stack=", "child_internal_test.go"},
	},
	{
		name: "panic with a fatal error", serve: func() error { panic(connect.Fatal(errBoom)) },
		state: health.Failing, cause: "panic: boom", again: true,
	},
	{
		name: "a verdict of another tree", serve: func() error { return fmt.Errorf("inner: %w", suture.ErrDoNotRestart) },
		state: health.Failing, cause: "inner: service should not be restarted", again: true,
	},
	{
		name: "the end of another tree", serve: func() error { return fmt.Errorf("inner: %w", suture.ErrTerminateSupervisorTree) },
		state: health.Failing, cause: "inner: tree should be terminated", again: true,
	},
}

func TestChildOutcomes(t *testing.T) {
	t.Parallel()
	for _, o := range outcomes {
		for _, resume := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, resume %t", o.name, resume), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newStage(func(context.Context, int) error { return o.serve() })
					s.resume = resume
					err := s.Serve(t.Context())
					again := o.again || resume && o.resuming
					if got := !errors.Is(err, suture.ErrDoNotRestart); got != again || s.isFinished() == again {
						t.Errorf("Serve = %v, finished %t; served again must be %t", err, s.isFinished(), again)
					}
					if err == nil || errors.Is(err, suture.ErrTerminateSupervisorTree) {
						t.Errorf("Serve = %v, which suture takes for something else", err)
					}
					if c := s.component(); c.State != o.state || c.Cause != o.cause {
						t.Errorf("the board has %s (%s), want %s (%s)", c.State, c.Cause, o.state, o.cause)
					}
					if (len(s.failed) == 1) != o.fatal || o.fatal && !isFinal(s.failed[0]) {
						t.Errorf("the runtime is told of %v, fatal must be %t", s.failed, o.fatal)
					}
					if len(o.logged) > 0 && !s.log.has(o.logged...) {
						t.Errorf("no line has all of %q:\n%s", o.logged, &s.log)
					}
				})
			})
		}
	}
}

// A fatal error does not keep a publisher from draining the rest, at once.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(func(_ context.Context, n int) error {
			switch n {
			case 1:
				return errBoom // costs the one pause there is
			case 2, 3:
				return connect.Fatal(fmt.Errorf("partition %d: %w", n, errBoom))
			}
			return nil
		})
		s.resume = true
		began := time.Now()
		if err := s.supervise(t.Context()); !errors.Is(err, suture.ErrDoNotRestart) || !s.isFinished() {
			t.Errorf("Serve = %v, finished %t", err, s.isFinished())
		}
		if len(s.failed) != 2 || time.Since(began) != time.Second {
			t.Errorf("%d failures told, %v passed; want 2 without a pause of their own", len(s.failed), time.Since(began))
		}
		if c := s.component(); c.State != health.Failed || c.Starts != 4 {
			t.Errorf("%+v; want it failed, started four times", c)
		}
		if err := s.Serve(t.Context()); !errors.Is(err, suture.ErrDoNotRestart) {
			t.Errorf("once more, Serve = %v, want the same as before", err)
		}
	})
}

// The pause grows with the failures in a row to its limit, and begins anew after
// an actor has been well for longer than that.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var starts []time.Duration
		s := newStage(func(_ context.Context, n int) error {
			starts = append(starts, time.Since(began).Round(time.Second))
			switch n {
			case 7:
				time.Sleep(10 * time.Second) // as long as the limit: not yet a while
			case 8:
				time.Sleep(11 * time.Second)
			case 10:
				return nil
			}
			return errBoom
		})
		if err := s.supervise(t.Context()); !errors.Is(err, suture.ErrDoNotRestart) {
			t.Fatal(err)
		}
		var got []int
		for i := range starts[1:] {
			got = append(got, int((starts[i+1] - starts[i]).Seconds()))
		}
		// Life 7 takes 10 s and pauses 10, life 8 takes 11 s and pauses 1.
		if want := []int{1, 2, 4, 8, 10, 10, 20, 12, 2}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("seconds between starts: %v, want %v", got, want)
		}
		if c := s.component(); c.Starts != 10 {
			t.Errorf("%d starts on the board, want 10", c.Starts)
		}
	})
}

// A runtime that stops does not wait for an actor to be started again.
func TestHurryEndsAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(func(_ context.Context, n int) error {
			if n == 1 {
				return errBoom
			}
			return nil
		})
		began := time.Now()
		_ = s.Serve(t.Context())
		time.AfterFunc(300*time.Millisecond, s.hurried)
		if err := s.Serve(t.Context()); !errors.Is(err, suture.ErrDoNotRestart) || time.Since(began) != 300*time.Millisecond {
			t.Errorf("Serve = %v after %v, want the actor served at once", err, time.Since(began))
		}
	})
}

// The hard cut ends an actor wherever it is, and it is not served again.
func TestHardCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve  func(context.Context, int) error
		serves int
	}{
		"at work": {func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, 1},
		"failing as it is cut": {func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return connect.Fatal(errBoom) // says nothing: what is cut may fail
		}, 1},
		"in a pause": {func(context.Context, int) error { return errBoom }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(c.serve)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(500*time.Millisecond, cancel)
				if err := s.supervise(ctx); err == nil {
					t.Error("Serve = nil, which suture takes for a failure")
				}
				if !s.isFinished() || s.actor.(*acting).n != c.serves || len(s.failed) != 0 {
					t.Errorf("finished %t, served %d times, told of %v", s.isFinished(), s.actor.(*acting).n, s.failed)
				}
				if got := s.component().State; got != health.Stopped {
					t.Errorf("the board has it %s", got)
				}
			})
		})
	}
}

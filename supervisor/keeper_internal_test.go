package supervisor

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// While no epoch is open, nobody asks the source and nothing is said of it.
func TestCheckWithoutAnEpoch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		rt := standing(t, &idle{check: func() error { asked++; return errBoom }}, new(written))
		k := rt.keeper
		check := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return k.check(ctx)
		}
		if err := check(); err != nil || asked != 0 {
			t.Errorf("before Initialize: %v, asked %d times", err, asked)
		}
		leave, err := k.door.alone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := check(); err != nil {
			t.Errorf("during a long Initialize: %v", err)
		}
		k.open.Store(true)
		if err := check(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a door that is shut with the source open: %v", err)
		}
		leave()
		if err := check(); !errors.Is(err, errBoom) || asked != 1 {
			t.Errorf("with an epoch: %v, asked %d times", err, asked)
		}
	})
}

// Whoever asks for a re-open while one is under way asks for nothing more: there is no
// intake to end.
func TestReopenDuringInitialize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rt *Runtime
		var log written
		inits := 0
		s := &idle{initialize: func(context.Context) error {
			if inits++; inits == 2 {
				rt.keeper.Reopen(rt.keeper.number.Load(), errBoom)
			}
			return nil
		}}
		rt = New(replays{s}, settings(), Options{Logger: loud(&log), Dial: nobody})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- rt.Run(ctx) }()
		time.Sleep(time.Second)
		rt.keeper.Reopen(rt.keeper.number.Load(), errBoom)
		time.Sleep(time.Minute)
		cancel()
		if err := <-ended; err != nil || inits != 2 || log.has("panic") {
			t.Errorf("Run = %v, %d times initialized:\n%s", err, inits, log.String())
		}
	})
}

// replays is a source that offers again what was not committed.
type replays struct{ *idle }

func (replays) Commit(context.Context, []connect.Offset) error { return nil }

func TestReportsWithoutAnEpoch(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	rt.board.Start(sourceName)
	for _, step := range []struct {
		open bool
		err  error
		want health.State
	}{
		{false, nil, health.Starting},
		{false, errBoom, health.Starting},
		{true, errBoom, health.Degraded},
		{false, nil, health.Degraded},
		{true, nil, health.Running},
	} {
		rt.keeper.open.Store(step.open)
		rt.keeper.ill(0, ofPoll, step.err)
		if got := at(rt.board, sourceName).State; got != step.want {
			t.Errorf("open %t, report of %v: %s, want %s", step.open, step.err, got, step.want)
		}
	}
}

// An Initialize that takes its time is starting, neither well nor sick, however
// many intervals of the health check pass meanwhile.
func TestLongInitialize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &idle{initialize: func(ctx context.Context) error {
			select {
			case <-time.After(10 * time.Minute):
			case <-ctx.Done():
			}
			return ctx.Err()
		}}
		var asked atomic.Bool
		s.check = func() error { asked.Store(true); return nil }
		rt := New(s, settings(), Options{Dial: nobody})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- rt.Run(ctx) }()
		for range 19 {
			time.Sleep(30 * time.Second)
			if c := at(rt.board, sourceName); c.State != health.Starting || c.Starts != 1 || asked.Load() {
				t.Fatalf("during Initialize: %+v, asked for its health %t", c, asked.Load())
			}
		}
		time.Sleep(2 * time.Minute)
		if c := at(rt.board, sourceName); c.State != health.Running || !asked.Load() {
			t.Errorf("after Initialize: %+v, asked for its health %t", c, asked.Load())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// The board says to the end what was fatal.
func TestFatalStaysOnTheBoard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := New(&idle{initialize: func(context.Context) error { return connect.Fatal(errBoom) }}, settings(), Options{Dial: nobody})
		if err := rt.Run(t.Context()); !errors.Is(err, errBoom) {
			t.Errorf("Run = %v, want the cause", err)
		}
		for _, c := range rt.board.Components() {
			want := health.Stopped
			if c.Name == sourceName {
				want = health.Failed
			}
			if c.State != want {
				t.Errorf("%s is %s after the end, want %s", c.Name, c.State, want)
			}
		}
		if rt.board.Live() {
			t.Error("alive after the end by a fatal error")
		}
	})
}

// After Kill nothing on the board waits for anything.
func TestBoardAfterKill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt := New(&idle{initialize: func(context.Context) error { return errBoom }}, settings(), Options{Dial: nobody})
		ended := make(chan error, 1)
		go func() { ended <- rt.Run(t.Context()) }()
		time.Sleep(10 * time.Minute) // the source is in a pause between restarts
		rt.Kill()
		if err := <-ended; !errors.Is(err, errKilled) {
			t.Errorf("Run = %v", err)
		}
		for _, c := range rt.board.Components() {
			if c.State != health.Stopped {
				t.Errorf("%s is %s after Kill", c.Name, c.State)
			}
		}
	})
}

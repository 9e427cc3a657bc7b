package supervisor

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// A check that failed, and whose outcome is told when the source has been re-opened
// meanwhile, says nothing about the epoch that has begun since.
func TestLateHealthFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inits atomic.Int64
		var sick atomic.Bool
		s := &idle{
			initialize: func(context.Context) error { inits.Add(1); sick.Store(false); return nil },
			check: func() error {
				if sick.Load() {
					return errBoom
				}
				return nil
			},
		}
		cfg := settings()
		cfg.Processing.HealthCheckIntervalMS = time.Hour.Milliseconds() // the test has a prober of its own
		rt := New(replays{s}, cfg, Options{Dial: nobody})
		ctx, cancel := context.WithCancel(t.Context())
		ended, probed := make(chan error, 1), make(chan error, 1)
		go func() { ended <- rt.Run(ctx) }()
		time.Sleep(time.Second)
		sick.Store(true)
		prober := health.NewProber(health.Probe{
			Name: sourceName, Check: rt.keeper.check, Interval: 2 * time.Hour, Threshold: 1, Unhealthy: rt.keeper.unhealthy,
			Report: func(err error, n int) {
				time.Sleep(time.Minute) // the prober is slow to tell
				rt.keeper.checked(err, n)
			},
		})
		go func() { probed <- prober.Serve(ctx) }()
		time.Sleep(time.Second)
		rt.keeper.Reopen(rt.keeper.number.Load(), errBoom)
		time.Sleep(10 * time.Minute)
		if c := at(rt.board, sourceName); inits.Load() != 2 || c.State != health.Running {
			t.Errorf("initialized %d times, want twice; the board says %s (%s)", inits.Load(), c.State, c.Cause)
		}
		sick.Store(true)
		rt.keeper.unhealthyNow(t)
		time.Sleep(10 * time.Minute)
		if inits.Load() != 3 {
			t.Errorf("initialized %d times, want a third time for a failure of the epoch that runs", inits.Load())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		<-probed
	})
}

// unhealthyNow checks the source, which must be sick, and tells at once.
func (k *keeper) unhealthyNow(t *testing.T) {
	t.Helper()
	err := k.check(t.Context())
	if err == nil {
		t.Fatal("the source is well; the test shows nothing")
	}
	k.checked(err, 1)
	k.unhealthy(err)
}

package supervisor

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Commit and HealthCheck pass side by side, but neither beside itself nor beside
// who is alone.
func TestDoorKeepsApart(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		var commits, checks, alone, both atomic.Int32
		inside := func(n *atomic.Int32, what string, pause time.Duration) {
			if n.Add(1) != 1 {
				t.Errorf("seed %d: %s overlaps itself", seed, what)
			}
			if alone.Load() > 0 && commits.Load()+checks.Load() > 0 {
				t.Errorf("seed %d: %s beside who is alone", seed, what)
			}
			if commits.Load() > 0 && checks.Load() > 0 {
				both.Add(1)
			}
			time.Sleep(pause)
			n.Add(-1)
		}
		var wait sync.WaitGroup
		for i := range uint64(9) {
			wait.Go(func() {
				r := rand.New(rand.NewPCG(seed, i))
				for range 100 {
					time.Sleep(time.Duration(r.IntN(10)) * time.Millisecond)
					take, n, what := func() (func(), error) { return d.alone(t.Context()) }, &alone, "alone"
					switch i % 3 {
					case 0:
						take, n, what = func() (func(), error) { return enter(t.Context(), d.commit) }, &commits, "commit"
					case 1:
						take, n, what = func() (func(), error) { return enter(t.Context(), d.health) }, &checks, "health check"
					}
					leave, err := take()
					if err != nil {
						t.Errorf("seed %d: %v", seed, err)
						return
					}
					inside(n, what, time.Duration(r.IntN(5))*time.Millisecond)
					leave()
				}
			})
		}
		wait.Wait()
		if both.Load() == 0 {
			t.Errorf("seed %d: Commit and HealthCheck never ran side by side", seed)
		}
	})
}

// Whoever waits at the door goes away with its context, and leaves it as it was.
func TestDoorWaitsNoLongerThanAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for _, held := range []chan struct{}{d.commit, d.health} {
			leave, err := enter(t.Context(), held)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errBoom)
			began := time.Now()
			if _, err := d.alone(ctx); !errors.Is(err, errBoom) || time.Since(began) != time.Minute {
				t.Errorf("alone = %v after %v, want the cause after a minute", err, time.Since(began))
			}
			if _, err := enter(ctx, held); !errors.Is(err, errBoom) {
				t.Errorf("enter = %v, want the cause", err)
			}
			cancel()
			leave()
			free, err := d.alone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			free()
		}
	})
}

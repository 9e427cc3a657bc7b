package health_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

var errSick = errors.New("no answer")

// probing serves p for a while of fake time, and ends it.
func probing(t *testing.T, p *health.Prober, lasts time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx) }()
	time.Sleep(lasts)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Serve = %v, want the end of its context", err)
	}
}

func TestProbesAtOnceAndAtIntervals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ interval, want time.Duration }{{0, 30 * time.Second}, {-1, 30 * time.Second}, {5 * time.Second, 5 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var at, bounds []time.Duration
			p := health.NewProber(health.Probe{Name: "broker", Interval: c.interval, Check: func(ctx context.Context) error {
				at = append(at, time.Since(began))
				deadline, _ := ctx.Deadline()
				bounds = append(bounds, time.Until(deadline))
				return nil
			}})
			probing(t, p, 2*c.want+c.want/2)
			if want := []time.Duration{0, c.want, 2 * c.want}; !slices.Equal(at, want) {
				t.Errorf("checks at %v, want %v", at, want)
			}
			if want := []time.Duration{c.want, c.want, c.want}; !slices.Equal(bounds, want) {
				t.Errorf("checks may take %v, want %v", bounds, want)
			}
		})
	}
}

// strikes: an x is a failed check, a dot one that went well, ! a failed one after
// which the prober must have called it unhealthy.
var strikes = []struct {
	threshold int
	checks    string
}{
	{0, "xx!xx!xx!"},
	{3, "xx.xx.xx!x.xx!"},
	{3, "......"},
	{1, ".!!.!"},
	{2, "x!x!.x.x!"},
	{5, "xxxx.xxxx!xxxx!"},
}

func TestStrikes(t *testing.T) {
	t.Parallel()
	for _, s := range strikes {
		t.Run(fmt.Sprintf("%d %s", s.threshold, s.checks), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told string
				n, row := 0, 0
				p := health.NewProber(health.Probe{
					Interval: time.Second, Threshold: s.threshold,
					Check: func(context.Context) error {
						n++
						if s.checks[n-1] == '.' {
							row = 0
							return nil
						}
						row++
						return errSick
					},
					Report: func(err error, failures int) {
						if failures != row || (err == nil) != (row == 0) {
							t.Errorf("check %d: told of %d failures in a row and %v, want %d", n, failures, err, row)
						}
						told += map[bool]string{true: ".", false: "x"}[err == nil]
					},
					Unhealthy: func(err error) {
						if want := fmt.Sprintf("%d health checks in a row have failed, the last one with: no answer", row); !errors.Is(err, errSick) || err.Error() != want {
							t.Errorf("unhealthy with %q, want %q", err, want)
						}
						told = told[:len(told)-1] + "!"
					},
				})
				probing(t, p, time.Duration(len(s.checks))*time.Second-time.Millisecond)
				if told != s.checks {
					t.Errorf("told %s, want %s", told, s.checks)
				}
			})
		})
	}
}

// Failures in a row outlive a restart of the prober.
func TestStrikesOutliveServe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		unhealthy := 0
		p := health.NewProber(health.Probe{
			Interval: time.Hour, Threshold: 2, Check: func(context.Context) error { return errSick },
			Unhealthy: func(error) { unhealthy++ },
		})
		probing(t, p, time.Minute)
		probing(t, p, time.Minute)
		if unhealthy != 1 {
			t.Errorf("unhealthy %d times after two failures in two lives, want once", unhealthy)
		}
	})
}

// Nobody needs to listen.
func TestProbeNobodyHears(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		checks := 0
		p := health.NewProber(health.Probe{Interval: time.Second, Threshold: 1, Check: func(context.Context) error {
			checks++
			return errSick
		}})
		probing(t, p, 10*time.Second-time.Millisecond)
		if checks != 10 {
			t.Errorf("%d checks, want 10", checks)
		}
	})
}

// A check cut short says nothing about what it asked.
func TestCheckCutShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := health.NewProber(health.Probe{
			Interval: time.Minute, Threshold: 1,
			Check:     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			Report:    func(err error, _ int) { t.Errorf("told of %v", err) },
			Unhealthy: func(err error) { t.Errorf("unhealthy with %v", err) },
		})
		probing(t, p, time.Second)
	})
}

// A check that does not come back in time has failed.
func TestCheckThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var told []time.Duration
		p := health.NewProber(health.Probe{
			Interval: 10 * time.Second,
			Check:    func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
			Report: func(err error, _ int) {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("told of %v, want the deadline", err)
				}
				told = append(told, time.Since(began))
			},
		})
		probing(t, p, 25*time.Second)
		if want := []time.Duration{10 * time.Second, 20 * time.Second}; !slices.Equal(told, want) {
			t.Errorf("told at %v, want %v", told, want)
		}
	})
}

func TestProberThatHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := health.NewProber(health.Probe{Name: "source", Check: func(context.Context) error {
		t.Error("checked although the context has ended")
		return nil
	}})
	if err := p.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve = %v, want the end of its context", err)
	}
	if got := p.String(); got != "prober of the source" {
		t.Errorf("called %q", got)
	}
}

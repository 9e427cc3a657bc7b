package supervisor

import (
	"context"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// Plain actors are well as soon as they run; others say so themselves.
func TestPlain(t *testing.T) {
	t.Parallel()
	rt := New(&idle{}, settings(), Options{})
	for _, plain := range []bool{false, true} {
		var seen health.State
		var c *child
		a := &acting{serve: func(context.Context, int) error { seen = at(rt.board, "actor").State; return nil }}
		want := health.Starting
		if c = rt.child(a); plain {
			c, want = rt.plainChild(a), health.Running
		}
		_ = c.Serve(t.Context())
		if seen != want {
			t.Errorf("plain %t: %s while it runs, want %s", plain, seen, want)
		}
	}
}

// The pace comes from [retry], and never gives up.
func TestPaceIsAsConfigured(t *testing.T) {
	t.Parallel()
	cfg := settings()
	cfg.Retry.RetryBackoffMS, cfg.Retry.MaxBackoffMS = 200, 5000
	c := New(&idle{}, cfg, Options{}).child(&acting{})
	if first := c.pace.NextBackOff(); first < 100*time.Millisecond || first > 300*time.Millisecond {
		t.Errorf("the first pause is %v, want 200 ms and jitter", first)
	}
	last := time.Duration(0)
	for range 1000 {
		last = c.pace.NextBackOff()
	}
	if last < 2500*time.Millisecond || last > 7500*time.Millisecond {
		t.Errorf("the thousandth pause is %v, want 5 s and jitter", last)
	}
}

package committer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A commit that takes its time is bounded, holds nobody up, and is followed by the
// newest offset.
func TestCommitIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{Timeout: 7 * time.Second, Backoff: time.Second})
		o.answer = func(ctx context.Context, call int) error {
			if call == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 1, 1)
		after(2 * time.Second)
		for i := uint64(2); i < 100; i++ {
			o.pass("p", 1, i, i) // never blocks, or the bubble is stuck
		}
		after(5*time.Second + 999*time.Millisecond)
		if got := o.seen().reports; len(got) != 0 {
			t.Errorf("reports %v before the timeout", got)
		}
		after(time.Minute)
		got := o.seen()
		if len(got.calls) != 2 || !strings.HasSuffix(got.calls[1], "p@99") || !errors.Is(got.reports[0], context.DeadlineExceeded) {
			t.Errorf("commits %q, reports %v; want one that ran out of time and one of p@99", got.calls, got.reports)
		}
	})
}

// A commit that panics takes nothing along: the next Serve makes it again.
func TestCommitSurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		o.answer = func(_ context.Context, call int) error {
			if call == 1 {
				panic("store")
			}
			return nil
		}
		o.run(t)
		o.pass("p", 1, 5, 1)
		after(time.Second)
		if err := <-o.done; !errors.Is(err, errPanic) {
			t.Fatalf("Serve = %v, want a panic", err)
		}
		o.run(t)
		defer func() { o.stop() }()
		after(time.Minute)
		o.want(t, "1s e1 p@5", "2s e1 p@5")
	})
}

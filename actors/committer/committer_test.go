package committer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

func TestCommitByInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		o.run(t)
		after(10 * time.Second)
		o.want(t)
		o.pass("q", 1, 10, 1)
		after(400 * time.Millisecond)
		o.pass("p", 1, 5, 1)
		o.pass("p", 1, 6, 2)
		after(10 * time.Second)
		o.want(t, "11s e1 p@6 q@10") // one second after the first progress, one offset each, sorted
		o.pass("p", 1, 7, 5)
		after(10 * time.Second)
		o.want(t, "11s e1 p@6 q@10", "21.4s e1 p@7")
		if got, want := o.seen().committed, []uint64{3, 3}; !slices.Equal(got, want) {
			t.Errorf("records committed: %v, want %v", got, want)
		}
		o.stop()
		if err := <-o.done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve = %v, want the error of ctx", err)
		}
	})
}

func TestCommitByCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{Every: 3, Interval: time.Minute})
		o.run(t)
		defer func() { o.stop() }()
		after(5 * time.Minute)
		for i := range uint64(7) {
			o.pass("p", 1, i, i+1)
			after(time.Second)
		}
		o.want(t, "5m2s e1 p@2", "5m5s e1 p@5")
		after(2 * time.Minute)
		o.want(t, "5m2s e1 p@2", "5m5s e1 p@5", "6m0s e1 p@6")
	})
}

// A commit that fails is tried again for ever with a growing pause; newer offsets
// replace older ones, and neither their coming nor their number hurries it.
func TestCommitIsRetriedForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{Every: 1, Backoff: time.Second, MaxBackoff: 8 * time.Second})
		const heal = 40
		var ill atomic.Int64 // how many calls fail
		ill.Store(heal - 1)
		o.answer = func(_ context.Context, call int) error {
			if call <= int(ill.Load()) {
				return errDown
			}
			return nil
		}
		o.run(t)
		defer func() { o.stop() }()
		var times []time.Time
		for i := uint64(1); len(o.seen().calls) < heal; i++ {
			o.pass("p", 1, i, i)
			if len(o.seen().calls) > len(times) {
				times = append(times, time.Now())
			}
			after(50 * time.Millisecond)
		}
		for i := 1; i < heal-1; i++ {
			pause := times[i].Sub(times[i-1])
			if pause < 500*time.Millisecond || pause > 12*time.Second+100*time.Millisecond {
				t.Errorf("attempt %d came %v after the one before", i+1, pause)
			}
			if i > 10 && pause < 4*time.Second {
				t.Errorf("attempt %d came %v after the one before; the pause does not grow", i+1, pause)
			}
		}
		got := o.seen()
		if last := got.calls[heal-1]; strings.HasSuffix(last, "p@1") || len(got.committed) != 1 {
			t.Errorf("the last commit is %q, of %v records; want the newest offset, once", last, got.committed)
		}
		if len(got.reports) != heal || !errors.Is(got.reports[0], errDown) || got.reports[heal-1] != nil {
			t.Errorf("%d reports, want one for each attempt", len(got.reports))
		}
		o.pass("p", 1, 1<<20, 1<<20)
		if len(o.seen().calls) != heal+1 {
			t.Error("commits by count do not come back after a failure")
		}
		ill.Store(heal + 2) // the next one fails, and its pause is a first one
		o.pass("p", 1, 1<<21, 1<<21)
		after(3 * time.Second)
		if got := len(o.seen().calls); got != heal+3 {
			t.Errorf("%d commits, want %d: a success ends the row of failures", got, heal+3)
		}
	})
}

// final errors end Serve, and what they were about is held for the next one.
func TestCommitEndsWithAFinalError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		final bool
	}{
		"fatal":               {connect.Fatal(errDown), true},
		"config":              {connect.ConfigError("mistake"), true},
		"retryable":           {connect.Retryable(errDown), false},
		"invalid":             {connect.Invalid(errDown), false},
		"fatal but retried":   {connect.Retryable(connect.Fatal(errDown)), false},
		"deadline":            {context.DeadlineExceeded, false},
		"cancelled by itself": {context.Canceled, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(Settings{})
				o.answer = func(_ context.Context, call int) error {
					if call == 1 {
						return c.err
					}
					return nil
				}
				o.run(t)
				o.pass("p", 1, 5, 1)
				after(time.Second)
				select {
				case err := <-o.done:
					if !c.final || !errors.Is(err, c.err) || !strings.Contains(err.Error(), "p@5") {
						t.Errorf("Serve = %v, want it only if final, naming p@5", err)
					}
					o.run(t)
				default:
					if c.final {
						t.Fatal("Serve goes on after a final error")
					}
				}
				defer func() { o.stop() }()
				after(time.Minute)
				if calls := o.seen().calls; len(calls) != 2 || !strings.HasSuffix(calls[1], "e1 p@5") {
					t.Errorf("commits %q, want the same offset again", calls)
				}
			})
		})
	}
}

// Offsets of an epoch that is over are dropped: when a newer epoch has some, and when
// Commit says so.
func TestCommitDropsStaleEpochs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		var stale atomic.Bool
		o.answer = func(context.Context, int) error {
			if stale.Load() {
				return ErrStale
			}
			return nil
		}
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 50, 5)
		o.pass("q", 2, 3, 1)
		after(time.Second)
		o.want(t, "1s e2 q@3")
		stale.Store(true)
		o.pass("q", 2, 4, 2)
		after(time.Second)
		o.want(t, "1s e2 q@3", "2s e2 q@4")
		stale.Store(false)
		o.pass("q", 3, 1, 1) // lower: the source went back to the last commit
		after(time.Minute)
		o.want(t, "1s e2 q@3", "2s e2 q@4", "3s e3 q@1")
		got, want := o.seen(), []uint64{1, 1}
		if !slices.Equal(got.committed, want) || slices.ContainsFunc(got.reports, func(err error) bool { return err != nil }) {
			t.Errorf("committed %v, reports %v; want %v and no failure: a stale commit is neither", got.committed, got.reports, want)
		}
		if err := o.progress.Wait(t.Context(), 2, map[string]uint64{"q": 2}); !errors.Is(err, ErrStale) {
			t.Errorf("Wait for the epoch that is over = %v, want ErrStale", err)
		}
	})
}

// An offset that has not moved is not committed again, but the records it covers
// count, and whoever waits for their slots is told.
func TestCommitSparesWhatHasNotMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 5, 1)
		after(time.Second)
		o.pass("p", 1, 5, 4)
		if err := o.progress.Wait(t.Context(), 1, map[string]uint64{"p": 4}); err != nil {
			t.Error(err)
		}
		o.latest.put("open", Position{Epoch: 1, Source: 9, Slots: 2}, 2) // in the middle of its first position
		after(time.Minute)
		o.want(t, "1s e1 p@5")
		if got, want := o.seen().committed, []uint64{1, 3}; !slices.Equal(got, want) {
			t.Errorf("records committed %v, want %v", got, want)
		}
	})
}

// A revoked partition is not committed, also when a failed commit of it is waiting to
// be tried again; its next life counts from 0, is committed even at the same offset,
// and must reach its own marks.
func TestCommitLeavesTheRevokedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		var down atomic.Bool
		o.answer = func(context.Context, int) error {
			if down.Load() {
				return errDown
			}
			return nil
		}
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 5, 100)
		after(time.Second)
		down.Store(true)
		o.pass("p", 1, 6, 101)
		after(time.Second)
		flushed := await(t.Context(), o.progress, 1, map[string]uint64{"p": 103})
		o.latest.forget(gone{name: "p", epoch: 1, slots: 103})
		down.Store(false)
		after(time.Minute)
		o.want(t, "1s e1 p@5", "2s e1 p@6")
		if err := <-flushed; err != nil {
			t.Errorf("Wait for what was revoked = %v, want nil: there is nothing to wait for", err)
		}
		o.latest.put("p", Position{Epoch: 1, Source: 1, Offset: connect.Offset{Partition: "p", Value: 5}, Slots: 105, Records: 2}, 2)
		after(time.Second)
		o.want(t, "1s e1 p@5", "2s e1 p@6", "1m3s e1 p@5")
		if got, want := o.seen().committed, []uint64{100, 2}; !slices.Equal(got, want) {
			t.Errorf("records committed %v, want %v", got, want)
		}
	})
}

package poller

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Stop while Poll is under way: Poll hears of it, what it returns is handed over
// under the context that goes on, and an error it returns then is no verdict.
func TestPollStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, context.Canceled, errDown, connect.Invalid(errDown)} {
		synctest.Test(t, func(t *testing.T) {
			tb := newTable(t, Settings{}, answer{records: 1}, answer{records: 3, waits: true, err: err})
			tb.hand = func(ctx context.Context) error {
				time.Sleep(time.Minute) // hand-over waits for room, long after Stop
				return ctx.Err()
			}
			if got := tb.serve(t, 90*time.Second); got != nil {
				t.Errorf("Serve = %v, want nil", got)
			}
			if want := []string{"0.0", "1.0", "1.1", "1.2"}; !slices.Equal(tb.taken, want) {
				t.Errorf("handed over %v, want %v", tb.taken, want)
			}
			if slices.ContainsFunc(tb.reports, func(err error) bool { return err != nil }) {
				t.Errorf("an error while stopping was reported: %v", tb.reports)
			}
		})
	}
}

// A fatal error counts even while stopping, and the end of the source is its end.
func TestPollHearsFinalWordsWhileStopping(t *testing.T) {
	t.Parallel()
	for _, err := range []error{connect.Fatal(errDown), connect.ErrEnd} {
		synctest.Test(t, func(t *testing.T) {
			tb := newTable(t, Settings{}, answer{waits: true, err: err})
			if got := tb.serve(t, time.Second); !errors.Is(got, err) {
				t.Errorf("Serve = %v, want %v", got, err)
			}
		})
	}
}

// A poller that is started after Stop does not ask at all: what it got would meet a
// gate that is shut.
func TestPollDoesNotBeginAfterStop(t *testing.T) {
	t.Parallel()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			tb := newTable(t, Settings{}, answer{records: 1})
			tb.stop(errStop)
			if err := tb.Serve(t.Context()); err != nil || len(tb.times()) != 0 {
				t.Fatalf("Serve = %v after %d polls, want nil after none", err, len(tb.times()))
			}
		})
	}
}

// The cause of Stop reaches Poll.
func TestPollHearsWhyItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cause error
		tb := newTable(t, Settings{})
		tb.settings.Source = &asker{poll: func(ctx context.Context) { <-ctx.Done(); cause = context.Cause(ctx) }}
		if err := tb.serve(t, time.Second); err != nil || !errors.Is(cause, errStop) {
			t.Errorf("Serve = %v, and Poll heard %v, want %v", err, cause, errStop)
		}
	})
}

// asker is a source of one function.
type asker struct {
	source
	poll func(context.Context)
}

func (a *asker) Poll(ctx context.Context) ([]connect.Envelope, error) {
	a.poll(ctx)
	return nil, nil
}

func TestPollIsCutHard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tb := newTable(t, Settings{}, answer{records: 1})
		tb.hand = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
		ctx, cut := context.WithTimeout(t.Context(), time.Minute)
		defer cut()
		if err := tb.Serve(ctx); !errors.Is(err, context.DeadlineExceeded) || len(tb.taken) != 0 {
			t.Errorf("Serve = %v with %v handed over, want ctx's error and nothing", err, tb.taken)
		}
		idle := newTable(t, Settings{Interval: time.Hour})
		ctx, cut = context.WithTimeout(t.Context(), time.Minute)
		defer cut()
		if err := idle.Serve(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve = %v of an idle poller, want ctx's error", err)
		}
	})
}

// What hand-over says ends Serve as it is.
func TestPollReturnsWhatHandSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wrong := connect.Invalid(errDown)
		tb := newTable(t, Settings{MaxRetries: 9}, answer{records: 1})
		tb.hand = func(context.Context) error { return wrong }
		if err := tb.serve(t, time.Hour); !errors.Is(err, wrong) || connect.ClassOf(err) != connect.ClassInvalid || len(tb.times()) != 1 {
			t.Errorf("Serve = %v of class %v after %d polls, want the invalid record at once", err, connect.ClassOf(err), len(tb.times()))
		}
	})
}

// A panic is the supervisor's business, and leaves nothing running.
func TestPollLetsPanicsThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tb := newTable(t, Settings{}, answer{records: 1}, answer{panics: true})
		defer func() {
			if r := recover(); r != "poll" || len(tb.taken) != 1 {
				t.Errorf("recovered %v with %v handed over, want the panic of Poll after one record", r, tb.taken)
			}
		}()
		t.Errorf("Serve = %v, want a panic", tb.serve(t, time.Hour))
	})
}

func TestPollerNeedsNeitherLoggerNorReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop, end := context.WithTimeout(t.Context(), time.Minute)
		defer end()
		a := New(Settings{Source: &source{script: []answer{{err: errDown}}}, Stop: stop, MaxRetries: 1})
		if err := a.Serve(t.Context()); err != nil {
			t.Errorf("Serve = %v", err)
		}
		if a.String() != "poller" {
			t.Errorf("the actor is called %q", a)
		}
	})
}

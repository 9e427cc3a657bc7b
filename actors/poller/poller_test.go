package poller

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// No pause after a result that holds records; the interval after an empty one.
func TestPollPacesItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tb := newTable(t, Settings{Interval: time.Minute}, answer{records: 2}, answer{records: 1, takes: time.Second}, answer{}, answer{records: 1})
		if err := tb.serve(t, 150*time.Second); err != nil {
			t.Errorf("Serve = %v after Stop, want nil", err)
		}
		if want := []string{"0s", "0s", "1s", "1m1s", "1m1s", "2m1s"}; !slices.Equal(tb.times(), want) {
			t.Errorf("polled at %v, want %v", tb.times(), want)
		}
		if want := []string{"0.0", "0.1", "1.0", "3.0"}; !slices.Equal(tb.taken, want) {
			t.Errorf("handed over %v, want %v", tb.taken, want)
		}
		if len(tb.reports) != 6 || slices.ContainsFunc(tb.reports, func(err error) bool { return err != nil }) {
			t.Errorf("reports %v, want one of each poll, all well", tb.reports)
		}
		if got := time.Since(tb.begun); got != 150*time.Second {
			t.Errorf("Serve ended after %v; Stop must end the pause", got)
		}
	})
}

func TestPollIntervalHasADefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tb := newTable(t, Settings{})
		_ = tb.serve(t, 250*time.Millisecond)
		if want := []string{"0s", "100ms", "200ms"}; !slices.Equal(tb.times(), want) {
			t.Errorf("polled at %v, want %v", tb.times(), want)
		}
	})
}

// classes are the errors that end Serve, or not, and the class it then returns.
var classes = []struct {
	name  string
	err   error
	ends  bool
	class connect.Class
}{
	{"unmarked", errDown, false, connect.ClassRetryable},
	{"retryable", connect.Retryable(errDown), false, connect.ClassRetryable},
	{"invalid", connect.Invalid(errDown), false, connect.ClassRetryable},
	{"fatal", connect.Fatal(errDown), true, connect.ClassFatal},
	{"config", connect.ConfigError("key: %w", errDown), true, connect.ClassConfig},
	{"retryable around fatal", connect.Retryable(connect.Fatal(errDown)), false, connect.ClassRetryable},
}

func TestPollRetriesByClass(t *testing.T) {
	t.Parallel()
	for _, c := range classes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fails := answer{err: c.err}
				tb := newTable(t, Settings{MaxRetries: 3}, fails, fails, fails, fails, fails)
				err := tb.serve(t, time.Hour)
				polls, failures := 4, 4
				if c.ends {
					polls, failures = 1, 0
				}
				if !errors.Is(err, errDown) || connect.ClassOf(err) != c.class {
					t.Errorf("Serve = %v of class %v, want the cause with class %v", err, connect.ClassOf(err), c.class)
				}
				if len(tb.times()) != polls || len(tb.reports) != failures {
					t.Errorf("%d polls and %d reports, want %d and %d", len(tb.times()), len(tb.reports), polls, failures)
				}
				if logged := strings.Count(tb.log.String(), "trying again"); logged != max(failures-1, 0) {
					t.Errorf("%d tries were logged, want %d; the last failure is returned instead:\n%s", logged, failures-1, tb.log.String())
				}
			})
		})
	}
}

// The pause between tries grows from Backoff to MaxBackoff; a success begins anew.
func TestPollBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		script := slices.Repeat([]answer{{err: errDown}}, 12)
		script[6] = answer{}
		tb := newTable(t, Settings{MaxRetries: 6, Backoff: time.Second, MaxBackoff: 10 * time.Second, Interval: time.Second}, script...)
		if err := tb.serve(t, 5*time.Minute); err != nil {
			t.Fatalf("Serve = %v; a success between them ends a row of failures", err)
		}
		var at []time.Duration
		for _, s := range tb.times()[:12] {
			d, err := time.ParseDuration(s)
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, d)
		}
		for i, bounds := range map[int][2]time.Duration{
			1: {500 * time.Millisecond, 1500 * time.Millisecond},
			6: {3750 * time.Millisecond, 12 * time.Second},
			7: {time.Second, time.Second},
			8: {500 * time.Millisecond, 1500 * time.Millisecond},
		} {
			if pause := at[i] - at[i-1]; pause < bounds[0] || pause > bounds[1] {
				t.Errorf("pause before poll %d was %v, want %v to %v", i, pause, bounds[0], bounds[1])
			}
		}
	})
}

func TestPollWithoutRetriesFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tb := newTable(t, Settings{}, answer{err: errDown})
		if err := tb.serve(t, time.Hour); !errors.Is(err, errDown) || len(tb.times()) != 1 {
			t.Errorf("Serve = %v after %d polls, want the failure after one", err, len(tb.times()))
		}
	})
}

// Envelopes beside an error are taken first, whatever the error is.
func TestPollTakesWhatComesBesideAnError(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"end": connect.ErrEnd, "wrapped end": fmt.Errorf("file: %w", connect.ErrEnd),
		"fatal": connect.Fatal(errDown), "retryable": errDown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tb := newTable(t, Settings{}, answer{records: 2, err: err})
				got := tb.serve(t, time.Hour)
				if !errors.Is(err, got) && !errors.Is(got, err) {
					t.Errorf("Serve = %v, want %v", got, err)
				}
				if want := []string{"0.0", "0.1"}; !slices.Equal(tb.taken, want) {
					t.Errorf("handed over %v, want %v", tb.taken, want)
				}
			})
		})
	}
}

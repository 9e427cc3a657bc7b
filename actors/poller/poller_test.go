package poller

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// answer is what one Poll does.
type answer struct {
	records int
	err     error
	takes   time.Duration // before it answers, whatever its context says
	waits   bool          // until its context ends
	panics  bool
}

// source answers its polls from a script; behind the end of it every poll is empty.
type source struct {
	script []answer
	begun  time.Time

	mu    sync.Mutex
	polls []string // when each began
}

func (s *source) Initialize(context.Context, connect.Epoch) error { return nil }

func (s *source) Producers() []connect.Producer { return nil }

func (s *source) Poll(ctx context.Context) ([]connect.Envelope, error) {
	s.mu.Lock()
	n := len(s.polls)
	s.polls = append(s.polls, time.Since(s.begun).String())
	s.mu.Unlock()
	var a answer
	if n < len(s.script) {
		a = s.script[n]
	}
	time.Sleep(a.takes)
	if a.waits {
		<-ctx.Done()
	}
	if a.panics {
		panic("poll")
	}
	envelopes := make([]connect.Envelope, a.records)
	for i := range envelopes {
		envelopes[i] = connect.String("/default/t", fmt.Sprintf("%d.%d", n, i)).Envelope()
	}
	return envelopes, a.err
}

func (s *source) times() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.polls)
}

// table is a poller with its source and whoever takes the records.
type table struct {
	*Actor
	*source
	stop    context.CancelCauseFunc
	taken   []string
	reports []error
	log     bytes.Buffer
	hand    func(ctx context.Context) error // nil: takes
}

func newTable(t *testing.T, s Settings, script ...answer) *table {
	t.Helper()
	tb := &table{source: &source{script: script, begun: time.Now()}}
	stop, end := context.WithCancelCause(t.Context())
	tb.stop = end
	s.Source, s.Stop = tb.source, stop
	s.Hand = func(ctx context.Context, envelopes []connect.Envelope) error {
		if tb.hand != nil {
			if err := tb.hand(ctx); err != nil {
				return err
			}
		}
		for _, e := range envelopes {
			tb.taken = append(tb.taken, string(e.Record.Raw()))
		}
		return nil
	}
	s.Report = func(err error) { tb.reports = append(tb.reports, err) }
	s.Logger = slog.New(slog.NewTextHandler(&tb.log, nil))
	tb.Actor = New(s)
	return tb
}

// serve runs the poller to its end, which comes after d at the latest.
func (tb *table) serve(t *testing.T, d time.Duration) error {
	t.Helper()
	timer := time.AfterFunc(d, func() { tb.stop(errStop) })
	defer timer.Stop()
	return tb.Serve(t.Context())
}

var (
	errStop = errors.New("told to stop")
	errDown = errors.New("source is down")
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

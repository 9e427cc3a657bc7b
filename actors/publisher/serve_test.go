package publisher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// run starts Serve in a goroutine; a panic comes as an error.
func (g *stage) run(ctx context.Context) chan error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("%w: %v", errPanic, r)
			}
		}()
		done <- g.Serve(ctx)
	}()
	synctest.Wait()
	return done
}

var errPanic = errors.New("panic")

func TestServeEndsWhenItIsStoppedAndDry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{})
		done := g.run(t.Context())
		g.put(text("1"), text("2"))
		g.opened(0, 7)
		synctest.Wait()
		g.stop()
		g.put(text("3")) // was on its way
		for _, payload := range []string{"1", "2", "3"} {
			synctest.Wait()
			if len(done) > 0 {
				t.Fatalf("Serve = %v before %s is resolved", <-done, payload)
			}
			g.reply(t, payload, flow.OK)
		}
		if err := <-done; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
		g.totals(flow.Totals{Read: 3, Published: 3})
		if err := g.Serve(t.Context()); err != nil {
			t.Errorf("Serve once more = %v, want nil", err)
		}
	})
}

// Stop does not end Serve while records are left that can still be sent, however
// long the broker is away.
func TestServeWaitsForTheBrokerAlsoWhenStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{})
		ctx, cut := context.WithTimeout(t.Context(), time.Hour)
		defer cut()
		g.put(text("1"))
		g.stop()
		done := g.run(ctx)
		time.Sleep(59 * time.Minute)
		if len(done) > 0 {
			t.Fatalf("Serve = %v with a record left", <-done)
		}
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve = %v, want the error of ctx", err)
		}
		g.totals(flow.Totals{Read: 1, InFlight: 1})
	})
}

// A fatal error is returned once; the next Serve goes on with the rest, and the
// record that was given up keeps no stop from its end.
func TestServeReturnsAFatalOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{})
		g.put(keyed("a", "poison"), keyed("b", "fine"), keyed("a", "behind"))
		done := g.run(t.Context())
		g.opened(0, 7)
		synctest.Wait()
		g.reply(t, "poison", flow.Refused)
		if err := <-done; connect.ClassOf(err) != connect.ClassFatal {
			t.Fatalf("Serve = %v, want it fatal", err)
		}
		done = g.run(t.Context())
		g.stop()
		synctest.Wait()
		g.reply(t, "fine", flow.OK)
		if err := <-done; err != nil {
			t.Errorf("the next Serve = %v, want nil", err)
		}
		g.totals(flow.Totals{Read: 3, Published: 1, InFlight: 2})
	})
}

// A restarted publisher awaits what is in flight instead of sending it again, in the
// session it has.
func TestServeAgainAwaitsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{Lanes: 1})
		ctx, cut := context.WithCancel(t.Context())
		done := g.run(ctx)
		g.opened(0, 7)
		g.put(text("1"), text("2"))
		synctest.Wait()
		cut()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("Serve = %v, want the error of ctx", err)
		}
		g.take()
		g.reply(t, "1", flow.OK) // while nobody listens
		g.put(text("3"))
		done = g.run(t.Context())
		g.want("2")
		if got := g.take(); len(got) != 0 {
			t.Errorf("asked for %q, want nothing: the session stands", got)
		}
		g.reply(t, "2", flow.OK)
		synctest.Wait()
		g.reply(t, "3", flow.OK)
		g.stop()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
		g.totals(flow.Totals{Read: 3, Published: 3})
	})
}

// wild is a log handler, and a Report, that panics when it is told to.
type wild struct{ armed atomic.Bool }

func (w *wild) Enabled(context.Context, slog.Level) bool  { return true }
func (w *wild) WithAttrs([]slog.Attr) slog.Handler        { return w }
func (w *wild) WithGroup(string) slog.Handler             { return w }
func (w *wild) Handle(context.Context, slog.Record) error { w.fire(); return nil }

func (w *wild) fire() {
	if w.armed.CompareAndSwap(true, false) {
		panic("wild")
	}
}

// Whatever the logger or the report of a host do, nothing is lost: each step is done
// before it is told of. A panic at any place is survived by a restart.
func TestServeSurvivesPanicsOfOthers(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]func(*wild, *Settings){
		"logger": func(w *wild, s *Settings) { s.Logger = slog.New(w) },
		"report": func(w *wild, s *Settings) { s.Report = func(int, State, error) { w.fire() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var w wild
				s := Settings{Partitions: 3}
				settings(&w, &s)
				g := newStage(t, s)
				panics := 0
				done := g.run(t.Context())
				mend := func() {
					synctest.Wait()
					for len(done) > 0 {
						if err := <-done; !errors.Is(err, errPanic) {
							t.Fatalf("Serve = %v", err)
						}
						panics++
						done = g.run(t.Context())
					}
				}
				g.put(keyed("a", "1"), keyed("b", "2"), keyed("c", "3"), keyed("d", "4"))
				for id := range uint64(3) {
					for i := range 3 {
						w.armed.Store(true)
						g.opened(i, 10+id)
						mend()
					}
					time.Sleep(time.Minute) // so that no loss is the second of a row
					w.armed.Store(id < 2)
					for _, payload := range slices.Clone(g.payloads()) {
						if id < 2 {
							g.reply(t, payload, flow.Lost)
						}
					}
					mend()
				}
				w.armed.Store(false)
				if got := len(g.payloads()); got != 4 || panics < 3 {
					t.Fatalf("%d records in flight after %d panics, want all 4 after some", got, panics)
				}
				for _, payload := range []string{"1", "2", "3", "4"} {
					g.reply(t, payload, flow.OK)
				}
				g.stop()
				if err := <-done; err != nil {
					t.Errorf("Serve = %v", err)
				}
				g.totals(flow.Totals{Read: 4, Published: 4})
			})
		})
	}
}

// Withdraw waits for its answer, or its context.
func TestWithdrawWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, Settings{})
		cause := errors.New("cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := g.run(t.Context())
		g.opened(0, 7)
		g.put(text("1"))
		synctest.Wait()
		hasty, patient := make(chan error, 1), make(chan error, 1)
		go func() { hasty <- g.Withdraw(ctx, 1, false) }()
		go func() { patient <- g.Withdraw(t.Context(), 1, false) }()
		synctest.Wait()
		cancel(cause)
		if err := <-hasty; !errors.Is(err, cause) {
			t.Errorf("Withdraw = %v, want the cause of ctx", err)
		}
		if len(patient) > 0 {
			t.Fatalf("Withdraw = %v with a record in flight", <-patient)
		}
		g.reply(t, "1", flow.Unknown)
		if err := <-patient; err != nil {
			t.Errorf("Withdraw = %v", err)
		}
		g.stop()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
		g.totals(flow.Totals{Read: 1, Withdrawn: 1})
	})
}

// Every state is reported once when it is entered, and anew by a new Serve.
func TestServeReportsStates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		g := newStage(t, Settings{Report: func(p int, s State, err error) { told = append(told, fmt.Sprint(p, " ", s, " ", err != nil)) }})
		ctx, cut := context.WithCancel(t.Context())
		done := g.run(ctx)
		g.sessions.Put(flow.SessionEvent{Kind: flow.Trying, Err: errDown})
		synctest.Wait()
		g.opened(0, 7)
		g.put(text("1"))
		synctest.Wait()
		g.reply(t, "1", flow.Busy)
		synctest.Wait()
		cut()
		<-done
		done = g.run(t.Context())
		want := []string{"0 opening false", "0 opening true", "0 open false", "0 stalled true", "0 stalled true"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		time.Sleep(time.Hour)
		g.reply(t, "1", flow.OK)
		g.stop()
		if err := <-done; err != nil || g.String() != "publisher /default/t" {
			t.Errorf("Serve of %s = %v", g, err)
		}
	})
}

package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thejerf/suture/v4"
)

// told says how each event of suture is logged.
var told = []struct {
	event suture.Event
	level slog.Level
	text  string
}{
	{suture.EventStopTimeout{Supervisor: suture.NewSimple("tree"), Service: new(child)}, slog.LevelError, "supervision: an actor did not end in time"},
	{suture.EventServicePanic{}, slog.LevelError, "supervision: an actor panicked"},
	{suture.EventServiceTerminate{}, slog.LevelDebug, "supervision: an actor ended"},
	{suture.EventBackoff{Supervisor: suture.NewSimple("tree")}, slog.LevelWarn, "supervision: restarts are paused"},
	{suture.EventResume{Supervisor: suture.NewSimple("tree")}, slog.LevelInfo, "supervision: restarts go on"},
}

// heard keeps what was logged.
type heard struct {
	slog.Handler
	records []slog.Record
}

func (h *heard) Enabled(context.Context, slog.Level) bool { return true }

func (h *heard) Handle(_ context.Context, r slog.Record) error {
	h.records = append(h.records, r)
	return nil
}

func TestEventsAreLogged(t *testing.T) {
	t.Parallel()
	seen := map[suture.EventType]bool{}
	for _, c := range told {
		if e, ok := c.event.(suture.EventStopTimeout); ok {
			e.Service.(*child).actor = &acting{}
		}
		h := &heard{}
		hook(slog.New(h))(c.event)
		if len(h.records) != 1 {
			t.Fatalf("%T: logged %d times", c.event, len(h.records))
		}
		r := h.records[0]
		if r.Level != c.level || r.Message != c.text {
			t.Errorf("%T: logged %s %q, want %s %q", c.event, r.Level, r.Message, c.level, c.text)
		}
		r.Attrs(func(a slog.Attr) bool {
			if a.Key != "event" || a.Value.String() != c.event.String() {
				t.Errorf("%T: has %s, want suture's own words", c.event, a)
			}
			return true
		})
		seen[c.event.Type()] = true
	}
	for kind := range suture.EventTypeResume + 1 {
		if !seen[kind] || eventNames[kind] == "" {
			t.Errorf("event type %d has no row here or no name", kind)
		}
	}
	if len(eventNames) != len(told) {
		t.Errorf("%d names for %d events", len(eventNames), len(told))
	}
}

// suture's own pauses, shared by all of a kind, never engage; the actors' are their
// own.
func TestTreeNeverPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log written
		tr := newTree("connector test", loud(&log))
		ctx, cancel := context.WithCancel(t.Context())
		ended := tr.root.ServeBackground(ctx)
		rt := New(&idle{}, settings(), Options{Logger: loud(&log)})
		var starts int
		tr.publishers.Add(rt.child(&acting{serve: func(context.Context, int) error { starts++; return errBoom }}))
		time.Sleep(time.Hour)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the tree ended with %v", err)
		}
		if starts < 100 || starts > 300 { // 1 s growing to 30 s, with jitter
			t.Errorf("%d starts in an hour", starts)
		}
		if log.has("restarts are paused") {
			t.Error("suture has paused the restarts of a whole kind")
		}
	})
}

var verdicts = []error{errBoom, errors.Join(errBoom, errors.New("and more")), context.DeadlineExceeded}

// The verdict of a runtime is both: its cause, and that it shall rest.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, cause := range verdicts {
		err := error(&verdict{cause})
		if !errors.Is(err, cause) || !errors.Is(err, suture.ErrDoNotRestart) {
			t.Errorf("%v answers neither to its cause nor to suture", err)
		}
		if errors.Is(err, suture.ErrTerminateSupervisorTree) || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v answers to what it is not", err)
		}
		if err.Error() != cause.Error() {
			t.Errorf("says %q, want %q", err, cause)
		}
		if v, ok := errors.AsType[*verdict](err); !ok || v.cause != cause {
			t.Errorf("%v cannot be found by type", err)
		}
	}
}

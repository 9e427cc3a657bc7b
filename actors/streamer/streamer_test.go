package streamer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// source is a Streamer of one function.
type source struct {
	stream func(context.Context, connect.Sender) error
}

func (s *source) Initialize(context.Context, connect.Epoch) error { return nil }

func (s *source) Producers() []connect.Producer { return nil }

func (s *source) Stream(ctx context.Context, to connect.Sender) error { return s.stream(ctx, to) }

// desk takes what is sent, and writes down what was halted.
type desk struct {
	hand func(ctx context.Context, envelopes []connect.Envelope) error // nil: takes

	mu      sync.Mutex
	taken   []string
	waiters []flow.Waiter
	halted  []error
}

func (d *desk) Hand(ctx context.Context, envelopes []connect.Envelope, waiter func(int) flow.Waiter) error {
	if d.hand != nil {
		if err := d.hand(ctx, envelopes); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, e := range envelopes {
		if e.IsMark() {
			continue
		}
		d.taken = append(d.taken, string(e.Record.Raw()))
		if waiter != nil {
			d.waiters = append(d.waiters, waiter(i))
		}
	}
	return nil
}

func (d *desk) Halt(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.halted = append(d.halted, err)
}

// serve runs a stream; Stop ends after d.
func (d *desk) serve(t *testing.T, after time.Duration, stream func(context.Context, connect.Sender) error) error {
	t.Helper()
	stop, end := context.WithCancelCause(t.Context())
	timer := time.AfterFunc(after, func() { end(errStop) })
	defer timer.Stop()
	defer end(nil)
	return New(Settings{Source: &source{stream}, Hand: d.Hand, Stop: stop, Halt: d.Halt}).Serve(t.Context())
}

var (
	errStop = errors.New("told to stop")
	errDown = errors.New("source is down")
)

// ends are the ways in which Stream returns, asked or unasked, and what Serve says.
var ends = []struct {
	name  string
	asked bool
	err   error
	want  error // nil: nil
	class connect.Class
}{
	{"asked", true, nil, nil, 0},
	{"asked, with the error of its context", true, context.Canceled, nil, 0},
	{"asked, with a failure", true, errDown, nil, 0},
	{"asked, fatal", true, connect.Fatal(errDown), errDown, connect.ClassFatal},
	{"asked, at its end", true, connect.ErrEnd, connect.ErrEnd, connect.ClassRetryable},
	{"unasked", false, nil, errUnasked, connect.ClassRetryable},
	{"failed", false, errDown, errDown, connect.ClassRetryable},
	{"invalid", false, connect.Invalid(errDown), errDown, connect.ClassRetryable},
	{"config", false, connect.ConfigError("key: %w", errDown), errDown, connect.ClassConfig},
	{"fatal", false, connect.Fatal(errDown), errDown, connect.ClassFatal},
	{"end", false, connect.ErrEnd, connect.ErrEnd, connect.ClassRetryable},
}

var errUnasked = errors.New("any error will do")

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	for _, c := range ends {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := new(desk).serve(t, time.Minute, func(ctx context.Context, _ connect.Sender) error {
					if c.asked {
						<-ctx.Done()
						if !errors.Is(context.Cause(ctx), errStop) {
							t.Errorf("Stream was ended by %v, want the cause of Stop", context.Cause(ctx))
						}
					}
					return c.err
				})
				right := errors.Is(err, c.want)
				if c.want == errUnasked {
					right = err != nil
				}
				if !right || connect.ClassOf(err) != c.class {
					t.Errorf("Serve = %v of class %v, want %v of class %v", err, connect.ClassOf(err), c.want, c.class)
				}
			})
		})
	}
}

func TestStreamIsCutHard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cut := context.WithTimeout(t.Context(), time.Minute)
		defer cut()
		a := New(Settings{
			Source: &source{func(ctx context.Context, s connect.Sender) error { return s.Send(ctx, one("x")) }},
			Hand: func(ctx context.Context, _ []connect.Envelope, _ func(int) flow.Waiter) error {
				<-ctx.Done()
				return context.Cause(ctx)
			},
			Stop: t.Context(), Halt: func(err error) { t.Errorf("halted by %v", err) },
		})
		if err := a.Serve(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve = %v, want ctx's error", err)
		}
		if a.String() != "streamer" {
			t.Errorf("the actor is called %q", a)
		}
	})
}

// one makes an envelope.
func one(payload string) connect.Envelope {
	return connect.String("/default/t", payload).Envelope()
}

// The sender is of no use once Stream has returned: what a goroutine left behind
// still sends must not reach the next epoch.
func TestSenderEndsWithItsStream(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]func(context.Context, connect.Sender) error{
		"returned": func(context.Context, connect.Sender) error { return errDown },
		"panicked": func(context.Context, connect.Sender) error { panic("stream") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var d desk
				var left connect.Sender
				func() {
					defer func() { _ = recover() }()
					_ = d.serve(t, time.Hour, func(ctx context.Context, s connect.Sender) error {
						left = s
						if err := s.Send(ctx, one("in time")); err != nil {
							t.Errorf("Send = %v", err)
						}
						return stream(ctx, s)
					})
				}()
				if err := left.Send(t.Context(), one("late")); !errors.Is(err, connect.ErrStopped) {
					t.Errorf("Send = %v, want ErrStopped", err)
				}
				err := left.Deliver(t.Context(), connect.Acknowledged, one("late"), one("late"))
				de, ok := errors.AsType[*connect.DeliveryError](err)
				if !ok || len(de.Errs) != 2 || !errors.Is(de.Errs[1], connect.ErrStopped) {
					t.Errorf("Deliver = %v, want ErrStopped for both", err)
				}
				if want := []string{"in time"}; !slices.Equal(d.taken, want) || len(d.halted) != 0 {
					t.Errorf("took %v and halted %v, want %v and nothing", d.taken, d.halted, want)
				}
			})
		})
	}
}

// What Send does with an error of hand-over: the caller hears all of them, the
// runtime halts by those that say a record or the configuration is wrong.
func TestSendHaltsByWrongRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		halts bool
	}{
		{nil, false},
		{connect.ErrStopped, false},
		{context.DeadlineExceeded, false},
		{connect.Invalid(errDown), true},
		{connect.ConfigError("offset: %w", errDown), true},
	} {
		d := &desk{hand: func(context.Context, []connect.Envelope) error { return c.err }}
		s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
		if err := s.Send(t.Context(), one("x")); !errors.Is(err, c.err) {
			t.Errorf("Send = %v, want %v", err, c.err)
		}
		if halted := len(d.halted) == 1 && errors.Is(d.halted[0], c.err); halted != c.halts {
			t.Errorf("%v halts %v, want %v", c.err, d.halted, c.halts)
		}
	}
}

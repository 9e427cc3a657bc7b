package committer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

func TestNowCommitsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{Interval: time.Hour})
		o.run(t)
		defer func() { o.stop() }()
		if err := o.Now(t.Context()); err != nil {
			t.Errorf("Now with nothing to commit = %v", err)
		}
		o.pass("p", 1, 5, 1)
		if err := o.Now(t.Context()); err != nil {
			t.Errorf("Now = %v", err)
		}
		o.want(t, "0s e1 p@5")
		after(3 * time.Hour)
		o.want(t, "0s e1 p@5")
	})
}

// Now tries once, also while the actor pauses between retries, and says what came of
// it; a success then ends the row of failures.
func TestNowTriesOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{Backoff: time.Minute, MaxBackoff: time.Minute, Every: 1})
		o.answer = func(_ context.Context, call int) error {
			if call < 3 {
				return errDown
			}
			return nil
		}
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 5, 1)
		if err := o.Now(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("Now = %v, want the failure", err)
		}
		if err := o.Now(t.Context()); err != nil {
			t.Errorf("Now = %v", err)
		}
		o.pass("p", 1, 6, 2)
		o.want(t, "0s e1 p@5", "0s e1 p@5", "0s e1 p@5", "0s e1 p@6")
	})
}

func TestNowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("cause")
		o := newOffice(Settings{})
		ctx, cancel := context.WithCancelCause(t.Context())
		asked := make(chan error, 1)
		go func() { asked <- o.Now(ctx) }() // nobody serves
		synctest.Wait()
		cancel(cause)
		if err := <-asked; !errors.Is(err, cause) {
			t.Errorf("Now of an actor that does not run = %v, want the cause", err)
		}
		release := make(chan struct{})
		o.answer = func(context.Context, int) error { <-release; return nil }
		o.run(t)
		defer func() { o.stop() }()
		o.pass("p", 1, 5, 1)
		short, done := context.WithTimeout(t.Context(), time.Second)
		defer done()
		if err := o.Now(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Now of a commit that hangs = %v, want the deadline", err)
		}
		close(release) // the answer finds nobody, and must not hold the actor up
		synctest.Wait()
		if err := o.Now(t.Context()); err != nil {
			t.Errorf("Now afterwards = %v", err)
		}
	})
}

// A final error is answered before Serve ends.
func TestNowHearsTheFinalError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(Settings{})
		o.answer = func(context.Context, int) error { return connect.Fatal(errDown) }
		o.run(t)
		o.pass("p", 1, 5, 1)
		if err := o.Now(t.Context()); connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("Now = %v, want the fatal error", err)
		}
		if err := <-o.done; connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("Serve = %v, want the fatal error", err)
		}
	})
}

func TestActorsHaveNames(t *testing.T) {
	t.Parallel()
	if got := New(Settings{}).String() + " and " + NewTracker(TrackerSettings{}).String(); got != "committer and tracker" {
		t.Errorf("actors are called %s", got)
	}
}

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/thejerf/suture/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// actor is the contract of everything supervised (design law 1): nil means finished
// for good, an error means start me again, and a fatal one means stop this runtime.
type actor interface {
	Serve(ctx context.Context) error
	String() string
}

// child translates between an actor and suture. suture restarts a service at once
// five times and then waits a fixed time, so the pace of restarts is kept here; it
// takes its neighbours along on a terminate verdict, so none is ever returned.
type child struct {
	actor actor
	board *health.Board
	log   *slog.Logger
	// fail is told a fatal error.
	fail func(error)
	// resume restarts the actor after a fatal error all the same: a publisher has
	// the rest to drain.
	resume bool
	// plain actors are well as soon as they run; others report for themselves.
	plain bool
	// hurry ends a pause between restarts: the runtime stops.
	hurry context.Context

	pace     *backoff.ExponentialBackOff
	pause    time.Duration
	finished chan struct{} // closed when the actor will not be served again
	once     sync.Once
}

func (c *child) String() string { return c.actor.String() }

// Serve runs the actor once.
func (c *child) Serve(ctx context.Context) error {
	if c.rest(ctx); ctx.Err() != nil {
		return c.end(ctx.Err())
	}
	c.board.Start(c.String())
	if c.plain {
		c.board.Set(c.String(), health.Running, nil)
	}
	began := time.Now()
	err := c.guarded(ctx)
	switch {
	case err == nil, ctx.Err() != nil:
		return c.end(suture.ErrDoNotRestart)
	case isFinal(err):
		c.board.Set(c.String(), health.Failed, err)
		if c.resume {
			c.fail(err)
			return opaque(err)
		}
		// Finished first: whoever hears of the failure must not wait for the actor.
		defer c.fail(err)
		return c.finish(suture.ErrDoNotRestart)
	}
	if time.Since(began) > c.pace.MaxInterval {
		c.pace.Reset() // it had been well for a while
	}
	c.pause = c.pace.NextBackOff()
	c.board.Set(c.String(), health.Failing, err)
	c.log.Error("actor failed; starting it again", slog.String("actor", c.String()),
		slog.Any("error", err), slog.Duration("pause", c.pause))
	return opaque(err)
}

// opaque leaves of an error what suture needs to report it. A source may well wrap
// a verdict of a suture tree of its own; this tree is not to obey it.
func opaque(err error) error { return errors.New(err.Error()) }

// isFinal reports whether err stops the runtime.
func isFinal(err error) bool {
	c := connect.ClassOf(err)
	return c == connect.ClassFatal || c == connect.ClassConfig
}

// rest waits out the pause that the last failure called for.
func (c *child) rest(ctx context.Context) {
	if c.pause <= 0 {
		return
	}
	t := time.NewTimer(c.pause)
	defer t.Stop()
	c.pause = 0
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-c.hurry.Done():
	}
}

// end is finish for an actor that ended as it should.
func (c *child) end(verdict error) error {
	c.board.Set(c.String(), health.Stopping, nil)
	c.board.Set(c.String(), health.Stopped, nil)
	return c.finish(verdict)
}

func (c *child) finish(verdict error) error {
	c.once.Do(func() { close(c.finished) })
	return verdict
}

// guarded turns a panic into an error: suture swallows one that comes while the
// tree stops. A panic is never fatal, whatever error it carried.
func (c *child) guarded(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			c.log.Error("actor panicked", slog.String("actor", c.String()),
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return c.actor.Serve(ctx)
}

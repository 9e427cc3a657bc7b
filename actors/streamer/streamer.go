// Package streamer lets a streaming source tell: it runs Stream and gives it a
// Sender that hands over.
package streamer

import (
	"context"
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Settings of an Actor. All fields but Cut and NeverSettles are needed.
type Settings struct {
	Source connect.Streamer
	// Hand takes the envelopes of one call together or not at all; waiter, if not
	// nil, gives the waiter of envelope i.
	Hand func(ctx context.Context, envelopes []connect.Envelope, waiter func(i int) flow.Waiter) error
	// Stop ends when no more records are to be taken; it is the parent of the
	// context Stream sees.
	Stop context.Context
	// Cut is closed when no outcome will come any more: whoever still waits in
	// Deliver is let go. nil means never.
	Cut <-chan struct{}
	// NeverSettles is why no record is ever settled, and Deliver cannot wait for that;
	// nil when it can.
	NeverSettles error
	// Halt is told the error of an invalid record that was sent with Send: what
	// the error policy does with it while its only answer is to stop. When it
	// returns, nothing more may be taken, or what follows the record would be
	// committed without it.
	Halt func(error)
}

// Actor runs one Stream of one epoch.
type Actor struct{ settings Settings }

// New returns an actor ready to Serve.
func New(s Settings) *Actor { return &Actor{settings: s} }

// String names the actor.
func (a *Actor) String() string { return "streamer" }

// Serve runs Stream until it returns. It returns nil when Stop had ended,
// connect.ErrEnd when the source has ended, and otherwise an error: a fatal one as
// it is, or one of ClassRetryable that calls for a re-open. The sender is useless afterwards.
func (a *Actor) Serve(ctx context.Context) error {
	streaming, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(a.settings.Stop, func() { cancel(context.Cause(a.settings.Stop)) })()

	s := newSender(a.settings)
	defer s.close()
	err := a.settings.Source.Stream(streaming, s)

	class := connect.ClassOf(err)
	switch {
	case class == connect.ClassFatal || class == connect.ClassConfig:
		return fmt.Errorf("stream: %w", err)
	case errors.Is(err, connect.ErrEnd):
		return connect.ErrEnd
	case streaming.Err() != nil, a.settings.Stop.Err() != nil:
		// (Stop may have been seen by the gate before it reaches streaming.)
		return ctx.Err() // asked to end; an error seen while stopping says nothing
	case err == nil:
		return errors.New("stream returned without being asked to; it must run until its context ends, or return connect.ErrEnd")
	}
	// Retryable, whatever it was: an invalid record was dealt with when it was sent.
	return connect.Retryable(fmt.Errorf("stream: %w", err))
}

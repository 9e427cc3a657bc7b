// Package poller asks a polling source for records, again and again, and hands
// over what it answers.
package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Settings of an Actor. Source, Hand and Stop are needed.
type Settings struct {
	Source connect.Poller
	// Hand takes the envelopes of one Poll result, waiting for room until ctx ends.
	Hand func(ctx context.Context, envelopes []connect.Envelope) error
	// Stop ends when no more records are to be taken; it is the parent of the
	// context Poll sees, while hand-over goes on under Serve's.
	Stop context.Context
	// Open is asked before every poll for a channel that is closed as soon as the
	// source may be polled. nil means that it always may.
	Open func() <-chan struct{}
	// Interval is the pause after an empty result; 0 means 100 ms.
	Interval time.Duration
	// MaxRetries is how many failures in a row are tried again in place before
	// Serve returns the error; 0 means none.
	MaxRetries int
	// Backoff and MaxBackoff pace those retries; 0 means 1 s and 30 s.
	Backoff, MaxBackoff time.Duration
	// Logger is told of failures that are tried again; nil logs nothing.
	Logger *slog.Logger
	// Report is told the outcome of every poll that does not end Serve, and of the
	// last of too many failures: nil, or the failure. May be nil.
	Report func(error)
}

// Actor polls one source for one epoch.
type Actor struct {
	settings Settings
	retry    *backoff.ExponentialBackOff
	failures int
}

// New returns an actor ready to Serve.
func New(s Settings) *Actor {
	if s.Interval <= 0 {
		s.Interval = 100 * time.Millisecond
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval = orElse(s.Backoff, time.Second), orElse(s.MaxBackoff, 30*time.Second)
	retry.MaxElapsedTime = 0
	retry.Reset()
	return &Actor{settings: s, retry: retry}
}

func orElse(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// String names the actor.
func (a *Actor) String() string { return "poller" }

// Serve polls until Stop or ctx ends. It returns nil after Stop, connect.ErrEnd
// when the source has ended, and otherwise the error that calls for more than
// another try: what Hand said, a fatal one, or, as ClassRetryable, the last of too
// many failures.
//
// ctx is the hard cut. Poll sees the end of Stop; what Poll has returned is handed
// over all the same (design law 4).
func (a *Actor) Serve(ctx context.Context) error {
	polling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(a.settings.Stop, func() { cancel(context.Cause(a.settings.Stop)) })()
	// Stop is asked as well: what it does to polling it does in its own time.
	for polling.Err() == nil && a.settings.Stop.Err() == nil {
		if !a.open(polling) {
			break
		}
		pause, err := a.once(ctx, polling)
		if err != nil {
			return err
		}
		if pause > 0 {
			rest(polling, pause)
		}
	}
	return ctx.Err()
}

// open waits until the source may be polled; false when polling has ended.
func (a *Actor) open(polling context.Context) bool {
	if a.settings.Open == nil {
		return true
	}
	select {
	case <-polling.Done():
	case <-a.settings.Open():
	}
	return polling.Err() == nil
}

// once polls, hands over, and says how long to wait before the next poll.
func (a *Actor) once(ctx, polling context.Context) (time.Duration, error) {
	envelopes, failure := a.settings.Source.Poll(polling)
	if len(envelopes) > 0 {
		if err := a.settings.Hand(ctx, envelopes); err != nil {
			return 0, err
		}
	}
	switch {
	case failure == nil:
		a.report(nil)
		a.failures = 0
		a.retry.Reset()
		if len(envelopes) > 0 {
			return 0, nil
		}
		return a.settings.Interval, nil
	case errors.Is(failure, connect.ErrEnd):
		return 0, connect.ErrEnd
	}
	class := connect.ClassOf(failure)
	if class == connect.ClassFatal || class == connect.ClassConfig {
		return 0, fmt.Errorf("poll: %w", failure)
	}
	if polling.Err() != nil {
		return 0, nil // an error seen while stopping says nothing about the source
	}
	return a.again(failure, class)
}

// again decides between one more try and giving the source up.
func (a *Actor) again(failure error, class connect.Class) (time.Duration, error) {
	a.failures++
	a.report(failure)
	if a.failures > a.settings.MaxRetries {
		// Retryable, whatever it was: an Invalid that names no record blames none.
		return 0, connect.Retryable(fmt.Errorf("poll failed %d times in a row, the last time with: %w", a.failures, failure))
	}
	pause := a.retry.NextBackOff()
	a.settings.Logger.Warn("poll failed; trying again",
		slog.Any("error", failure), slog.String("class", class.String()),
		slog.Int("failures", a.failures), slog.Int("max_retries", a.settings.MaxRetries),
		slog.Duration("pause", pause))
	return pause, nil
}

func (a *Actor) report(err error) {
	if a.settings.Report != nil {
		a.settings.Report(err)
	}
}

func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

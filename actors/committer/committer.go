package committer

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"

	connect "github.com/danube-messaging/danube-connect-go"
)

// ErrStale is returned by Settings.Commit when the epoch the offsets belong to is
// over: they are dropped, because the source has begun again from the last commit.
var ErrStale = errors.New("epoch is over")

// Settings of an Actor. Commit, Latest and Progress are needed.
type Settings struct {
	Latest   *Latest
	Progress *Progress
	// Commit stores one offset per source partition, sorted by partition. It is
	// never called twice at a time.
	Commit func(ctx context.Context, epoch uint64, offsets []connect.Offset) error
	// Timeout bounds one call of Commit; 0 means 30 s.
	Timeout time.Duration
	// Interval is how long progress may wait for its commit; 0 means 1 s.
	Interval time.Duration
	// Every commits also after so many slots; 0 means by Interval alone.
	Every uint64
	// Backoff and MaxBackoff pace the retries of a failed commit; 0 means 1 s and
	// 30 s.
	Backoff, MaxBackoff time.Duration
	// Pause says how long to wait after so many failures in a row; nil means
	// exponentially longer, from Backoff to MaxBackoff, with jitter.
	Pause func(failures int) time.Duration
	// Committed is told, after each commit, how many records of each source
	// partition in it are committed by now. May be nil.
	Committed func(epoch uint64, records map[int32]uint64)
	// Revoked reports whether a life of a source partition is over in the epoch: what
	// was not committed of it is not any more. May be nil.
	Revoked func(epoch uint64, source int32) bool
	// Report is told the outcome of every call of Commit. May be nil.
	Report func(error)
}

// Actor calls the source's Commit: in order, by interval or count, and again with
// backoff for as long as it fails, newer offsets replacing older ones.
type Actor struct {
	settings Settings
	asked    chan chan<- error
	retry    *backoff.ExponentialBackOff

	// held: what was taken from the slot and is not committed, by partition.
	held     map[string]Position
	stored   map[string]Position // the last commit of each partition
	fresh    bool                // something has come since the last look
	at       time.Time           // when to commit; zero when nothing waits for it
	failures int                 // in a row
}

// New returns an actor ready to Serve.
func New(s Settings) *Actor {
	s.Timeout = orElse(s.Timeout, 30*time.Second)
	s.Interval = orElse(s.Interval, time.Second)
	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval = orElse(s.Backoff, time.Second)
	retry.MaxInterval = orElse(s.MaxBackoff, 30*time.Second)
	retry.MaxElapsedTime = 0 // for ever: a commit is never given up
	retry.Reset()
	if s.Pause == nil {
		s.Pause = func(int) time.Duration { return retry.NextBackOff() }
	}
	return &Actor{
		settings: s, retry: retry, asked: make(chan chan<- error),
		held: map[string]Position{}, stored: map[string]Position{},
	}
}

func orElse(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// String names the actor.
func (a *Actor) String() string { return "committer" }

// Serve runs until ctx ends. It returns an error of ClassFatal or ClassConfig when
// Commit says so; what it holds is committed by the next Serve.
func (a *Actor) Serve(ctx context.Context) error {
	a.Restart(time.Now())
	timer := time.NewTimer(a.settings.Interval)
	defer timer.Stop()
	var reply chan<- error
	for {
		attempt, wake := a.Due(time.Now(), reply != nil)
		if attempt != nil {
			err := a.try(ctx, attempt)
			answer(reply, err)
			reply = nil
			if final(err) {
				return err
			}
			continue // the outcome says when to look again
		}
		answer(reply, nil)
		reply = nil
		if !wake.IsZero() {
			timer.Reset(time.Until(wake))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case reply = <-a.asked:
		case <-timer.C:
		case <-a.settings.Latest.wake:
			a.fresh = true
		}
	}
}

func answer(reply chan<- error, err error) {
	if reply != nil {
		reply <- err // has room: Now makes it with capacity 1
	}
}

func final(err error) bool {
	class := connect.ClassOf(err)
	return class == connect.ClassFatal || class == connect.ClassConfig
}

// Now commits at once whatever can be committed, trying once, and returns the
// outcome.
func (a *Actor) Now(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case a.asked <- reply:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try makes the attempt.
func (a *Actor) try(ctx context.Context, at *Attempt) error {
	bounded, cancel := context.WithTimeout(ctx, a.settings.Timeout)
	defer cancel()
	err := a.settings.Commit(bounded, at.Epoch, at.Offsets)
	return a.Done(time.Now(), at, err)
}

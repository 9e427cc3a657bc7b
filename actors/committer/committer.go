package committer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	// Committed is told, after each commit, how many records of each source
	// partition in it are committed by now. May be nil.
	Committed func(epoch uint64, records map[int32]uint64)
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
	held   map[string]Position
	stored map[string]Position // the last commit of each partition
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
	timer := time.NewTimer(a.settings.Interval) // held may be left over from a panic
	defer timer.Stop()
	armed, failing := true, false
	for {
		var reply chan<- error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case reply = <-a.asked:
		case <-timer.C:
			armed = false
		case <-a.settings.Latest.wake:
			// While commits fail, only the timer says when to try again.
			if failing || !a.plenty() {
				if !armed {
					timer.Reset(a.settings.Interval)
					armed = true
				}
				continue
			}
		}
		err := a.commit(ctx)
		answer(reply, err)
		if final(err) {
			return err
		}
		if failing = err != nil; failing {
			timer.Reset(a.retry.NextBackOff())
			armed = true
		}
	}
}

// plenty reports whether enough waits for a commit by count, or somebody waits for
// the next one.
func (a *Actor) plenty() bool {
	return a.settings.Progress.awaited() || a.settings.Every > 0 && a.settings.Latest.waiting() >= a.settings.Every
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

// commit makes one attempt to store everything held.
func (a *Actor) commit(ctx context.Context) error {
	epoch := a.take()
	var offsets []connect.Offset
	for name, p := range a.held {
		if before := a.last(name, p); !p.Offset.IsZero() && before.Offset != p.Offset {
			offsets = append(offsets, p.Offset)
		}
	}
	if len(offsets) > 0 {
		slices.SortFunc(offsets, func(x, y connect.Offset) int { return strings.Compare(x.Partition, y.Partition) })
		if err := a.call(ctx, epoch, offsets); err != nil {
			return err
		}
	}
	a.retry.Reset()
	a.settle(epoch)
	return nil
}

// take moves what has come into held, lets go of what was revoked and of older
// epochs, and returns the epoch of the rest.
func (a *Actor) take() (epoch uint64) {
	positions, revoked := a.settings.Latest.take()
	for _, g := range revoked {
		g.drop(a.held)
	}
	if len(revoked) > 0 {
		a.settings.Progress.advance(0, nil, revoked)
	}
	maps.Copy(a.held, positions)
	for _, p := range a.held {
		epoch = max(epoch, p.Epoch)
	}
	maps.DeleteFunc(a.held, func(_ string, p Position) bool { return p.Epoch != epoch })
	return epoch
}

// last returns the last commit of the same life of a source partition.
func (a *Actor) last(name string, p Position) Position {
	if before := a.stored[name]; before.Epoch == p.Epoch && before.Source == p.Source {
		return before
	}
	return Position{}
}

// call stores the offsets. Offsets of an epoch that is over are let go.
func (a *Actor) call(ctx context.Context, epoch uint64, offsets []connect.Offset) error {
	bounded, cancel := context.WithTimeout(ctx, a.settings.Timeout)
	defer cancel()
	err := a.settings.Commit(bounded, epoch, offsets)
	if errors.Is(err, ErrStale) {
		clear(a.held)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("commit of %s and %d more: %w", offsets[0], len(offsets)-1, err)
	}
	if a.settings.Report != nil {
		a.settings.Report(err)
	}
	return err
}

// settle notes that everything held is stored.
func (a *Actor) settle(epoch uint64) {
	if len(a.held) == 0 {
		return
	}
	records := make(map[int32]uint64, len(a.held))
	for name, p := range a.held {
		a.stored[name] = p
		records[p.Source] = p.Records
	}
	if a.settings.Committed != nil {
		a.settings.Committed(epoch, records)
	}
	a.settings.Progress.advance(epoch, a.held, nil)
	clear(a.held)
}

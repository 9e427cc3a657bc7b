package committer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Attempt is one call of Commit.
type Attempt struct {
	Epoch uint64
	// Offsets are one for each source partition, sorted by partition.
	Offsets []connect.Offset
}

// What follows decides when to commit what, and what an outcome means. With the
// calling and the waiting left to Serve, a simulation calls it instead, on a clock
// of its own.

// Restart is what Serve begins with: something may be held since a panic.
func (a *Actor) Restart(now time.Time) { a.at, a.failures = now.Add(a.settings.Interval), 0 }

// Due returns the attempt that is to be made now, because it is time, because
// enough has come, or because somebody has asked; Done must be told its outcome
// before Due is called again. If there is none, it returns when to look again
// should nothing come before; the zero time for never.
func (a *Actor) Due(now time.Time, asked bool) (attempt *Attempt, wake time.Time) {
	select {
	case <-a.settings.Latest.wake:
		a.fresh = true
	default:
	}
	fresh := a.fresh
	a.fresh = false
	switch {
	case asked:
	case !a.at.IsZero() && !now.Before(a.at):
		a.at = time.Time{}
	case fresh && a.failures == 0 && a.plenty():
		// While commits fail, only the clock says when to try again.
	default:
		if fresh && a.at.IsZero() {
			a.at = now.Add(a.settings.Interval)
		}
		return nil, a.at
	}
	return a.attempt(), a.at
}

// attempt takes what has come. Where that says nothing new to the source, it counts
// as stored at once.
func (a *Actor) attempt() *Attempt {
	epoch := a.take()
	var offsets []connect.Offset
	for name, p := range a.held {
		if before := a.last(name, p); !p.Offset.IsZero() && before.Offset != p.Offset {
			offsets = append(offsets, p.Offset)
		}
	}
	if len(offsets) == 0 {
		a.succeed(epoch)
		return nil
	}
	slices.SortFunc(offsets, func(x, y connect.Offset) int { return strings.Compare(x.Partition, y.Partition) })
	return &Attempt{Epoch: epoch, Offsets: offsets}
}

// Done takes the outcome of an attempt, and returns it with its place named. A
// failure is tried again after a pause; offsets of an epoch that is over are let go.
func (a *Actor) Done(now time.Time, at *Attempt, err error) error {
	if errors.Is(err, ErrStale) {
		clear(a.held)
		a.succeed(at.Epoch)
		return nil
	}
	if err != nil {
		a.failures++
		a.at = now.Add(a.settings.Pause(a.failures))
		err = fmt.Errorf("commit of %s and %d more: %w", at.Offsets[0], len(at.Offsets)-1, err)
	}
	if a.settings.Report != nil {
		a.settings.Report(err)
	}
	if err == nil {
		a.succeed(at.Epoch)
	}
	return err
}

// succeed ends a row of failures.
func (a *Actor) succeed(epoch uint64) {
	a.failures = 0
	a.retry.Reset()
	a.settle(epoch)
}

// plenty reports whether enough waits for a commit by count, or somebody waits for
// the next one.
func (a *Actor) plenty() bool {
	return a.settings.Progress.awaited() || a.settings.Every > 0 && a.settings.Latest.waiting() >= a.settings.Every
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
	maps.DeleteFunc(a.held, func(_ string, p Position) bool {
		return p.Epoch != epoch || a.settings.Revoked != nil && a.settings.Revoked(p.Epoch, p.Source)
	})
	return epoch
}

// last returns the last commit of the same life of a source partition.
func (a *Actor) last(name string, p Position) Position {
	if before := a.stored[name]; before.Epoch == p.Epoch && before.Source == p.Source {
		return before
	}
	return Position{}
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

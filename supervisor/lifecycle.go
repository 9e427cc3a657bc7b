package supervisor

import (
	"errors"
	"slices"

	connect "github.com/danube-messaging/danube-connect-go"
)

// lifecycle is a pure core: what to do with the source next. An epoch is one life
// of the source, from Initialize to Shutdown; whatever went wrong in it, it is
// closed before the next one is opened (design §5.5).
type lifecycle struct {
	phase phase
	ended bool // the source said ErrEnd
}

type phase uint8

const (
	down    phase = iota // no epoch: never begun, or shut down
	spoiled              // an epoch that must be closed: begun and not known to be well
	up                   // an epoch that is well
)

type action uint8

const (
	openEpoch action = iota
	runIntake
	closeEpoch
	finish // leave the source as it is; the ordered stop goes on from there
)

// next says what to do.
func (l *lifecycle) next(stopping bool) action {
	switch {
	case stopping || l.ended:
		return finish
	case l.phase == spoiled:
		return closeEpoch
	case l.phase == down:
		return openEpoch
	}
	return runIntake
}

// opening is said before Initialize is called: should it never return in the
// ordinary way, the epoch counts as spoiled.
func (l *lifecycle) opening() { l.phase = spoiled }

// opened takes the outcome of opening an epoch.
func (l *lifecycle) opened(err error) {
	if err == nil {
		l.phase = up
	}
}

// running is said before intake begins, for the same reason.
func (l *lifecycle) running() { l.phase = spoiled }

// ran takes the outcome of intake: nil when it was asked to stop, ErrEnd when the
// source has no more. Everything else spoils the epoch.
func (l *lifecycle) ran(err error) {
	switch {
	case err == nil:
		l.phase = up
	case errors.Is(err, connect.ErrEnd):
		l.phase, l.ended = up, true
	}
}

// closed says that the epoch is shut down.
func (l *lifecycle) closed() { l.phase = down }

// mode is whether records are taken in: a pure core, since it is asked to change by
// whoever comes, in any order.
type mode uint8

const (
	taking   mode = iota
	paused        // nothing enters; what is in flight goes on
	stopping      // for good
)

// modes lists where each may go. Nothing leads out of stopping: a stop wins over a
// pause, and over whoever resumes.
var modes = [...][]mode{taking: {paused, stopping}, paused: {taking, stopping}, stopping: nil}

// may reports whether a runtime of this mode takes another; staying is no change,
// and none is refused for it but once it stops.
func (m mode) may(to mode) bool { return m != stopping && m == to || slices.Contains(modes[m], to) }

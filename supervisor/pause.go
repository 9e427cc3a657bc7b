package supervisor

import (
	"context"
	"errors"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
)

// valve is what Pause, Resume and the stop turn.
type valve struct {
	mu     sync.Mutex // taken before keeper.mu
	mode   mode
	turned chan struct{} // closed by the next turn
	open   chan struct{} // closed unless paused
}

func newValve() *valve {
	v := &valve{turned: make(chan struct{}), open: make(chan struct{})}
	close(v.open)
	return v
}

// opened returns what a poll waits for.
func (v *valve) opened() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.open
}

// turn changes the mode, at one instant for the gate, the poller and the board, and
// returns a channel that is closed by the next change.
func (rt *Runtime) turn(to mode) (next <-chan struct{}, err error) {
	v := rt.valve
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.mode.may(to) {
		return nil, connect.ErrStopped
	}
	if v.mode == to {
		return v.turned, nil
	}
	close(v.turned)
	v.turned = make(chan struct{})
	if v.mode == paused {
		close(v.open)
	}
	if to == paused {
		v.open = make(chan struct{})
	}
	again := to == stopping && v.mode == paused && rt.keeper.replayable()
	v.mode = to
	if again {
		rt.gate.Shut() // what waits is left to be read again
	} else {
		rt.budget.Pause(to == paused)
	}
	if to != stopping {
		rt.keeper.show(to)
	}
	return v.turned, nil
}

// Pause ends intake: Poll is not called any more, and Send and Deliver wait, so that
// a source that is told keeps its connection. It returns when what was taken is
// published and committed; when ctx ends, with its cause, and the runtime stays
// paused. What a Poll that is under way returns waits, too. The source remains
// initialized, and asked for its health.
//
// Pause may be called at any time, by anyone, and twice. Before Serve it makes the
// runtime begin paused. It returns an error if Resume comes in between, and
// connect.ErrStopped if the runtime stops or has ended: a stop wins over a pause.
func (rt *Runtime) Pause(ctx context.Context) error {
	next, err := rt.turn(paused)
	if err != nil {
		return err
	}
	select {
	case <-rt.budget.Idle():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-next:
	}
	if rt.stops() {
		return connect.ErrStopped
	}
	return errResumed
}

var errResumed = errors.New("resumed before everything in flight was committed")

// Resume ends a pause: what waits enters in the order it came. It returns
// connect.ErrStopped if the runtime stops or has ended, and is otherwise nil, also
// when there was no pause.
func (rt *Runtime) Resume() error {
	_, err := rt.turn(taking)
	return err
}

// ending says that the runtime takes no more records, ever.
func (rt *Runtime) ending() { _, _ = rt.turn(stopping) }

func (rt *Runtime) stops() bool {
	rt.valve.mu.Lock()
	defer rt.valve.mu.Unlock()
	return rt.valve.mode == stopping
}

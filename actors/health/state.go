package health

import (
	"fmt"
	"slices"
)

// State is how a component is doing.
type State uint8

// The states. Their order is their gravity: the runtime is as well as its worst
// component.
const (
	// Stopped: ended, and expected to.
	Stopped State = iota
	// Running: all is well.
	Running
	// Starting: not there yet; nothing has gone wrong for good.
	Starting
	// Paused: asked to take nothing in; all is well.
	Paused
	// Stopping: asked to end, and on its way.
	Stopping
	// Degraded: failing and trying again; nothing is lost.
	Degraded
	// Stalled: the broker takes requests for the topic and does not answer them.
	Stalled
	// Unhealthy: too many failed checks in a row.
	Unhealthy
	// Failing: ended by an error or a panic, and about to be started again.
	Failing
	// Failed: given up for good; the runtime stops, and this stays on the board
	// when it has.
	Failed
	// Stuck: did not come back when it was asked to end.
	Stuck
)

var names = [...]string{"stopped", "running", "starting", "paused", "stopping", "degraded", "stalled", "unhealthy", "failing", "failed", "stuck"}

// String names the state as pages and metrics do.
func (s State) String() string {
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// moves lists, for every state, where a component may go from it. A report that
// asks for another move comes late, and is ignored: a component that is stopping
// does not become healthy by an answer that was under way.
var moves = [...][]State{
	Stopped:   {Starting},
	Starting:  {Running, Paused, Degraded, Stalled, Unhealthy, Failing, Failed, Stopping, Stopped},
	Running:   {Starting, Paused, Degraded, Stalled, Unhealthy, Failing, Failed, Stopping, Stopped},
	Paused:    {Starting, Running, Degraded, Unhealthy, Failing, Failed, Stopping, Stopped},
	Degraded:  {Starting, Running, Paused, Stalled, Unhealthy, Failing, Failed, Stopping, Stopped},
	Stalled:   {Starting, Running, Degraded, Unhealthy, Failing, Failed, Stopping, Stopped},
	Unhealthy: {Starting, Running, Paused, Failing, Failed, Stopping, Stopped},
	Failing:   {Starting, Failed, Stopping, Stopped},
	Failed:    {Stuck},
	Stopping:  {Failed, Stopped, Stuck},
	Stuck:     {Stopped},
}

func (s State) may(to State) bool { return slices.Contains(moves[s], to) }

// ready reports whether records flow in this state, if perhaps haltingly.
func (s State) ready() bool { return s == Running || s == Degraded || s == Stalled }

// Package health knows how every part of a runtime is doing, and tells: a board
// of states with a table of allowed moves, probers that ask the source and the
// broker, and an HTTP handler for liveness, readiness and metrics.
package health

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Component is one line of the board.
type Component struct {
	Name  string
	State State
	// Since is when the state began.
	Since time.Time
	// Cause is why, empty when there is nothing to say.
	Cause string
	// Starts counts how often the component was started; 1 is the first.
	Starts uint64
}

// Board holds the state of every component of one runtime. The zero Board is not
// usable; see NewBoard. Its methods are safe for concurrent use.
type Board struct {
	notify func(Component)

	mu         sync.Mutex
	components map[string]*Component
}

// NewBoard returns an empty board. notify, if not nil, is told of every change, on
// the goroutine that reported it and without a lock held.
func NewBoard(notify func(Component)) *Board {
	return &Board{notify: notify, components: map[string]*Component{}}
}

// Start notes that a component has been started, for the first time or again.
func (b *Board) Start(name string) {
	b.mu.Lock()
	c, ok := b.components[name]
	if !ok {
		c = &Component{Name: name, State: Starting, Since: time.Now()}
		b.components[name] = c
	}
	c.Starts++
	b.mu.Unlock()
	b.Set(name, Starting, nil)
}

// Set reports the state of a component and why. It returns false, and the state
// stays as it is, for a component that was never started and for a move the table
// does not allow. A component that is stopping keeps its cause and takes newer
// ones from reports whose state is refused: they say why stopping takes its time.
func (b *Board) Set(name string, s State, cause error) bool {
	told, changed, ok := b.set(name, s, cause)
	if changed && b.notify != nil {
		b.notify(told)
	}
	return ok
}

func (b *Board) set(name string, s State, cause error) (told Component, changed, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.components[name]
	if !ok {
		return Component{}, false, false
	}
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	if c.State != s && !c.State.may(s) {
		if c.State == Stopping {
			c.Cause = text
		}
		return *c, false, false
	}
	if s != Stopping || cause != nil {
		c.Cause = text
	}
	if changed = c.State != s; changed {
		c.State, c.Since = s, time.Now()
	}
	return *c, changed, true
}

// Components returns every line of the board, by name.
func (b *Board) Components() []Component {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Component, 0, len(b.components))
	for _, c := range b.components {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(x, y Component) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// Worst returns the gravest state on the board: how the runtime is doing. Before
// anything has been started, that is Starting.
func (b *Board) Worst() State { return worst(b.Components()) }

// Live reports whether every component can still do its work, if perhaps after a
// restart of its own; while it is false, the process is better ended.
func (b *Board) Live() bool { return live(b.Components()) }

// Ready reports whether every component lets records flow; false before anything
// has been started.
func (b *Board) Ready() bool { return ready(b.Components()) }

func worst(all []Component) State {
	if len(all) == 0 {
		return Starting
	}
	w := Stopped
	for _, c := range all {
		w = max(w, c.State)
	}
	return w
}

func live(all []Component) bool {
	return !slices.ContainsFunc(all, func(c Component) bool { return c.State == Stuck || c.State == Failed })
}

func ready(all []Component) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(c Component) bool { return !c.State.ready() })
}

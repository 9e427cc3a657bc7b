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

// Set reports the state of a component and why. It returns false, and changes
// nothing, for a component that was never started and for a move the table does
// not allow.
func (b *Board) Set(name string, s State, cause error) bool {
	b.mu.Lock()
	c, ok := b.components[name]
	if !ok || c.State != s && !c.State.may(s) {
		b.mu.Unlock()
		return false
	}
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	changed := c.State != s
	if changed {
		c.Since = time.Now()
	}
	c.State, c.Cause = s, text
	told := *c
	b.mu.Unlock()
	if changed && b.notify != nil {
		b.notify(told)
	}
	return true
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

// Worst returns the gravest state on the board: how the runtime is doing.
func (b *Board) Worst() State {
	worst := Stopped
	for _, c := range b.Components() {
		worst = max(worst, c.State)
	}
	return worst
}

// Live returns the components that no restart will bring back: while there is one,
// the process is better ended. Ready returns those that keep records from flowing.
func (b *Board) Live() (against []Component) {
	return b.where(func(s State) bool { return s == Stuck || s == Failed })
}

// Ready returns the components that keep records from flowing; with none on the
// board, nothing has been started, and that is told as a component of its own.
func (b *Board) Ready() (against []Component) {
	if len(b.Components()) == 0 {
		return []Component{{Name: "runtime", State: Starting, Since: time.Now()}}
	}
	return b.where(func(s State) bool { return !s.ready() })
}

func (b *Board) where(bad func(State) bool) []Component {
	var found []Component
	for _, c := range b.Components() {
		if bad(c.State) {
			found = append(found, c)
		}
	}
	return found
}

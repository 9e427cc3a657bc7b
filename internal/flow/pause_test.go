package flow

import (
	"errors"
	"testing"
	"testing/synctest"
)

func isDone(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A pause is a budget that is spent: calls wait, in turn, and one that never fits is
// answered all the same.
func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 10, Bytes: 100})
		if !admit(t, b, 10)() {
			t.Fatal("not admitted with room")
		}
		b.Pause(true)
		first, second := admit(t, b, 90), admit(t, b, 80)
		if err := b.Admit(t.Context(), nil, errQuit, 0, sized(1, 101)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("what never fits: %v", err)
		}
		b.Resolve(0, Published, 1, 10)
		b.Pause(true)
		if first() || second() {
			t.Error("admitted while paused")
		}
		if bytes, waiting := b.Held(); bytes != 0 || waiting != 2 {
			t.Errorf("%d bytes held, %d waiting", bytes, waiting)
		}
		b.Pause(false)
		if !first() || second() {
			t.Error("the calls that waited do not enter in turn")
		}
		b.Resolve(0, Published, 1, 90)
		if !second() {
			t.Error("a call still waits")
		}
	})
}

// A paused budget claims nothing of a pool.
func TestPauseClaimsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, b := sharing(100, 1, 1)
		admit(t, b[1], 100)
		waits := admit(t, b[0], 50)
		more := admit(t, b[1], 10)
		b[0].Pause(true)
		b[1].Resolve(0, Published, 1, 100)
		if waits() || !more() || !admit(t, b[1], 90)() {
			t.Error("a paused neighbour keeps its share to itself")
		}
	})
}

// Idle is when everything is resolved, known to the tracker, and committed.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 10, Bytes: 100})
		if !isDone(b.Idle()) {
			t.Error("not idle with nothing read")
		}
		b.Begin(1)
		c := sized(2, 20)
		c.Sources = []Span{{0, 2}}
		if err := b.Admit(t.Context(), nil, errQuit, 1, c); err != nil {
			t.Fatal(err)
		}
		first, second := b.Idle(), b.Idle()
		b.Resolve(0, Published, 2, 20)
		if isDone(first) {
			t.Error("idle before the tracker knows")
		}
		b.Advance(1, 0, 2, 2)
		if isDone(first) {
			t.Error("idle before the commit")
		}
		b.Commit(1, map[int32]uint64{0: 2})
		if !isDone(first) || !isDone(second) || !isDone(b.Idle()) {
			t.Error("not idle with everything committed")
		}
	})
}

// What belongs to an epoch that is over, or to a revoked partition, is not waited for
// longer than it is in flight.
func TestIdleForgets(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*Budget){
		"begin":  func(b *Budget) { b.Begin(2) },
		"revoke": func(b *Budget) { b.Revoke(1, 0) },
		"undo":   func(b *Budget) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := NewBudget(Limits{Records: 10, Bytes: 100})
				b.Begin(1)
				c := sized(2, 20)
				c.Sources = []Span{{0, 2}}
				if err := b.Admit(t.Context(), nil, errQuit, 1, c); err != nil {
					t.Fatal(err)
				}
				idle := b.Idle()
				forget(b)
				if isDone(idle) {
					t.Error("idle with records in flight")
				}
				b.Undo(c, 1)
				if !isDone(idle) {
					t.Error("waits for what is forgotten")
				}
			})
		})
	}
}

package flow

import "iter"

// Held is what an actor has taken from a pipe and not yet begun to deal with. It is
// a field of the actor, so that the Serve after one that panicked begins with the
// value behind the one that was being dealt with (design law 3).
//
// That one value is not yielded again, on purpose. How far it had come nobody knows:
// a record queued twice is sent twice, an outcome settled twice gives the budget
// back twice and frees a lane for two sends at once, and a value that always panics
// would stand in the way of all others for ever. What a handler calls that is not
// the runtime's own (a logger, a report) comes last, when the value is dealt with;
// a panic before that is a defect, and costs what the value stood for: a record that
// stays in flight, passed by no commit, and is read again when the runtime is next
// started.
//
// The zero Held holds nothing.
type Held[T any] struct {
	items []T
	at    int
}

// All yields what is held, then what the pipe holds at that moment. A value
// is not held any more once it has been yielded; it must not be kept.
func (h *Held[T]) All(p *Pipe[T]) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for refilled := false; ; refilled = true {
			for h.at < len(h.items) {
				h.at++
				if !yield(&h.items[h.at-1]) {
					return
				}
			}
			if refilled {
				return
			}
			h.items, h.at = p.Take(h.items), 0
		}
	}
}

// Len returns how many values are held.
func (h *Held[T]) Len() int { return len(h.items) - h.at }

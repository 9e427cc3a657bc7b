package flow

import "iter"

// Held is what an actor has taken from a pipe and not yet dealt with. It is a
// field of the actor, so that a Serve that panics loses nothing: the next one
// begins with the value behind the one that was being dealt with (design law 3).
// The zero Held holds nothing.
type Held[T any] struct {
	items []T
	at    int
}

// All yields what is held, then what the pipe holds at that moment. A value
// counts as dealt with once it has been yielded; it must not be kept.
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

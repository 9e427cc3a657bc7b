// Package flow is what travels between the actors of one runtime, and the pipes
// it travels in. Types here are plain values; none of them blocks, logs or does
// I/O.
package flow

import "sync"

// Pipe is a typed channel for batches whose senders never wait. What bounds it is
// the budget: everything in a pipe was admitted first (design law 5). The
// receiver takes all there is at once, so a hop costs some 30 ns a value under
// load instead of a channel's 160–500 ns.
//
// Any number of goroutines may Put; one at a time may Take. A pipe outlives the
// actors at its ends and is never closed (design law 2). The zero Pipe is not
// usable; see NewPipe.
type Pipe[T any] struct {
	wake chan struct{}

	mu    sync.Mutex
	queue []T
}

// NewPipe returns an empty pipe.
func NewPipe[T any]() *Pipe[T] {
	return &Pipe[T]{wake: make(chan struct{}, 1)}
}

// Put appends values in order, atomically: values of one Put stay together.
func (p *Pipe[T]) Put(values ...T) {
	if len(values) == 0 {
		return
	}
	p.mu.Lock()
	p.queue = append(p.queue, values...)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // a wake-up is pending; the receiver will see these values too
	}
}

// Wake yields a token after a Put; the receiver then calls Take. Tokens of
// several Puts fold into one, and a token may come for values already taken.
func (p *Pipe[T]) Wake() <-chan struct{} { return p.wake }

// Take returns everything in the pipe, oldest first, and keeps the storage of
// recycled, which must not be used afterwards: pass what the last Take returned,
// once it has been dealt with, or nil.
func (p *Pipe[T]) Take(recycled []T) []T {
	clear(recycled)
	p.mu.Lock()
	taken := p.queue
	p.queue = recycled[:0]
	p.mu.Unlock()
	return taken
}

// Len returns how many values wait in the pipe.
func (p *Pipe[T]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

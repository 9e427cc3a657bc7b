package main

import (
	"context"
	"sync"
)

// tap is what a source's one goroutine passes through before it makes records: it
// waits there while the tap is shut.
type tap struct {
	mu     sync.Mutex
	isOpen bool
	opened chan struct{} // closed by open
	parked chan struct{} // closed when the goroutine waits
}

// newTap returns a tap that is shut.
func newTap() *tap {
	return &tap{opened: make(chan struct{}), parked: make(chan struct{})}
}

// pass waits while the tap is shut; it reports false when ctx ended first.
func (t *tap) pass(ctx context.Context) bool {
	t.mu.Lock()
	if t.isOpen {
		t.mu.Unlock()
		return true
	}
	opened := t.opened
	select {
	case <-t.parked:
	default:
		close(t.parked)
	}
	t.mu.Unlock()
	select {
	case <-opened:
		return true
	case <-ctx.Done():
		return false
	}
}

// open lets the source go on.
func (t *tap) open() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isOpen {
		return
	}
	t.isOpen = true
	close(t.opened)
	t.parked = make(chan struct{})
}

// shut stops the source the next time it passes; the channel it returns is closed
// once it waits there.
func (t *tap) shut() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isOpen {
		t.isOpen = false
		t.opened = make(chan struct{})
	}
	return t.parked
}

package committer

import "sync"

// Latest is the slot between the tracker and the committer: per source partition
// the newest position wins, so the tracker never waits for a slow commit.
type Latest struct {
	wake chan struct{}

	mu        sync.Mutex
	positions map[string]Position
	passed    uint64 // slots in positions not yet taken, for `every`
}

// NewLatest returns an empty slot.
func NewLatest() *Latest {
	return &Latest{wake: make(chan struct{}, 1), positions: map[string]Position{}}
}

// put replaces the position of a source partition, which has passed so many more
// slots.
func (l *Latest) put(name string, p Position, passed uint64) {
	l.mu.Lock()
	l.positions[name] = p
	l.passed += passed
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // a wake-up is pending
	}
}

// take returns what has come since the last take.
func (l *Latest) take() map[string]Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.positions
	l.positions, l.passed = map[string]Position{}, 0
	return taken
}

// waiting returns how many slots have been passed since the last take.
func (l *Latest) waiting() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passed
}

package committer

import "sync"

// Latest is the slot between the tracker and the committer: per source partition
// the newest position wins, so the tracker never waits for a slow commit.
type Latest struct {
	wake chan struct{}

	mu        sync.Mutex
	positions map[string]Position
	gone      []gone
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
	l.signal()
}

// forget takes a revoked source partition out: it is not committed any more.
func (l *Latest) forget(g gone) {
	l.mu.Lock()
	g.drop(l.positions)
	l.gone = append(l.gone, g)
	l.mu.Unlock()
	l.signal()
}

// drop deletes the position of this life of the partition.
func (g gone) drop(positions map[string]Position) {
	if p, ok := positions[g.name]; ok && g.is(p) {
		delete(positions, g.name)
	}
}

// is reports whether p is a position of this life of the partition.
func (g gone) is(p Position) bool { return p.Epoch == g.epoch && p.Source == g.source }

func (l *Latest) signal() {
	select {
	case l.wake <- struct{}{}:
	default: // a wake-up is pending
	}
}

// take returns what has come since the last take. What was revoked was so before
// any of the positions came.
func (l *Latest) take() (map[string]Position, []gone) {
	l.mu.Lock()
	defer l.mu.Unlock()
	positions, revoked := l.positions, l.gone
	l.positions, l.gone, l.passed = map[string]Position{}, nil, 0
	return positions, revoked
}

// waiting returns how many slots have been passed since the last take.
func (l *Latest) waiting() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passed
}

package committer

import (
	"context"
	"sync"
)

// Progress tells whoever waits how far commits have come.
type Progress struct {
	mu      sync.Mutex
	epoch   uint64
	slots   map[string]uint64
	changed chan struct{} // closed and replaced at every change
	waiters int
}

// NewProgress returns a Progress in which nothing is committed.
func NewProgress() *Progress {
	return &Progress{slots: map[string]uint64{}, changed: make(chan struct{})}
}

// advance notes what is committed, and what need not be because it was revoked.
func (p *Progress) advance(epoch uint64, positions map[string]Position, revoked []gone) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range revoked {
		p.reach(g.epoch, g.name, g.slots)
	}
	for name, at := range positions {
		p.reach(epoch, name, at.Slots)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Progress) reach(epoch uint64, name string, slots uint64) {
	if epoch < p.epoch {
		return
	}
	if epoch > p.epoch {
		p.epoch = epoch
		clear(p.slots)
	}
	p.slots[name] = max(p.slots[name], slots)
}

// Wait returns when, for every source partition in marks, so many slots of the
// epoch are resolved and committed, or revoked. It returns ctx's cause when ctx ends first,
// and ErrStale when a later epoch has begun to commit.
func (p *Progress) Wait(ctx context.Context, epoch uint64, marks map[string]uint64) error {
	p.wait(1)
	defer p.wait(-1)
	for {
		p.mu.Lock()
		reached, stale, changed := p.reached(epoch, marks), p.epoch > epoch, p.changed
		p.mu.Unlock()
		if reached {
			return nil
		}
		if stale {
			return ErrStale
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *Progress) wait(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiters += n
}

// awaited reports whether somebody waits: commits then do not.
func (p *Progress) awaited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiters > 0
}

func (p *Progress) reached(epoch uint64, marks map[string]uint64) bool {
	for name, slots := range marks {
		if slots > 0 && (p.epoch != epoch || p.slots[name] < slots) {
			return false
		}
	}
	return true
}

// Package committer finds how far each source partition is resolved without a gap
// and tells the source so. Two actors share the work: the Tracker takes receipts
// and never waits; the Actor calls the source's Commit and may wait as long as it
// likes. Between them is a slot in which the newest position wins.
//
// Invariant 3 (contiguity): a committed offset is the end of an unbroken prefix of
// resolved records of its source partition, and never passes a hole.
package committer

import (
	"context"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Tracker keeps the watermark of every source partition.
type Tracker struct {
	notices *flow.Pipe[flow.Notice]
	budget  *flow.Budget
	latest  *Latest

	core watermark
	held flow.Held[flow.Notice]
}

// NewTracker returns a tracker that reads notices, frees the window in budget,
// and leaves positions in latest.
func NewTracker(notices *flow.Pipe[flow.Notice], budget *flow.Budget, latest *Latest) *Tracker {
	return &Tracker{notices: notices, budget: budget, latest: latest}
}

// Serve runs until ctx ends. What it had taken when it failed is held, and is
// where the next Serve begins (design law 3).
func (t *Tracker) Serve(ctx context.Context) error {
	for {
		for n := range t.held.All(t.notices) {
			if n.Kind == flow.Sync { // receipts come before the last commit (law 8)
				t.publish()
				close(n.Reply)
				continue
			}
			t.core.step(n)
		}
		t.publish()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.notices.Wake():
		}
	}
}

func (t *Tracker) publish() {
	t.core.forgotten(t.latest.forget)
	t.core.advance(func(source int32, low, passed uint64, name string, p Position) {
		t.budget.Advance(p.Epoch, source, low)
		t.latest.put(name, p, passed)
	})
}

// String names the actor.
func (t *Tracker) String() string { return "tracker" }

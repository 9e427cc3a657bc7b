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
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Tracker keeps the watermark of every source partition, and holds back what is
// acknowledged until it is settled.
type Tracker struct {
	settings TrackerSettings

	core     watermark
	evidence evidence
	waiting  checkpoints
	lost     bool // the running epoch has lost acknowledgements: nothing of it moves on
	held     flow.Held[flow.Notice]
}

// TrackerSettings says what a Tracker reads and whom it tells. Notices, Budget and
// Latest are needed.
type TrackerSettings struct {
	// Notices is where admissions, receipts and news of sessions come from.
	Notices *flow.Pipe[flow.Notice]
	// Budget is told how far the window has moved.
	Budget *flow.Budget
	// Latest takes the positions that may be committed.
	Latest *Latest
	// Lost is told, once an epoch, that acknowledgements of it may be forgotten by
	// the broker: the source must go back to the last commit. It must not block.
	Lost func(epoch uint64)
}

// NewTracker returns a tracker ready to Serve.
func NewTracker(s TrackerSettings) *Tracker { return &Tracker{settings: s} }

// Serve runs until ctx ends. What it had taken when it failed is held, and is
// where the next Serve begins (design law 3).
func (t *Tracker) Serve(ctx context.Context) error {
	for {
		t.Step(time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.settings.Notices.Wake():
		}
	}
}

// Step deals with everything that has come by now: all that Serve does beside
// waiting. A simulation calls it instead, on a clock of its own.
func (t *Tracker) Step(now time.Time) {
	for n := range t.held.All(t.settings.Notices) {
		t.step(n, now)
	}
	t.publish(now)
}

// step takes one notice. All come by one pipe: evidence that overtook a receipt, or
// a loss that did, would settle what is forgotten.
func (t *Tracker) step(n *flow.Notice, now time.Time) {
	switch n.Kind {
	case flow.Sync: // receipts come before the last commit (law 8)
		t.publish(now)
		close(n.Reply)
	case flow.Proven:
		t.publish(now) // what was resolved before is covered by it, too
		if t.evidence.step(n) {
			t.waiting.strike(n.Topic, n.Partition, n.Session, n.At)
			t.release()
		}
	case flow.SessionBegun:
		t.core.settled(&t.evidence) // by the session before, of which nothing more is heard
		t.evidence.step(n)
	case flow.SessionLost:
		t.lose(n.Epoch, now)
	case flow.Begun:
		t.waiting.clear()
		t.lost = false
		t.core.step(n)
	default:
		t.core.step(n)
	}
}

// lose ends the epoch as far as commits go: what waits is read again.
func (t *Tracker) lose(epoch uint64, now time.Time) {
	if epoch != t.core.epoch || t.lost {
		return
	}
	t.publish(now)
	t.waiting.clear()
	t.lost = true
	if t.settings.Lost != nil {
		t.settings.Lost(epoch)
	}
}

// publish moves on what can move: the window at once, positions when what they
// cover is settled.
func (t *Tracker) publish(now time.Time) {
	t.core.forgotten(func(g gone) {
		t.waiting.forget(g)
		t.settings.Latest.forget(g)
	})
	t.core.advance(func(source int32, passed uint64, s *source) {
		t.settings.Budget.Advance(s.position.Epoch, source, s.low, s.position.Records)
		if t.lost {
			return
		}
		s.needs = t.evidence.open(s.needs)
		m := moved{s.position, passed}
		// What waits in the line has needs that are among these; should that ever cease to
		// be so, a position that waits is better than one that goes back.
		if len(s.needs) == 0 && !t.waiting.holds(s.name) {
			t.settings.Latest.put(s.name, m.Position, passed)
			return
		}
		t.waiting.add(now, s.name, m, s.needs)
	})
}

// release passes on what needs no more proof.
func (t *Tracker) release() {
	t.waiting.release(func(name string, m moved) { t.settings.Latest.put(name, m.Position, m.passed) })
}

// String names the actor.
func (t *Tracker) String() string { return "tracker" }

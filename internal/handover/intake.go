package handover

import (
	"context"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Intake is the gate as one epoch sees it. Whoever holds it cannot reach into
// another epoch, however late it comes: a goroutine of a source that outlives its
// Stream, say.
type Intake struct {
	gate *Gate
	at   *epoch
}

// Running returns the intake of the newest epoch.
func (g *Gate) Running() *Intake {
	g.mu.Lock()
	defer g.mu.Unlock()
	return &Intake{g, g.epoch}
}

// Hand is Gate.Hand for this epoch alone.
func (i *Intake) Hand(ctx context.Context, envelopes []connect.Envelope, waiter func(i int) flow.Waiter) error {
	if i.over() {
		return connect.ErrStopped
	}
	if err := i.gate.edges(envelopes); err != nil {
		return err
	}
	return i.gate.hand(ctx, i.at, envelopes, waiter)
}

// HandAll is Gate.HandAll for this epoch alone.
func (i *Intake) HandAll(ctx context.Context, envelopes []connect.Envelope) error {
	if i.over() {
		return connect.ErrStopped
	}
	if err := i.gate.edges(envelopes); err != nil {
		return err
	}
	return i.gate.handAll(ctx, i.at, envelopes)
}

// Shut ends intake of this epoch, and of no other.
func (i *Intake) Shut() {
	i.gate.mu.Lock()
	defer i.gate.mu.Unlock()
	i.at.end()
}

// Marks is Gate.Marks for this epoch alone.
func (i *Intake) Marks(names ...string) map[string]uint64 {
	i.gate.mu.Lock()
	defer i.gate.mu.Unlock()
	return i.at.marks(names)
}

func (i *Intake) over() bool {
	i.gate.mu.Lock()
	defer i.gate.mu.Unlock()
	return i.at.shut
}

// end shuts the epoch; Gate.mu is held.
func (e *epoch) end() {
	if !e.shut {
		e.shut = true
		close(e.quit)
	}
}

// marks says how many slots were handed over; Gate.mu is held.
func (e *epoch) marks(names []string) map[string]uint64 {
	all := map[string]uint64{}
	for name, s := range e.sources {
		if s.next > 0 {
			all[name] = s.handed()
		}
	}
	if len(names) == 0 {
		return all
	}
	wanted := map[string]uint64{}
	for _, name := range names {
		if n, ok := all[name]; ok {
			wanted[name] = n
		}
	}
	return wanted
}

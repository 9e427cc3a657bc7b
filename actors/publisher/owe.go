package publisher

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// retained stands in notices for all sessions of a topic partition whose records are
// retained: what one of them owed, the next one owes.
const retained uint64 = math.MaxUint64

// retains reports whether what is acknowledged is kept until it is settled.
func (a *Actor) retains() bool { return a.settings.Settle != nil && a.settings.Settle.Retain }

// retain keeps a record the broker said OK to. It is counted and told of at its first
// OK only: what follows is the runtime's own affair.
func (a *Actor) retain(p *partition, m *flow.Message, answered time.Time) {
	p.proof.acknowledged(answered)
	m.Acked = answered
	p.retain(m)
	if !m.First.IsZero() {
		return
	}
	p.first = later(answered, p.first.Add(1)) // by which the tracker tells them apart
	m.First = p.first
	parcel, which := &m.Parcel, 0
	if parcel.Letter {
		which = 1
	}
	a.kept[which].add(parcel)
	if parcel.Source != flow.NoSource {
		a.notices = append(a.notices, flow.Notice{
			Kind: flow.Resolved, Epoch: parcel.Epoch, Source: parcel.Source, Slot: parcel.Slot,
			Topic: a.settings.Index, Partition: int32(p.index), Session: retained, At: m.First,
		})
	}
	if w := m.Parcel.Waiter; w != nil && !w.Settles() {
		m.Parcel.Waiter = nil
		w.Resolve(nil)
	}
}

func later(x, y time.Time) time.Time {
	if x.Before(y) {
		return y
	}
	return x
}

// release lets go of a retained record, which is settled, or given up (err).
func (a *Actor) release(m *flow.Message, err error) {
	a.freed.add(&m.Parcel)
	if w := m.Parcel.Waiter; w != nil {
		w.Resolve(err)
	}
	a.recycle(m)
}

// settled lets go of what the running session is proven past.
func (a *Actor) settled(p *partition) {
	for len(p.owed) > 0 && !p.owed[0].at.After(p.proof.proven) {
		p.owed[0].waiter.Resolve(nil)
		p.owed = p.owed[1:]
	}
	if p.kept > 0 {
		p.settled(p.proof.proven, func(m *flow.Message) { a.release(m, nil) })
		a.progress(p)
	}
}

// progress tells the tracker how far retained records are settled without a gap.
func (a *Actor) progress(p *partition) {
	through := p.first
	if oldest := p.oldest(); !oldest.IsZero() {
		through = oldest.Add(-1)
	}
	a.notices = append(a.notices, flow.Notice{
		Kind: flow.Proven, Topic: a.settings.Index, Partition: int32(p.index), Session: retained, At: through,
	})
}

// debt is a waiter whose record is acknowledged, of a source that can offer it
// again.
type debt struct {
	waiter flow.Waiter
	at     time.Time
}

// owe answers whoever waits for a record the broker said OK to: at once, or when the
// session is proven past it.
func (p *partition) owe(w flow.Waiter, answered time.Time) {
	if w == nil {
		return
	}
	if p.proof.needed() && w.Settles() {
		p.owed = append(p.owed, debt{w, answered})
		return
	}
	w.Resolve(nil)
}

// errForgotten is what whoever waits for a record to be settled is told when its
// session is lost.
var errForgotten = fmt.Errorf("the broker has ended since it acknowledged the record and may have forgotten it; "+
	"it is read again if the source goes back to its last commit, else it must be sent again: %w", connect.ErrStopped)

// forgotten lets go of those who wait for a session that is lost.
func (p *partition) forgotten() {
	for _, o := range p.owed {
		o.waiter.Resolve(errForgotten)
	}
	p.owed = nil
}

// resend is said when another session begins: what is retained goes first.
func (a *Actor) resend(p *partition) {
	if p.session.id == 0 {
		a.notices = append(a.notices, flow.Notice{
			Kind: flow.SessionBegun, Topic: a.settings.Index, Partition: int32(p.index), Session: retained,
		})
	}
	if p.kept > 0 {
		a.settings.Logger.Warn("the broker may have forgotten what it acknowledged; sending it again",
			slog.String("topic", a.settings.Topic), slog.Int("partition", p.index), slog.Int("records", p.kept))
	}
	p.again()
}

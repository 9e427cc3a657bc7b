package publisher

import (
	"log/slog"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Settle says how a publisher settles what the broker has acknowledged.
type Settle struct {
	// Flush is the broker's flush interval; 0 means that an OK is final.
	Flush time.Duration
	// Announced takes the interval the broker announces, where it announces one,
	// instead of Flush.
	Announced bool
	// Margin is how late the broker's log writer may be.
	Margin time.Duration
	// Retain keeps what is acknowledged until it is settled, and sends it again in the
	// next session if it was not: for sources that cannot offer a record again, whose
	// records are then never taken back either.
	Retain bool
}

// evidence takes an OK of the running session to whatever was asked of it.
func (a *Actor) evidence(p *partition, sent, answered time.Time, send bool) {
	if !p.proof.needed() || !p.proof.ok(sent, answered, send) {
		return
	}
	a.settled(p)
	if a.retains() {
		return
	}
	a.notices = append(a.notices, flow.Notice{
		Kind: flow.Proven, Topic: a.settings.Index, Partition: int32(p.index), Session: p.session.id, At: p.proof.proven,
	})
}

// testify takes the outcome of a send of the running session for what it says about
// the broker. One that refuses sends, or has trouble with its log, may answer
// health checks all the same; blames says that it may be the record instead.
func (a *Actor) testify(p *partition, r *flow.Result, blames bool) {
	switch {
	case r.Outcome == flow.OK:
		a.evidence(p, r.Sent, r.Answered, true)
	case blames && r.Outcome != flow.Reset:
		r.Message.Doubt = p.proof.suspect(r.Message.Doubt)
	case r.Outcome == flow.Lost, r.Outcome == flow.Busy:
		p.proof.refused()
	}
}

// alive takes the outcome of a health check of the session id.
func (a *Actor) alive(p *partition, e *flow.SessionEvent) {
	p.probing = false
	a.touch(p)
	if e.Session == p.session.id && p.session.state != Opening {
		a.evidence(p, e.Sent, e.Answered, false)
	}
}

// quiet takes a health check that found nobody. While something waits for proof,
// that is a reason to ask for a session: the broker may be another by now.
func (a *Actor) quiet(p *partition, e *flow.SessionEvent, now time.Time) {
	p.probing = false
	a.touch(p)
	if p.proof.dirty() && p.session.outcome(flow.Unknown, e.Session, e.Err, now) {
		p.asked = false
	}
}

// begun takes a session that is not the one before. If that one had acknowledged
// what is not proven, nothing may slip into the new one ahead of what may be
// forgotten: it is sent again first, where it was retained. Where the source offers it
// again, all the lanes hold is dropped, to be read with it.
func (a *Actor) begun(p *partition, id uint64, flush time.Duration) {
	if a.settings.Settle == nil {
		return
	}
	p.forgotten()
	switch {
	case a.retains():
		a.resend(p)
	case p.proof.needed() && p.proof.dirty():
		a.settings.Logger.Warn("the broker may have forgotten what it acknowledged; going back to the last commit",
			slog.String("topic", a.settings.Topic), slog.Int("partition", p.index), slog.Uint64("epoch", a.epoch))
		p.dropped = a.epoch
		p.withdraw(a.epoch, func(m *flow.Message) {
			a.withdraw(&m.Parcel)
			a.recycle(m)
		})
		a.notices = append(a.notices, flow.Notice{
			Kind: flow.SessionLost, Epoch: a.epoch, Topic: a.settings.Index, Partition: int32(p.index), Session: p.session.id,
		})
	}
	p.proof.begin()
	p.proof.flush = a.settings.Settle.Flush
	if a.settings.Settle.Announced && flush >= 0 {
		p.proof.flush = flush
	}
	if a.retains() {
		return
	}
	a.notices = append(a.notices, flow.Notice{
		Kind: flow.SessionBegun, Topic: a.settings.Index, Partition: int32(p.index), Session: id,
	})
}

// renew is said when the first parcel of a newer epoch comes: what was not proven
// is being read again, if it is not retained.
func (a *Actor) renew(epoch uint64) {
	a.epoch = epoch
	if a.retains() {
		return
	}
	for _, p := range a.partitions {
		p.proof.forget()
	}
}

// prove asks for a health check when one would bring a proof on, or returns when it
// will.
func (a *Actor) prove(p *partition, now time.Time) time.Time {
	at := p.proof.probeAt()
	if at.IsZero() || p.probing || p.session.state == Opening || p.session.state == Failed {
		return time.Time{}
	}
	if at.After(now) {
		return at
	}
	p.probing = true
	a.settings.Transport.Probe(p.index)
	return time.Time{}
}

// receipt is the notice that resolves a record: final, or a promise of the session.
func (a *Actor) receipt(p *partition, m *flow.Message, answered time.Time) flow.Notice {
	parcel := &m.Parcel
	n := flow.Notice{Kind: flow.Resolved, Epoch: parcel.Epoch, Source: parcel.Source, Slot: parcel.Slot}
	if p.proof.needed() {
		n.Topic, n.Partition, n.Session, n.At = a.settings.Index, int32(p.index), p.session.id, answered
		if parcel.Epoch == a.epoch {
			p.proof.acknowledged(answered)
		}
	}
	return n
}

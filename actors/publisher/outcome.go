package publisher

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// Stats are a publisher's counters; they may be read at any time.
type Stats struct {
	// Attempts counts sends started, Outcomes what they came to, by flow.Outcome.
	Attempts atomic.Uint64
	Outcomes [flow.Unadopted + 1]atomic.Uint64
	// Sessions counts the sessions opened, the first of each partition included.
	Sessions atomic.Uint64
}

// settle deals with the outcomes of sends.
func (a *Actor) settle(now time.Time) {
	for r := range a.results.All(a.settings.Transport.Results()) {
		a.stats.Outcomes[r.Outcome].Add(1)
		p := a.partitions[r.Message.Partition]
		blames := r.Outcome == flow.Reset || r.Outcome == flow.Unclear
		r.Outcome = p.verdict(r)
		before := p.session.state
		lost := p.session.outcome(r.Outcome, r.Message.Session, r.Err, now)
		if p.session.state == Failed && before != Failed {
			a.fatal.session(p.session.cause)
		}
		a.outcome(p, r, blames, now)
		a.touch(p)
		if lost {
			p.asked = false
			a.settings.Logger.Warn("session is suspect; asking the broker again",
				slog.String("topic", a.settings.Topic), slog.Int("partition", p.index),
				slog.String("outcome", r.Outcome.String()), slog.Any("error", r.Err))
		}
	}
}

// outcome decides what becomes of the message: resolved, sent again, or given up.
func (a *Actor) outcome(p *partition, r *flow.Result, blames bool, now time.Time) {
	m := r.Message
	current := m.Session == p.session.id
	if current {
		a.testify(p, r, blames)
	}
	switch {
	case r.Outcome == flow.OK && (current || a.settings.Settle == nil):
		// An OK of a session that is over may be to a record that is forgotten.
		a.acknowledge(p, m, r.Answered)
	case !current && a.retains():
		p.keep(m, now, 0) // what is retained may have gone ahead of it
	case m.Parcel.Epoch <= max(a.withdrawn, p.dropped):
		a.withdraw(&m.Parcel)
		p.resolve(m)
		a.recycle(m)
	case r.Outcome == flow.Refused:
		m.Attempts++
		a.refuse(p, r, letters.Refused, r.Err)
	case r.Outcome == flow.Unclear, r.Outcome == flow.Reset:
		// These blame the record, for others pass: more than MaxRetries is proof.
		if m.Blamed.IsZero() {
			m.Blamed = r.Answered
		}
		if m.Attempts++; m.Attempts > a.settings.MaxRetries {
			a.refuse(p, r, letters.Reset, fmt.Errorf("%d attempts ended in the same way while other records passed: %w", m.Attempts, r.Err))
			return
		}
		p.keep(m, now, a.settings.Pause(m.Attempts))
	default:
		p.keep(m, now, 0)
	}
}

// acknowledge resolves a record the broker said OK to, or keeps it until that OK is
// settled.
func (a *Actor) acknowledge(p *partition, m *flow.Message, answered time.Time) {
	switch {
	case p.proof.needed() && a.retains():
		a.retain(p, m, answered)
		return
	case !m.First.IsZero(): // retained once; this session's OK is final
		p.resolve(m)
		a.release(m, nil)
		a.progress(p)
		return
	}
	which := 0
	if m.Parcel.Letter {
		which = 2
	}
	a.done[which].add(&m.Parcel)
	if n := a.receipt(p, m, answered); n.Source != flow.NoSource {
		a.notices = append(a.notices, n)
	}
	p.owe(m.Parcel.Waiter, answered)
	p.resolve(m)
	a.recycle(m)
}

// withdraw takes a record back: its epoch is over, and it will be read again. Its
// slot stays a hole.
func (a *Actor) withdraw(p *flow.Parcel) {
	a.done[1].add(p)
	if p.Waiter != nil {
		p.Waiter.Resolve(connect.ErrStopped)
	}
}

func (t *tally) add(p *flow.Parcel) {
	t.records++
	t.bytes += p.Size
}

// flush tells the tracker and the budget of everything resolved in this step, at
// the price of one call each.
func (a *Actor) flush() {
	if len(a.notices) > 0 {
		a.settings.Tracker.Put(a.notices...)
		a.notices = a.notices[:0]
	}
	for i, fate := range [...]flow.Fate{flow.Published, flow.Withdrawn, flow.DeadLettered, flow.Skipped} {
		if t := a.done[i]; t.records > 0 {
			a.done[i] = tally{}
			a.settings.Budget.Resolve(a.settings.Index, fate, t.records, t.bytes)
		}
	}
	for i, fate := range [...]flow.Fate{flow.Published, flow.DeadLettered} {
		if t := a.kept[i]; t.records > 0 {
			a.kept[i] = tally{}
			a.settings.Budget.Retain(a.settings.Index, fate, t.records, t.bytes)
		}
	}
	if t := a.freed; t.records > 0 {
		a.freed = tally{}
		a.settings.Budget.Settle(a.settings.Index, t.records, t.bytes)
	}
}

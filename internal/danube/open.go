package danube

import (
	"context"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// open opens a session for p, with patience. It is the goroutine behind Open.
func (t *Transport) open(p *partition) {
	known, home := p.seen()
	asking := t.client.asking(home)
	patience := patience{first: !known, deniedGrace: t.client.settings.DeniedGrace}
	pauses := newBackOff()
	for {
		e := flow.SessionEvent{Partition: p.index, Kind: flow.Opened, Sent: time.Now()}
		s, flush, err := t.tryOpen(t.ctx, p, asking)
		e.Answered = time.Now()
		if err == nil {
			e.Session, e.Flush = s.id, flush
			p.offer(s)
			t.events.Put(e)
			return
		}
		if t.ctx.Err() != nil {
			p.end()
			return
		}
		next, err := patience.judge(e.Answered, opened(err), err)
		e.Err = err
		if next == giveUp {
			e.Kind = flow.Failed
			p.end()
			t.events.Put(e)
			return
		}
		e.Kind = flow.Trying
		t.events.Put(e)
		if next == backOff && !pause(t.ctx.Done(), pauses.NextBackOff()) {
			p.end()
			return
		}
	}
}

// tryOpen makes one attempt: find out where the topic lives, and register there.
func (t *Transport) tryOpen(ctx context.Context, p *partition, asking *asking) (*session, flushInterval, error) {
	where, unfound := t.client.find(ctx, p.topic, asking)
	if where == (place{}) {
		return nil, none, unfound
	}
	s, flush, err := t.create(ctx, p, where)
	if err == nil {
		if err := t.judge(ctx, p, s); err != nil {
			s.release()
			return nil, none, err
		}
		return s, flush, nil
	}
	if answered(err) {
		asking.learn(where.endpoint) // not here; it may know where
	}
	// A broker that lets nobody ask where the topic lives leaves us with brokers
	// that say: not here.
	if unfound != nil && opened(unfound) == denied && opened(err) == transient {
		return nil, none, unfound
	}
	return nil, none, err
}

package connecttest

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Probe makes a health check.
func (t *transport) Probe(partition int) {
	r := t.request(partition, t.adopted[partition])
	if r.broker == nil {
		t.event(flow.SessionEvent{Partition: partition, Kind: flow.Quiet, Session: r.session, Err: errNetwork})
		return
	}
	t.send(r)
}

// Open asks for a session until there is one.
func (t *transport) Open(partition int) {
	if t.opening[partition] {
		return
	}
	t.opening[partition] = true
	t.w.after(t.w.delay(nil), func() { t.open(partition) })
}

func (t *transport) open(partition int) {
	w, s := t.w, t.shards[partition]
	b := s.owner
	switch {
	case t.rt.dead:
		return
	case !b.up || b.still || b.dropping > 0 || s.down > 0 || b.denying > 0 && w.rng.IntN(2) == 0:
		t.event(flow.SessionEvent{Partition: partition, Kind: flow.Trying, Err: errNetwork})
		w.after(span(w.rng, 50*time.Millisecond, 500*time.Millisecond), func() { t.open(partition) })
		return
	}
	if s.id == 0 {
		s.id = w.rng.Uint64() | 1
	}
	id := s.id
	if b.mute > 0 {
		w.after(span(w.rng, 50*time.Millisecond, 500*time.Millisecond), func() { t.open(partition) })
		return
	}
	w.after(w.delay(b), func() {
		if t.rt.dead {
			return
		}
		t.opening[partition], t.conn[partition] = false, b
		e := flow.SessionEvent{Partition: partition, Kind: flow.Opened, Session: id, Flush: -1}
		if w.plan.announced {
			e.Flush = w.plan.flush
		}
		t.event(e)
	})
}

func (t *transport) event(e flow.SessionEvent) {
	t.events.Put(e)
	t.rt.poke()
}

// poll makes the health checks that the client makes by itself.
func (t *transport) poll(partition int) {
	if t.rt.dead {
		return
	}
	if t.adopted[partition] != 0 {
		t.Probe(partition)
	}
	t.w.after(t.w.plan.health, func() { t.poll(partition) })
}

// check is what a broker says to a health check.
func (w *world) check(r *request) {
	kind := flow.Closed
	if w.known(r) {
		kind = flow.Alive
	}
	w.reply(r, func() { r.t.alive(r, kind) })
}

// alive tells the publisher the outcome of a health check.
func (t *transport) alive(r *request, k flow.SessionKind) {
	if t.rt.dead {
		return
	}
	e := flow.SessionEvent{Partition: r.partition, Kind: k, Session: r.session, Sent: t.w.time(r.sent), Answered: t.w.time(t.w.now)}
	if k != flow.Alive {
		e.Err = errNetwork
	}
	t.event(e)
}

// Adopt begins a session. Of what the one before has acknowledged, the newest, as many
// as are retained at that time, may be sent again.
func (t *transport) Adopt(partition int, session uint64) {
	if before := t.adopted[partition]; before != session && before != 0 {
		taken := t.taken[partition]
		retained := int(t.rt.budget.Topic(t.index).Retained)
		for _, id := range taken[max(len(taken)-retained, 0):] {
			t.w.books.Unanswered(id)
		}
		t.taken[partition] = nil
	}
	t.adopted[partition] = session
}

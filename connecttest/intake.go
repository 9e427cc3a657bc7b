package connecttest

import (
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// call is one hand-over: a Poll result, or one Deliver.
type call struct {
	part      int
	envelopes []connect.Envelope
	records   []Record
	last      uint64 // position
	left      int    // pushing: records without an answer
	failed    bool
	settles   bool // pushing: Deliver waits for Settled
	rt        *process
}

// intake polls, or lets senders push, for as long as the epoch lasts.
func (rt *process) intake(epoch uint64) {
	if rt.dead || rt.stage != up || rt.stopping || epoch != rt.epoch || rt.pending != nil {
		return
	}
	if rt.w.plan.kind == pushing {
		rt.push()
		rt.w.after(rt.w.plan.gap/2, func() { rt.intake(epoch) })
		return
	}
	w := rt.w
	part, positions := w.source.poll(w.now)
	if len(positions) == 0 {
		rt.pollAgain(100 * time.Millisecond)
		return
	}
	c := &call{part: part, rt: rt, last: positions[len(positions)-1]}
	p := &w.source.parts[part]
	for _, n := range positions {
		for _, r := range p.ids[n] {
			c.add(w, r)
		}
		if len(p.ids[n]) == 0 {
			c.envelopes = append(c.envelopes, connect.Mark(connect.Offset{Partition: p.name, Value: n}))
		}
	}
	rt.pending = c
	rt.hand()
}

func (rt *process) pollAgain(within time.Duration) {
	if !rt.polling {
		rt.polling = true
		rt.w.after(span(rt.w.rng, 0, within), func() {
			rt.polling = false
			rt.intake(rt.epoch)
		})
	}
}

func (c *call) add(w *world, r Record) {
	c.records = append(c.records, r)
	c.envelopes = append(c.envelopes, w.envelope(r))
}

// hand tries to hand over what waits for room.
func (rt *process) hand() {
	if rt.dead {
		return
	}
	if c := rt.pending; c != nil {
		switch rt.admitted(c) {
		case entered:
			rt.pending = nil
			rt.pollAgain(50 * time.Millisecond)
		case refused:
			rt.pending = nil
		}
	}
	waiting := rt.calls[:0]
	for _, c := range rt.calls {
		switch rt.admitted(c) {
		case mustWait:
			waiting = append(waiting, c)
		case refused:
			rt.w.source.parts[c.part].busy = false
		}
	}
	rt.calls = waiting
}

type admission uint8

const (
	mustWait admission = iota
	entered
	refused
)

func (rt *process) admitted(c *call) admission {
	var waiter func(int) flow.Waiter
	if rt.w.plan.kind == pushing {
		c.left = len(c.records)
		waiter = func(i int) flow.Waiter { return ear{c, i} }
	}
	rt.aside = rt.aside[:0]
	err := rt.gate.Hand(rt.atOnce, c.envelopes, waiter)
	switch {
	case err == nil:
	case connectStopped(err):
		return refused
	case rt.atOnce.Err() != nil && err == rt.atOnce.Err():
		return mustWait
	default:
		rt.w.books.Report("I8", "what the source hands over is refused: %v", err)
		return refused
	}
	for _, r := range c.records {
		rt.w.books.Offer(r)
	}
	rt.handed += uint64(len(c.records))
	for _, divert := range rt.aside {
		divert()
	}
	rt.bounded()
	rt.poke()
	return entered
}

// push lets every sender that is not waiting for an answer deliver what there is.
func (rt *process) push() {
	w := rt.w
	for i := range w.source.parts {
		p := &w.source.parts[i]
		last := w.source.available(w.now)
		if p.busy || p.told >= last {
			continue
		}
		c := &call{part: i, rt: rt, settles: w.plan.settled && w.rng.IntN(2) == 0}
		for n := p.told + 1; n <= last && len(c.records) < w.plan.batch; n++ {
			c.add(w, p.ids[n][0])
			c.last = n
		}
		p.busy = true
		rt.calls = append(rt.calls, c)
	}
	rt.hand()
}

// turnAway answers the senders that wait for room: nothing of theirs was taken.
func (rt *process) turnAway() {
	for _, c := range rt.calls {
		rt.w.source.parts[c.part].busy = false
	}
	rt.calls = nil
}

// ear is one record's place in a Deliver call.
type ear struct {
	*call
	i int
}

// Settles says what the sender waits for.
func (e ear) Settles() bool { return e.settles }

// Resolve is the answer to one record.
func (e ear) Resolve(err error) {
	w := e.rt.w
	switch {
	case err == nil && w.plan.settled && !e.settles:
		w.books.Acknowledge(e.records[e.i].ID)
	case err == nil:
		w.books.Tell(e.records[e.i].ID)
	case connect.ClassOf(err) == connect.ClassInvalid:
		id := e.records[e.i].ID
		if !w.culpable(id) {
			w.books.Report("I1", "the sender of record %d is told that it is invalid, and nothing is wrong with it", id)
		}
		w.books.Skip(id) // the sender knows that it will never be
	default:
		e.failed = true
	}
	if e.left--; e.left > 0 {
		return
	}
	p := &w.source.parts[e.part]
	p.busy = false
	if !e.failed {
		p.told = e.last
		w.after(0, w.finishIfDone)
	}
}

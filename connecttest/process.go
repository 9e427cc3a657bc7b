package connecttest

import (
	"context"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// process is one process of the runtime: the real gate, budget, publishers, tracker
// and committer, stepped by the world instead of served by goroutines. What the
// supervisor's keeper and its ordered stop do with them, life does in their order.
type process struct {
	w        *world
	dead     bool
	budget   *flow.Budget
	notices  *flow.Pipe[flow.Notice]
	gate     *handover.Gate
	tracker  *committer.Tracker
	desk     *committer.Actor
	pubs     []*pub
	letters  *pub               // of the dead-letter topic, the last of pubs; nil when there is none
	endFeed  context.CancelFunc // no more parcels come from the gate
	endLast  context.CancelFunc // nor from other publishers
	tracking bool               // a step of the tracker is planned
	looking  time.Time
	handed   uint64 // records that were admitted
	skipped  uint64
	aside    []func() // what the gate has diverted of the call it is given
	atOnce   context.Context
	life
}

// pub is one publisher.
type pub struct {
	actor    *publisher.Actor
	net      *transport
	parcels  *flow.Pipe[flow.Parcel]
	planned  bool // a step is planned
	timer    time.Time
	finished bool
}

// plain encodes bytes as they are.
type plain struct{ w *world }

// Encode returns the payload, unless the record has none that could be encoded.
func (p plain) Encode(r connect.Record) ([]byte, error) {
	if id := recordID(r.Raw()); p.w.poisons[id] == shapeless {
		return nil, connect.Invalid(&poisoned{id})
	}
	return r.Raw(), nil
}

func newProcess(w *world) *process {
	p := &w.plan
	rt := &process{w: w, budget: flow.NewBudget(p.limits), notices: flow.NewPipe[flow.Notice]()}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	rt.atOnce = done
	latest := committer.NewLatest()
	rt.gate = handover.New(handover.Settings{
		Budget: rt.budget, Tracker: rt.notices, MaxMessage: 1 << 20, BatchSize: 1 << 10, Commits: p.kind != pushing,
		Invalid: p.rule(p.policy), Diverted: func(policy letters.Policy, err error) {
			rt.aside = append(rt.aside, func() { rt.diverted(policy, err) })
		},
	})
	rt.tracker = committer.NewTracker(committer.TrackerSettings{
		Notices: rt.notices, Budget: rt.budget, Latest: latest, Lost: rt.rewind,
	})
	rt.desk = committer.New(committer.Settings{
		Latest: latest, Progress: committer.NewProgress(), Interval: p.interval, Every: p.every, Pause: w.pause, Committed: rt.budget.Commit, Revoked: rt.gate.Revoked,
	})
	rt.desk.Restart(w.time(w.now))
	var feed, last context.Context
	feed, rt.endFeed = context.WithCancel(context.Background())
	last, rt.endLast = context.WithCancel(context.Background())
	if shards := w.letterShards(); len(shards) > 0 {
		rt.letters = rt.add(int32(len(p.topics)), p.letters, shards, last)
	}
	first := 0
	for i, t := range p.topics {
		n := max(t.Partitions, 1)
		rt.add(int32(i), t, w.shards[first:first+n], feed)
		first += n
	}
	rt.begin()
	return rt
}

// add makes the publisher of a topic.
func (rt *process) add(index int32, t topicPlan, shards []*shard, feed context.Context) *pub {
	w := rt.w
	b := &pub{net: newTransport(rt, index, shards), parcels: flow.NewPipe[flow.Parcel]()}
	s := publisher.Settings{
		Topic: t.Topic, Index: index, Partitions: t.Partitions, Ordering: t.ordering, Lanes: w.plan.lanes,
		Parcels: b.parcels, Transport: b.net, Tracker: rt.notices, Budget: rt.budget, Stop: feed,
		MaxRetries: w.plan.retries, Pause: w.pause,
		Invalid: publisher.Invalid{Policy: t.policy, Letters: rt.mailbox(), Report: rt.diverted},
	}
	if w.plan.settled {
		flush := w.plan.flush
		if w.plan.announced {
			flush = time.Hour // what the broker says counts
		}
		s.Settle = &publisher.Settle{Flush: flush, Announced: w.plan.announced, Margin: w.plan.margin, Retain: w.plan.kind == pushing}
	}
	b.actor = publisher.New(s)
	rt.pubs = append(rt.pubs, b)
	rt.gate.Declare(&handover.Topic{
		Producer: t.Producer, Index: index, Encoder: plain{w}, Measure: func(*flow.Parcel) int { return recordSize }, Pipe: b.parcels,
		Invalid: w.plan.rule(t.policy),
	})
	b.actor.Restart()
	rt.schedule(b, 0)
	for i := range shards {
		w.after(span(w.rng, 0, w.plan.health), func() { b.net.poll(i) })
	}
	return b
}

// pause is the backoff of this world: exponential, with jitter from the seed.
func (w *world) pause(failures int) time.Duration {
	d := min(100*time.Millisecond<<min(failures-1, 10), 2*time.Second)
	return span(w.rng, d/2, d+d/2)
}

func (rt *process) gone() bool { return rt == nil || rt.dead }

// die ends the process at once.
func (rt *process) die() {
	if rt.gone() {
		return
	}
	rt.w.say("the runtime is gone")
	for _, b := range rt.pubs {
		b.net.cut()
	}
	rt.reconcile()
	rt.w.books.Forget()
	rt.dead = true
	rt.w.over = rt.w.over || rt.w.halted != nil
	rt.endFeed()
	rt.endLast()
	for i := range rt.w.source.parts {
		rt.w.source.parts[i].busy = false
	}
}

// reconcile holds the counters against the books and against what was handed over.
func (rt *process) reconcile() {
	c := rt.budget.Totals()
	rt.w.books.Reconcile(supervisor.Totals(c))
	if c.Read != rt.handed {
		rt.w.books.Report("I12", "%d records are counted as read, and %d were handed over", c.Read, rt.handed)
	}
	if c.Skipped != rt.skipped {
		rt.w.books.Report("I12", "%d records are counted as skipped, and %d were", c.Skipped, rt.skipped)
	}
	if bytes, _ := rt.budget.Held(); uint64(bytes) != (c.InFlight+c.Retained)*recordSize {
		rt.w.books.Report("I12", "%d records in flight and %d retained ones hold %d bytes", c.InFlight, c.Retained, bytes)
	}
}

// bounded holds what is in memory against the budget.
func (rt *process) bounded() {
	l := rt.w.plan.limits
	if bytes, _ := rt.budget.Held(); bytes > l.Bytes || rt.budget.Totals().InFlight > uint64(l.Records) {
		rt.w.books.Report("I7", "%d bytes and %d records are held, of %+v", bytes, rt.budget.Totals().InFlight, l)
	}
}

// poke plans a step of every actor that has something to look at.
func (rt *process) poke() {
	if rt.dead {
		return
	}
	for _, b := range rt.pubs {
		if b.net.results.Len() > 0 || b.net.events.Len() > 0 || b.parcels.Len() > 0 {
			rt.schedule(b, rt.w.lag())
		}
	}
	if rt.notices.Len() > 0 && !rt.tracking {
		rt.tracking = true
		rt.w.after(rt.w.lag(), rt.track)
	}
}

// pokeAll plans a step of every publisher: something was asked of all.
func (rt *process) pokeAll() {
	for _, b := range rt.pubs {
		rt.schedule(b, rt.w.lag())
	}
	rt.poke()
}

func (rt *process) schedule(b *pub, d time.Duration) {
	if !b.planned && !b.finished {
		b.planned = true
		rt.w.after(d, func() { rt.step(b) })
	}
}

// step is what one round of a publisher's Serve does.
func (rt *process) step(b *pub) {
	if rt.dead {
		return
	}
	b.planned = false
	wake, err := b.actor.Step(rt.w.time(rt.w.now))
	b.net.stepped()
	if err != nil {
		rt.fail(err)
		b.planned = true
		rt.w.after(100*time.Millisecond, func() { b.actor.Restart(); rt.step(b) })
	}
	if err == nil && b.actor.Finished() {
		b.finished = true
	}
	if !wake.IsZero() && (b.timer.IsZero() || wake.Before(b.timer)) {
		b.timer = wake
		rt.w.after(wake.Sub(rt.w.time(rt.w.now)), func() {
			if b.timer.Equal(wake) {
				b.timer = time.Time{}
			}
			if !rt.dead {
				rt.schedule(b, rt.w.lag())
			}
		})
	}
	rt.went()
}

// track is what one round of the tracker's Serve does.
func (rt *process) track() {
	rt.tracking = false
	if rt.dead {
		return
	}
	rt.tracker.Step(rt.w.time(rt.w.now))
	rt.look(false)
	rt.went()
}

// look is what one round of the committer's Serve does. It reports whether there
// was nothing to commit.
func (rt *process) look(asked bool) (nothing bool) {
	if rt.dead || rt.committing {
		return false
	}
	attempt, wake := rt.desk.Due(rt.w.time(rt.w.now), asked)
	if attempt != nil {
		rt.committing = true
		rt.knock(attempt)
		return false
	}
	if !wake.IsZero() && !wake.Equal(rt.looking) {
		rt.looking = wake
		rt.w.after(wake.Sub(rt.w.time(rt.w.now)), func() { rt.look(false) })
	}
	return true
}

// went is said whenever an actor has moved on: others may be able to.
func (rt *process) went() {
	rt.poke()
	rt.hand()
	rt.advance()
}

// fail is a fatal error: it stops the runtime for good.
func (rt *process) fail(err error) {
	w := rt.w
	if !w.mayHalt() {
		w.books.Report("I8", "the runtime stops, and nothing is wrong: %v", err)
	}
	w.say("fatal: %v", err)
	if w.halted == nil {
		w.halted = fmt.Errorf("halted: %w", err)
	}
	rt.stop(err)
}

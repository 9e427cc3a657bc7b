package connecttest

import (
	"errors"
	"fmt"
	"math/rand/v2"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// poison is why a record can never be delivered as it is.
type poison uint8

const (
	sound     poison = iota
	refusable        // the broker never takes it
	bad              // its source can make no sense of it
	shapeless        // it cannot be encoded
)

// poisoned is the error of a record, whoever gives it.
type poisoned struct{ id uint64 }

// Error names the record.
func (p *poisoned) Error() string { return fmt.Sprintf("simulated: record %d", p.id) }

// forbear draws an error policy other than to halt, for some plans.
func (p *plan) forbear(r *rand.Rand) {
	if p.poison != 0 || r.IntN(3) > 0 {
		return
	}
	p.spoiled = pick(r, 10, 50, 300, 1000)
	p.policy = pick(r, letters.Skip, letters.DeadLetter, letters.DeadLetter, letters.DeadLetter)
	some := p.policy == letters.DeadLetter
	for i := range p.topics {
		t := &p.topics[i]
		if t.policy = p.policy; r.IntN(4) == 0 {
			t.policy = pick(r, letters.Skip, letters.DeadLetter)
		}
		some = some || t.policy == letters.DeadLetter
	}
	if some {
		p.letters = topicPlan{
			connect.Producer{Topic: "/default/letters", Partitions: r.IntN(3), Reliable: true},
			pick(r, publisher.ByKey, publisher.ByPartition, publisher.Unordered), letters.DeadLetter,
		}
	}
}

// poisonFor draws whether a record is one that can never be delivered.
func (w *world) poisonFor() poison {
	switch {
	case w.plan.spoiled == 0 || w.rng.IntN(1000) >= w.plan.spoiled:
		return sound
	case w.plan.kind == pushing:
		return refusable
	}
	return pick(w.rng, refusable, refusable, refusable, bad, shapeless)
}

// moody reports whether the broker is not always clear about records it never takes.
func (p *plan) moody() bool { return p.poison != 0 || p.spoiled > 0 && p.spoiled <= 50 }

// refusal is what a broker says to a record it never takes. Where most are
// like that, it is always clear, or each would take long.
func (w *world) refusal() flow.Outcome {
	if w.plan.moody() {
		return pick(w.rng, flow.Refused, flow.Reset, flow.Unclear)
	}
	return flow.Refused
}

// shards of the dead-letter topic.
func (w *world) letterShards() []*shard {
	if w.plan.letters.Topic == "" {
		return nil
	}
	return w.shards[len(w.shards)-max(w.plan.letters.Partitions, 1):]
}

// culpable reports whether a record may be given up: it can never be delivered, or
// the broker has blamed it often enough.
func (w *world) culpable(id uint64) bool {
	return w.poisons[id] != sound || id == w.plan.poison || w.blamed[id] > w.plan.retries
}

// mayHalt reports whether something in this world stops a runtime for good.
func (w *world) mayHalt() bool {
	for i := range w.faults {
		switch f := &w.faults[i]; {
		case f.name == refusesLetters && w.plan.letters.Topic != "",
			f.row == "F39" && (w.plan.spoiled == 0 || w.plan.letters.Topic != ""):
			return true
		}
	}
	return w.plan.poison != 0
}

// diverted is told of what the error policy has dealt with.
func (rt *process) diverted(p letters.Policy, err error) {
	w := rt.w
	cause, ok := errors.AsType[*poisoned](err)
	switch {
	case !ok:
		w.books.Report("I12", "a record is dealt with by %s, and its error does not tell: %v", p, err)
		return
	case !w.culpable(cause.id):
		w.books.Report("I1", "record %d is dealt with by %s, and nothing is wrong with it", cause.id, p)
	}
	w.say("record %d: %s", cause.id, p)
	if p == letters.Skip {
		rt.skipped++
		w.books.Skip(cause.id)
		return
	}
	w.books.Divert(cause.id)
}

// rule is an error policy as the gate takes it.
func (p *plan) rule(policy letters.Policy) letters.Rule {
	return letters.Rule{Policy: policy, Topic: p.letters.Topic}
}

// mailbox is the way to the dead-letter topic.
func (rt *process) mailbox() publisher.Mailbox {
	if rt.letters == nil {
		return publisher.Mailbox{}
	}
	return publisher.Mailbox{
		Topic: rt.w.plan.letters.Topic, Index: rt.letters.net.index, Parcels: rt.letters.parcels,
		Measure: func(*flow.Parcel) int { return recordSize }, Limit: 1 << 20,
	}
}

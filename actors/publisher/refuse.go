package publisher

import (
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// Invalid is a publisher's error policy; the zero Invalid halts.
type Invalid struct {
	Policy letters.Policy
	// Letters is where dead letters go, if that is the policy.
	Letters Mailbox
	// Tolerance says how many are too many; nil means never.
	Tolerance *letters.Tolerance
	// Report is told of every record that is skipped or becomes a dead letter. May
	// be nil.
	Report func(letters.Policy, error)
}

// Mailbox is the way to a dead-letter topic.
type Mailbox struct {
	Topic string
	// Index numbers the topic for the budget.
	Index   int32
	Parcels *flow.Pipe[flow.Parcel]
	// Measure returns the size of the letter on the wire, at its most; Limit is how
	// much that may be.
	Measure func(*flow.Parcel) int
	Limit   int
}

// refuse deals with a record that can never be published as it is. A caller that
// waits in Deliver is told, and that settles it; otherwise the error policy decides.
func (a *Actor) refuse(p *partition, r *flow.Result, class letters.Class, err error) {
	m := r.Message
	policy := a.settings.Invalid.Policy
	err = a.invalidRecord(m, err)
	p.proof.acquit(m.Doubt)
	switch {
	case !m.First.IsZero():
		a.disown(p, m, err)
		return
	case m.Parcel.Waiter != nil:
		a.done[1].add(&m.Parcel)
		a.passOver(&m.Parcel)
		m.Parcel.Waiter.Resolve(err)
	case m.Parcel.Letter:
		a.giveUp(p, m, fmt.Errorf("a dead letter is refused, and there is nowhere else for it to go: %w", err))
		return
	case policy == letters.Halt:
		a.giveUp(p, m, letters.Halted(err))
		return
	default:
		if wrong := a.divert(r, class, err); wrong != nil {
			a.giveUp(p, m, wrong)
			return
		}
	}
	told := m.Parcel.Waiter != nil
	p.resolve(m)
	a.recycle(m)
	if report := a.settings.Invalid.Report; report != nil && !told {
		report(policy, err) // not the runtime's own, so it comes last
	}
}

// disown deals with a record that the broker took once and forgot, and refuses now. It
// has its count, so that what the error policy says of others comes too late for it.
func (a *Actor) disown(p *partition, m *flow.Message, err error) {
	if m.Parcel.Waiter == nil {
		a.giveUp(p, m, fmt.Errorf("the broker has acknowledged it, may have forgotten it, and does not take it again: %w", err))
		return
	}
	p.resolve(m)
	a.release(m, err)
	a.progress(p)
}

// giveUp lets the lane stand still and the runtime stop: the record is a hole no
// commit passes.
func (a *Actor) giveUp(p *partition, m *flow.Message, err error) {
	p.halt(m)
	a.fatal.record(connect.Fatal(err))
}

// passOver resolves a record that needs no more work, and no proof.
func (a *Actor) passOver(p *flow.Parcel) {
	if p.Source != flow.NoSource {
		a.notices = append(a.notices, flow.Notice{Kind: flow.Resolved, Epoch: p.Epoch, Source: p.Source, Slot: p.Slot})
	}
}

// divert skips a record or makes it a dead letter; the records behind it in its lane
// go on. It returns an error where there is no way out.
func (a *Actor) divert(r *flow.Result, class letters.Class, err error) error {
	inv, parcel := &a.settings.Invalid, &r.Message.Parcel
	place := letters.Place{Topic: a.settings.Topic, Partition: parcel.Stamp.Partition, Position: parcel.Stamp.Position}
	if many := inv.Tolerance.Fail(place, parcel.Epoch, parcel.Source); many != nil {
		return fmt.Errorf("%w; the last: %w", many, err)
	}
	if inv.Policy == letters.Skip {
		a.done[3].add(parcel)
		a.passOver(parcel)
	} else if wrong := a.letter(r, class); wrong != nil {
		return fmt.Errorf("%w; %w", err, wrong)
	}
	return nil
}

// letter hands the record on as a parcel for the dead-letter topic: in the same slot,
// which that topic's receipt resolves (law 7), and with what it holds of the budget
// (law 10).
func (a *Actor) letter(r *flow.Result, class letters.Class) error {
	box, m := &a.settings.Invalid.Letters, r.Message
	parcel := m.Parcel
	parcel.Letter = true
	first := m.Blamed
	if first.IsZero() {
		first = r.Answered
	}
	parcel.Attributes = letters.Letter{
		Topic: a.settings.Topic, Class: class, Err: r.Err, Attempts: m.Attempts, First: first, Last: r.Answered,
	}.Write(parcel.Attributes)
	if size := box.Measure(&parcel); size > box.Limit {
		return fmt.Errorf("its dead letter would measure %d bytes; the most is %d", size, box.Limit)
	}
	a.settings.Budget.Move(a.settings.Index, box.Index, parcel.Size)
	box.Parcels.Put(parcel)
	return nil
}

// invalidRecord is the error of a record the broker will never take.
func (a *Actor) invalidRecord(m *flow.Message, err error) error {
	where := a.settings.Topic
	if s := m.Parcel.Stamp; s.Partition != "" {
		where += " from " + (connect.Offset{Partition: s.Partition, Value: s.Position}).String()
	}
	return connect.Invalid(fmt.Errorf("record for %s cannot be published: %w", where, err))
}

package flow

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// admission drives a Budget and a ledger through the same steps.
type admission struct {
	budget *Budget
	ledger *ledger
	taken  []admitted // admitted and not resolved, as the callers know it
	kept   []kept     // retained and not settled
}

type kept struct {
	call *Call
	use  Use
}

type admitted struct {
	call  *Call
	epoch uint64
}

var errQuit = errors.New("quit")

func newAdmission(t *rapid.T) *admission {
	l := Limits{Records: rapid.IntRange(2, 8).Draw(t, "window"), Bytes: rapid.IntRange(20, 40).Draw(t, "budget")}
	m := &admission{budget: NewBudget(l), ledger: &ledger{limits: l, topics: rapid.Int32Range(1, 3).Draw(t, "topics")}}
	for i := range m.ledger.topics {
		m.budget.Declare(i)
	}
	m.begin()
	return m
}

func (m *admission) begin() {
	m.ledger.epoch++
	m.ledger.spans = map[int32]*span{}
	m.budget.Begin(m.ledger.epoch)
}

func (m *admission) admit(t *rapid.T) {
	c := &Call{}
	for range rapid.IntRange(0, 3).Draw(t, "records") {
		c.Add(rapid.Int32Range(0, m.ledger.topics-1).Draw(t, "topic"), rapid.IntRange(0, 12).Draw(t, "size"))
	}
	for range rapid.IntRange(0, 4).Draw(t, "slots") {
		c.AddSlot(rapid.Int32Range(0, 2).Draw(t, "source"))
	}
	l := m.ledger
	epoch := l.epoch
	if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
		epoch--
	}
	w, err := m.budget.enter(epoch, c, errQuit)
	large := c.Records > l.limits.Records || c.Bytes > l.limits.Bytes ||
		slices.ContainsFunc(c.Sources, func(s Span) bool { return s.Slots > l.limits.Records })
	switch {
	case epoch != l.epoch:
		m.expect(t, w == nil && errors.Is(err, errQuit), "a call of epoch %d in epoch %d was not refused: %v", epoch, l.epoch, err)
	case large:
		m.expect(t, w == nil && errors.Is(err, ErrTooLarge), "a call of %d records and %d bytes was not refused: %v", c.Records, c.Bytes, err)
	case w == nil:
		m.expect(t, err == nil, "refused: %v", err)
		fits, _ := l.enters(c, &before{})
		m.expect(t, len(l.front()) == 0 && fits, "admitted at once without room: %+v", c)
		l.take(c)
		m.taken = append(m.taken, admitted{c, epoch})
	default:
		l.queue = append(l.queue, w)
	}
}

func (m *admission) leave(t *rapid.T) {
	l := m.ledger
	if len(l.queue) == 0 {
		t.Skip("nobody waits")
	}
	i := rapid.IntRange(0, len(l.queue)-1).Draw(t, "who")
	w := l.queue[i]
	l.queue = slices.Delete(l.queue, i, i+1)
	m.budget.leave(w)
}

// resolve ends an admitted call: undone as a whole, or resolved topic by topic.
func (m *admission) resolve(t *rapid.T) {
	if len(m.taken) == 0 {
		t.Skip("nothing was admitted")
	}
	i := rapid.IntRange(0, len(m.taken)-1).Draw(t, "which")
	a := m.taken[i]
	m.taken = slices.Delete(m.taken, i, i+1)
	if rapid.Bool().Draw(t, "undo") {
		m.undo(a)
		return
	}
	l := m.ledger
	for _, u := range a.call.Topics {
		if rapid.IntRange(0, 2).Draw(t, "retain") == 0 {
			fate := rapid.SampledFrom([]Fate{Published, DeadLettered}).Draw(t, "fate")
			l.retain(a.call, u.Topic, fate)
			m.budget.Retain(u.Topic, fate, u.Records, u.Bytes)
			m.kept = append(m.kept, kept{a.call, u})
			m.settle(t)
			continue
		}
		l.give(a.call, u.Topic)
		fate := rapid.SampledFrom([]Fate{Published, Withdrawn, DeadLettered, Skipped}).Draw(t, "fate")
		l.end(fate, uint64(u.Records))
		m.budget.Resolve(u.Topic, fate, u.Records, u.Bytes)
		m.settle(t)
	}
	for _, s := range a.call.Sources {
		low := uint64(s.Slots)
		if a.epoch == l.epoch {
			l.spans[s.Source].low += low
			low = l.spans[s.Source].low
		}
		m.budget.Advance(a.epoch, s.Source, low, low) // late news of another epoch changes nothing
		m.settle(t)
	}
}

// move makes dead letters of what an admitted call has for one topic.
func (m *admission) move(t *rapid.T) {
	if len(m.taken) == 0 {
		t.Skip("nothing was admitted")
	}
	a := m.taken[rapid.IntRange(0, len(m.taken)-1).Draw(t, "which")]
	if len(a.call.Topics) == 0 {
		t.Skip("it has nothing to move")
	}
	u := &a.call.Topics[rapid.IntRange(0, len(a.call.Topics)-1).Draw(t, "use")]
	from, to := u.Topic, rapid.Int32Range(0, m.ledger.topics-1).Draw(t, "to")
	if slices.ContainsFunc(a.call.Topics, func(other Use) bool { return other.Topic == to }) {
		t.Skip("the call is there already")
	}
	use := *u
	u.Topic = to
	bytes := use.Bytes
	for moved := 1; moved <= use.Records; moved++ { // one by one: others may enter in between
		m.ledger.give(a.call, from)
		m.ledger.give(a.call, to)
		m.ledger.open = append(m.ledger.open, entry{call: a.call, Use: Use{to, moved, use.Bytes}})
		if left := use.Records - moved; left > 0 {
			m.ledger.open = append(m.ledger.open, entry{call: a.call, Use: Use{from, left, 0}})
		}
		m.budget.Move(from, to, bytes)
		bytes = 0
		m.settle(t)
	}
}

// release settles what was retained.
func (m *admission) release(t *rapid.T) {
	if len(m.kept) == 0 {
		t.Skip("nothing is retained")
	}
	i := rapid.IntRange(0, len(m.kept)-1).Draw(t, "which")
	k := m.kept[i]
	m.kept = slices.Delete(m.kept, i, i+1)
	m.ledger.give(k.call, k.use.Topic)
	m.ledger.totals.Retained -= uint64(k.use.Records)
	m.budget.Settle(k.use.Topic, k.use.Records, k.use.Bytes)
	m.settle(t)
}

func (m *admission) undo(a admitted) {
	for _, u := range a.call.Topics {
		m.ledger.give(a.call, u.Topic)
		m.ledger.totals.Withdrawn += uint64(u.Records)
	}
	for _, s := range a.call.Sources {
		if a.epoch == m.ledger.epoch {
			m.ledger.spans[s.Source].next -= uint64(s.Slots)
		}
	}
	m.budget.Undo(a.call, a.epoch)
}

// settle grants in the reference what the budget has just granted, and compares.
func (m *admission) settle(t *rapid.T) {
	for _, w := range m.ledger.grant() {
		m.expect(t, w.in, "the reference admits %+v, the budget keeps it waiting", w.call)
		m.taken = append(m.taken, admitted{w.call, w.epoch})
	}
	for _, w := range m.ledger.queue {
		m.expect(t, !w.in, "the budget admits %+v, the reference keeps it waiting", w.call)
	}
}

// check compares all that can be seen, and holds the budget to its limits.
func (m *admission) check(t *rapid.T) {
	m.settle(t)
	l := m.ledger
	records, bytes := l.held()
	want := l.totals
	want.InFlight = uint64(records)
	m.expect(t, m.budget.Totals() == want, "totals %+v, want %+v", m.budget.Totals(), want)
	got := m.budget.Totals()
	m.expect(t, got.Read == got.Published+got.DeadLettered+got.Skipped+got.Withdrawn+got.InFlight, "totals do not reconcile: %+v", got)
	gotBytes, waiting := m.budget.Held()
	m.expect(t, gotBytes == bytes && waiting == len(l.queue), "holds %d bytes with %d waiting, want %d and %d", gotBytes, waiting, bytes, len(l.queue))
	m.expect(t, m.budget.Retained() == l.retained(), "%d bytes are retained, want %d", m.budget.Retained(), l.retained())
	m.expect(t, records <= l.limits.Records && bytes <= l.limits.Bytes, "%d records of %d bytes are over %+v", records, bytes, l.limits)
	var sum Totals
	for i := range int32(3) {
		topic := m.budget.Topic(i)
		n, _ := l.topic(i)
		m.expect(t, topic.InFlight == uint64(n), "topic %d has %d in flight, want %d", i, topic.InFlight, n)
		sum.Read += topic.Read
		sum.Published += topic.Published
		sum.Withdrawn += topic.Withdrawn
		sum.DeadLettered += topic.DeadLettered
		sum.Skipped += topic.Skipped
		sum.InFlight += topic.InFlight
		sum.Retained += topic.Retained
	}
	m.expect(t, sum == got, "topics add up to %+v, the whole is %+v", sum, got)
	for i, s := range l.spans {
		m.expect(t, int(s.next-s.low) <= l.limits.Records, "source %d spans %d slots", i, s.next-s.low)
	}
}

func (m *admission) expect(t *rapid.T, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf(format, args...)
	}
}

// Whatever is admitted, cancelled, undone and resolved, in whatever order and over
// any number of epochs, the budget decides as the reference does; and when all is
// resolved, everybody who waits gets in.
func TestBudgetAgainstALedger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newAdmission(t)
		t.Repeat(map[string]func(*rapid.T){
			"admit":   m.admit,
			"leave":   m.leave,
			"resolve": m.resolve,
			"move":    m.move,
			"skip": func(t *rapid.T) {
				m.budget.Skip(int32(rapid.IntRange(0, 2).Draw(t, "topic")), 2)
				m.ledger.totals.Read += 2
				m.ledger.totals.Skipped += 2
			},
			"release": m.release,
			"begin": func(t *rapid.T) {
				if rapid.IntRange(0, 2).Draw(t, "rarely") > 0 {
					t.Skip("not now")
				}
				m.begin()
			},
			"": m.check,
		})
		for len(m.taken)+len(m.kept) > 0 {
			if len(m.kept) > 0 {
				m.release(t)
			} else {
				m.resolve(t)
			}
			m.check(t)
		}
		m.expect(t, len(m.ledger.front()) == 0, "calls wait although everything is resolved: %+v", m.ledger.front())
		for len(m.ledger.queue) > 0 {
			m.leave(t)
		}
		m.check(t)
	})
}

package flow

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ledger is the slow reference for Budget: it keeps a line for every call and topic
// that is not resolved, and recounts for each decision.
type ledger struct {
	limits Limits
	epoch  uint64
	topics int32 // how many are declared
	open   []entry
	spans  map[int32]*span // of the running epoch
	queue  []*waiting
	totals Totals // all but InFlight
}

type entry struct {
	call *Call
	Use
}

type span struct{ next, low uint64 }

func (l *ledger) held() (records, bytes int) {
	for _, e := range l.open {
		records += e.Records
		bytes += e.Bytes
	}
	return records, bytes
}

func (l *ledger) topic(i int32) (records, bytes int) {
	for _, e := range l.open {
		if e.Topic == i {
			records += e.Records
			bytes += e.Bytes
		}
	}
	return records, bytes
}

// lacks returns what of its own a call has to wait for.
func (l *ledger) lacks(c *Call) (topics, sources []int32) {
	for _, u := range c.Topics {
		records, bytes := l.topic(u.Topic)
		if l.topics > 1 && records > 0 && (records+u.Records > l.limits.Records/2 || bytes+u.Bytes > l.limits.Bytes/2) {
			topics = append(topics, u.Topic)
		}
	}
	for _, s := range c.Sources {
		if w := l.spans[s.Source]; w != nil && int(w.next-w.low)+s.Slots > l.limits.Records {
			sources = append(sources, s.Source)
		}
	}
	return topics, sources
}

// enters says whether c may enter behind the calls of front.
func (l *ledger) enters(c *Call, front []*Call) bool {
	var topics, sources []int32
	records, bytes := l.held()
	free := func(c *Call) bool {
		return records+c.Records <= l.limits.Records && bytes+c.Bytes <= l.limits.Bytes
	}
	own := func(c *Call) bool {
		lackTopics, lackSources := l.lacks(c)
		topics, sources = append(topics, lackTopics...), append(sources, lackSources...)
		return !slices.ContainsFunc(c.Topics, func(u Use) bool { return slices.Contains(topics, u.Topic) }) &&
			!slices.ContainsFunc(c.Sources, func(s Span) bool { return slices.Contains(sources, s.Source) })
	}
	for _, f := range front {
		if own(f) && !free(f) {
			return false // it waits for the whole, and nobody passes
		}
	}
	return own(c) && free(c)
}

func (l *ledger) take(c *Call) {
	for _, u := range c.Topics {
		l.open = append(l.open, entry{c, u})
	}
	for _, s := range c.Sources {
		if l.spans[s.Source] == nil {
			l.spans[s.Source] = &span{}
		}
		l.spans[s.Source].next += uint64(s.Slots)
	}
	l.totals.Read += uint64(c.Records)
}

func (l *ledger) give(c *Call, topic int32) {
	l.open = slices.DeleteFunc(l.open, func(e entry) bool { return e.call == c && e.Topic == topic })
}

// front returns who is in the queue and may still be let in.
func (l *ledger) front() []*Call {
	var calls []*Call
	for _, w := range l.queue {
		if w.epoch == l.epoch {
			calls = append(calls, w.call)
		}
	}
	return calls
}

// grant lets in, one after the other, whoever may.
func (l *ledger) grant() (in []*waiting) {
	for {
		var front []*Call
		i := slices.IndexFunc(l.queue, func(w *waiting) bool {
			if w.epoch != l.epoch {
				return false
			}
			ok := l.enters(w.call, front)
			front = append(front, w.call)
			return ok
		})
		if i < 0 {
			return in
		}
		l.take(l.queue[i].call)
		in = append(in, l.queue[i])
		l.queue = slices.Delete(l.queue, i, i+1)
	}
}

// admission drives a Budget and a ledger through the same steps.
type admission struct {
	budget *Budget
	ledger *ledger
	taken  []admitted // admitted and not resolved, as the callers know it
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
		m.expect(t, len(l.front()) == 0 && l.enters(c, nil), "admitted at once without room: %+v", c)
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
		l.give(a.call, u.Topic)
		fate := rapid.SampledFrom([]Fate{Published, Withdrawn}).Draw(t, "fate")
		if fate == Published {
			l.totals.Published += uint64(u.Records)
		} else {
			l.totals.Withdrawn += uint64(u.Records)
		}
		m.budget.Resolve(u.Topic, fate, u.Records, u.Bytes)
		m.settle(t)
	}
	for _, s := range a.call.Sources {
		low := uint64(s.Slots)
		if a.epoch == l.epoch {
			l.spans[s.Source].low += low
			low = l.spans[s.Source].low
		}
		m.budget.Advance(a.epoch, s.Source, low) // late news of another epoch changes nothing
		m.settle(t)
	}
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
	m.expect(t, got.Read == got.Published+got.Withdrawn+got.InFlight, "totals do not reconcile: %+v", got)
	gotBytes, waiting := m.budget.Held()
	m.expect(t, gotBytes == bytes && waiting == len(l.queue), "holds %d bytes with %d waiting, want %d and %d", gotBytes, waiting, bytes, len(l.queue))
	m.expect(t, records <= l.limits.Records && bytes <= l.limits.Bytes, "%d records of %d bytes are over %+v", records, bytes, l.limits)
	var sum Totals
	for i := range int32(3) {
		topic := m.budget.Topic(i)
		n, _ := l.topic(i)
		m.expect(t, topic.InFlight == uint64(n), "topic %d has %d in flight, want %d", i, topic.InFlight, n)
		sum.Read += topic.Read
		sum.Published += topic.Published
		sum.Withdrawn += topic.Withdrawn
		sum.InFlight += topic.InFlight
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
			"begin": func(t *rapid.T) {
				if rapid.IntRange(0, 2).Draw(t, "rarely") > 0 {
					t.Skip("not now")
				}
				m.begin()
			},
			"": m.check,
		})
		for len(m.taken) > 0 {
			m.resolve(t)
			m.check(t)
		}
		m.expect(t, len(m.ledger.front()) == 0, "calls wait although everything is resolved: %+v", m.ledger.front())
		for len(m.ledger.queue) > 0 {
			m.leave(t)
		}
		m.check(t)
	})
}

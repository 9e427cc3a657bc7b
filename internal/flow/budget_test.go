package flow

import "testing"

// call makes a call of records of one byte each: topic, records, source, slots.
func call(topic int32, records int, source int32, slots int) *Call {
	c := &Call{Records: records, Bytes: records}
	if records > 0 {
		c.Topics = []Use{{topic, records, records}}
	}
	if slots > 0 {
		c.Sources = []Span{{source, slots}}
	}
	return c
}

// verdicts are judged on a budget of 10 records and 100 bytes with two topics.
var verdicts = []struct {
	name  string
	taken []*Call
	given Use // of what was taken
	call  *Call
	want  verdict
}{
	{name: "nothing asked", call: &Call{}, want: fits},
	{name: "exactly the window", call: call(0, 10, 0, 10), want: fits},
	{name: "one above the window", call: call(0, 11, 0, 11), want: neverFits},
	{name: "exactly the bytes", call: &Call{Records: 1, Bytes: 100, Topics: []Use{{0, 1, 100}}}, want: fits},
	{name: "one byte above", call: &Call{Records: 1, Bytes: 101, Topics: []Use{{0, 1, 101}}}, want: neverFits},
	{name: "marks above the window", call: call(0, 0, 0, 11), want: neverFits},
	{name: "runtime full", taken: []*Call{call(0, 5, 0, 5), call(1, 5, 1, 5)}, call: call(2, 1, 2, 1), want: waitAll},
	{name: "bytes full", taken: []*Call{{Records: 1, Bytes: 99, Topics: []Use{{0, 1, 99}}}}, call: &Call{Records: 1, Bytes: 2, Topics: []Use{{2, 1, 2}}}, want: waitAll},
	{name: "topic at its half", taken: []*Call{call(0, 5, 0, 5)}, call: call(0, 1, 1, 1), want: waitOwn},
	{name: "topic below its half", taken: []*Call{call(0, 4, 0, 4)}, call: call(0, 1, 0, 1), want: fits},
	{name: "other topic", taken: []*Call{call(0, 5, 0, 5)}, call: call(1, 5, 1, 5), want: fits},
	{name: "idle topic may exceed its half", taken: []*Call{call(0, 2, 0, 2)}, call: call(1, 8, 1, 8), want: fits},
	{
		name: "topic above its half in bytes", taken: []*Call{{Records: 1, Bytes: 50, Topics: []Use{{0, 1, 50}}}},
		call: &Call{Records: 1, Bytes: 1, Topics: []Use{{0, 1, 1}}}, want: waitOwn,
	},
	{name: "span full", taken: []*Call{call(0, 4, 0, 10)}, call: call(1, 1, 0, 1), want: waitOwn},
	{name: "span full, other source", taken: []*Call{call(0, 4, 0, 10)}, call: call(1, 1, 1, 1), want: fits},
	{name: "no source: no span", taken: []*Call{call(0, 4, 0, 10)}, call: call(1, 1, 0, 0), want: fits},
	{name: "resolved but held back by a hole", taken: []*Call{call(0, 5, 0, 10)}, given: Use{0, 5, 5}, call: call(1, 1, 0, 1), want: waitOwn},
	{name: "own first: stalled topic and full runtime", taken: []*Call{call(0, 5, 0, 5), call(1, 5, 1, 5)}, call: call(0, 1, 1, 1), want: waitOwn},
	{name: "retained: the window is free", taken: []*Call{call(0, 5, 0, 0), call(1, 5, 1, 0)}, given: Use{0, 5, 0}, call: call(2, 5, 2, 5), want: fits},
	{
		name: "retained: the bytes are not", taken: []*Call{{Records: 1, Bytes: 99, Topics: []Use{{0, 1, 99}}}}, given: Use{0, 1, 0},
		call: &Call{Records: 1, Bytes: 2, Topics: []Use{{2, 1, 2}}}, want: waitAll,
	},
	{
		name: "retained: neither is the topic's half", taken: []*Call{{Records: 1, Bytes: 50, Topics: []Use{{0, 1, 50}}}}, given: Use{0, 1, 0},
		call: call(0, 1, 1, 1), want: waitOwn,
	},
	{name: "given back", taken: []*Call{call(0, 5, 0, 5)}, given: Use{0, 5, 5}, call: call(0, 5, 1, 5), want: fits},
}

func TestBudgetJudges(t *testing.T) {
	t.Parallel()
	for _, c := range verdicts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := budget{limits: Limits{Records: 10, Bytes: 100}}
			b.topic(1)
			for _, taken := range c.taken {
				b.take(taken)
			}
			b.give(c.given.Topic, c.given.Records, c.given.Bytes)
			if got := b.judge(c.call, &line{}); got != c.want {
				t.Errorf("verdict %d, want %d", got, c.want)
			}
		})
	}
}

// One topic alone has the whole budget; as soon as another is declared, half.
func TestBudgetShareBeginsWithTheSecondTopic(t *testing.T) {
	t.Parallel()
	b := NewBudget(Limits{Records: 10, Bytes: 100})
	b.Declare(0)
	b.take(call(0, 8, 0, 8))
	if v := b.core.judge(call(0, 1, 0, 1), &line{}); v != fits {
		t.Errorf("the only topic: verdict %d, want fits", v)
	}
	b.Declare(1)
	if v := b.core.judge(call(0, 1, 0, 1), &line{}); v != waitOwn {
		t.Errorf("one of two topics: verdict %d, want waitOwn", v)
	}
}

// lines are what a call meets that is judged behind others.
var lines = []struct {
	name         string
	front, after *Call
	want         verdict
}{
	{"same topic", call(0, 2, 5, 2), call(0, 1, 6, 1), waitOwn},
	{"same source", call(1, 1, 0, 7), call(2, 1, 0, 1), waitOwn},
	{"another topic and source", call(0, 2, 5, 2), call(2, 1, 6, 1), fits},
	{"a topic the front has room in", &Call{Records: 3, Bytes: 3, Topics: []Use{{0, 2, 2}, {2, 1, 1}}}, call(2, 1, 6, 1), fits},
}

// Topic 0 holds 4 of its 5 and source 0 spans 4: the front waits, and a small call
// that would fit by itself must not slip past it for ever.
func TestBudgetKeepsTheLine(t *testing.T) {
	t.Parallel()
	for _, c := range lines {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := budget{limits: Limits{Records: 10, Bytes: 100}}
			b.topic(2)
			b.take(call(0, 4, 0, 4))
			var ahead line
			if got := b.judge(c.front, &ahead); got != waitOwn {
				t.Fatalf("front: verdict %d, want waitOwn", got)
			}
			if got := b.judge(c.after, &line{}); got != fits {
				t.Fatalf("after, by itself: verdict %d, want fits", got)
			}
			if got := b.judge(c.after, &ahead); got != c.want {
				t.Errorf("after, in line: verdict %d, want %d", got, c.want)
			}
		})
	}
}

package publisher

import (
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// BenchmarkLanes is one record's way through the lanes: pushed, started, resolved,
// with as many in flight as there are lanes.
func BenchmarkLanes(b *testing.B) {
	for name, o := range map[string]Ordering{"key": ByKey, "partition": ByPartition, "none": Unordered} {
		b.Run(name, func(b *testing.B) {
			const lanes = 128
			l := newLanes(o, lanes)
			messages := make([]flow.Message, 1024)
			flying := make([]*flow.Message, 0, lanes)
			records := 0
			b.ReportAllocs()
			for b.Loop() {
				for i := range messages {
					l.push(&messages[i], uint64(i)*0x9e3779b97f4a7c15)
				}
				for !l.dry() {
					for m := l.next(); m != nil; m = l.next() {
						flying = append(flying, m)
					}
					for _, m := range flying {
						l.resolve(m)
					}
					flying = flying[:0]
				}
				records += len(messages)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
		})
	}
}

// echo is a Transport that says OK at once.
type echo struct {
	results *flow.Pipe[flow.Result]
	events  *flow.Pipe[flow.SessionEvent]
	at      time.Time
	flying  []flow.Result
}

func (e *echo) Start(m *flow.Message) {
	e.flying = append(e.flying, flow.Result{Message: m, Outcome: flow.OK, Sent: e.at, Answered: e.at})
}
func (e *echo) Results() *flow.Pipe[flow.Result]      { return e.results }
func (e *echo) Events() *flow.Pipe[flow.SessionEvent] { return e.events }
func (e *echo) Open(i int) {
	e.events.Put(flow.SessionEvent{Kind: flow.Opened, Partition: i, Session: 1})
}
func (e *echo) Adopt(int, uint64) {}

// Probe is answered in the next step, as well as everything else.
func (e *echo) Probe(i int) {
	e.events.Put(flow.SessionEvent{Kind: flow.Alive, Partition: i, Session: 1, Sent: e.at, Answered: e.at})
}

// crowd is a publisher on an echo, and what steps it.
type crowd struct {
	*Actor
	*echo
	pipe    *flow.Pipe[flow.Parcel]
	tracker *flow.Pipe[flow.Notice]
	budget  *flow.Budget
	notices []flow.Notice
	call    flow.Call
	batch   []flow.Parcel
}

func newCrowd(batch, keys int) *crowd {
	c := &crowd{
		echo: &echo{results: flow.NewPipe[flow.Result](), events: flow.NewPipe[flow.SessionEvent](), at: dawn},
		pipe: flow.NewPipe[flow.Parcel](), tracker: flow.NewPipe[flow.Notice](),
		budget: flow.NewBudget(flow.Limits{Records: 1 << 20, Bytes: 1 << 30}),
	}
	c.Actor = New(Settings{Topic: "/default/t", Parcels: c.pipe, Transport: c.echo, Tracker: c.tracker, Budget: c.budget})
	for i := range batch {
		c.batch = append(c.batch, flow.Parcel{
			Payload: make([]byte, 256), Key: string(rune('a' + i%keys)), Keyed: true, Epoch: 1, Slot: uint64(i), Size: 300,
		})
		c.call.Add(0, 300)
	}
	return c
}

// round takes a batch all the way.
func (c *crowd) round(b testing.TB) {
	if err := c.budget.Admit(b.Context(), nil, nil, 0, &c.call); err != nil {
		b.Fatal(err)
	}
	c.pipe.Put(c.batch...)
	for c.step(dawn); len(c.flying) > 0; c.step(dawn) {
		c.echo.results.Put(c.flying...)
		c.flying = c.flying[:0]
	}
	c.notices = c.tracker.Take(c.notices)
}

// BenchmarkStep is one record's way through the publisher: from its pipe to the
// transport, and from its result to the tracker and the budget.
func BenchmarkStep(b *testing.B) {
	const batch = 256
	c := newCrowd(batch, 100)
	c.step(dawn)
	c.round(b)
	b.ReportAllocs()
	rounds := 0
	for b.Loop() {
		c.round(b)
		rounds++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*batch), "ns/record")
}

// A record costs the publisher no allocation once it has come to its size.
func TestStepDoesNotAllocate(t *testing.T) {
	c := newCrowd(256, 100)
	c.step(dawn)
	for range 10 {
		c.round(t)
	}
	if allocs := testing.AllocsPerRun(100, func() { c.round(t) }); allocs > 2 {
		t.Errorf("%v allocations for 256 records, want none", allocs)
	}
	if got := c.budget.Totals(); got.InFlight != 0 || got.Published != got.Read {
		t.Errorf("totals %+v", got)
	}
}

package publisher

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// script is a Transport that does nothing by itself: a test reads what was asked of
// it and answers. It is for what cannot be provoked with a broker.
type script struct {
	outcomes *flow.Pipe[flow.Result]
	sessions *flow.Pipe[flow.SessionEvent]

	mu     sync.Mutex
	clock  time.Time // sends start and are answered at
	flying []*flow.Message
	sent   []time.Time // when each in flight was
	calls  []string
	looks  int                 // for results
	prober func(partition int) // answers health checks; may be nil
}

func newScript() *script {
	return &script{outcomes: flow.NewPipe[flow.Result](), sessions: flow.NewPipe[flow.SessionEvent]()}
}

func (s *script) Start(m *flow.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying, s.sent = append(s.flying, m), append(s.sent, s.clock)
}

func (s *script) Results() *flow.Pipe[flow.Result] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return s.outcomes
}

// steps returns how often Serve has gone round: it looks for results once to take
// them, and once to wait for more.
func (s *script) steps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks / 2
}

func (s *script) Events() *flow.Pipe[flow.SessionEvent] { return s.sessions }

func (s *script) Open(partition int) { s.called("open %d", partition) }

func (s *script) Adopt(partition int, session uint64) {
	s.called("adopt %d in %d", session, partition)
}

func (s *script) Probe(partition int) {
	s.called("probe %d", partition)
	if s.prober != nil {
		s.prober(partition)
	}
}

func (s *script) called(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

// take returns what was asked since the last call.
func (s *script) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

func (s *script) opened(partition int, id uint64) {
	s.sessions.Put(flow.SessionEvent{Kind: flow.Opened, Partition: partition, Session: id})
}

// reply gives the message with this payload, which must be in flight, an outcome.
func (s *script) reply(t testing.TB, payload string, o flow.Outcome) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.flying, func(m *flow.Message) bool { return string(m.Parcel.Payload) == payload })
	if i < 0 {
		t.Fatalf("%q is not in flight", payload)
	}
	var err error
	if o != flow.OK {
		err = fmt.Errorf("%s: %w", o, errDown)
	}
	m := s.flying[i]
	s.outcomes.Put(flow.Result{Message: m, Outcome: o, Err: err, Sent: s.sent[i], Answered: s.clock})
	s.flying, s.sent = slices.Delete(s.flying, i, i+1), slices.Delete(s.sent, i, i+1)
}

// payloads returns what is in flight, in the order in which it was started.
func (s *script) payloads() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []string{}
	for _, m := range s.flying {
		all = append(all, string(m.Parcel.Payload))
	}
	return all
}

// stage is an actor on a script, stepped by hand.
type stage struct {
	*Actor
	*script
	t       testing.TB
	budget  *flow.Budget
	notes   *flow.Pipe[flow.Notice]
	parcels *flow.Pipe[flow.Parcel]
	stop    context.CancelFunc
	now     time.Time
	slot    uint64
}

func newStage(t testing.TB, s Settings) *stage {
	t.Helper()
	g := &stage{
		script: newScript(), t: t, budget: flow.NewBudget(flow.Limits{Records: 1 << 20, Bytes: 1 << 30}),
		notes: flow.NewPipe[flow.Notice](), parcels: flow.NewPipe[flow.Parcel](), now: dawn,
	}
	s.Topic, s.Parcels, s.Transport, s.Tracker, s.Budget = "/default/t", g.parcels, g.script, g.notes, g.budget
	s.Stop, g.stop = context.WithCancel(t.Context())
	t.Cleanup(g.stop)
	g.Actor = New(s)
	return g
}

// put hands parcels over as the gate does: admitted, with a slot each.
func (g *stage) put(parcels ...flow.Parcel) {
	g.t.Helper()
	for i := range parcels {
		p := &parcels[i]
		if p.Epoch == 0 {
			p.Epoch = 1
		}
		p.Slot, p.Size = g.slot, len(p.Payload)
		g.slot++
		c := &flow.Call{}
		c.Add(0, p.Size)
		if err := g.budget.Admit(g.t.Context(), nil, nil, 0, c); err != nil {
			g.t.Fatal(err)
		}
	}
	g.parcels.Put(parcels...)
}

// text makes a parcel without a key.
func text(payload string) flow.Parcel { return flow.Parcel{Payload: []byte(payload)} }

// keyed makes a parcel with a key.
func keyed(key, payload string) flow.Parcel {
	return flow.Parcel{Payload: []byte(payload), Key: key, Keyed: true}
}

// tick lets the actor do what there is to do, time after time has passed.
func (g *stage) tick(after time.Duration) (wake time.Time) {
	g.now = g.now.Add(after)
	g.clock = g.now
	return g.step(g.now)
}

// begin opens a session for every partition.
func (g *stage) begin() {
	g.tick(0)
	for i := range g.partitions {
		g.opened(i, 7)
	}
	g.tick(0)
	g.take()
}

// want compares what is in flight.
func (g *stage) want(payloads ...string) {
	g.t.Helper()
	if got := g.payloads(); !slices.Equal(got, payloads) {
		g.t.Errorf("in flight %q, want %q", got, payloads)
	}
}

// totals compares the counters of the budget.
func (g *stage) totals(want flow.Totals) {
	g.t.Helper()
	if got := g.budget.Totals(); got != want {
		g.t.Errorf("totals %+v, want %+v", got, want)
	}
	if bytes, _ := g.budget.Held(); (bytes == 0) != (want.InFlight+want.Retained == 0) {
		g.t.Errorf("%d bytes are held by %d records", bytes, want.InFlight+want.Retained)
	}
}

// resolved returns the slots that the tracker was told of.
func (g *stage) resolved() []uint64 {
	slots := []uint64{}
	for _, n := range g.notes.Take(nil) {
		if n.Kind == flow.Resolved {
			slots = append(slots, n.Slot)
		}
	}
	return slots
}

// fatalities takes the error the next Serve would return.
func (g *stage) fatalities() error { return g.fatal.take() }

// ear is a waiter that remembers.
type ear struct {
	told    bool
	err     error
	settles bool // it waits for that
}

func (e *ear) Settles() bool { return e.settles }

func (e *ear) Resolve(err error) {
	if e.told {
		panic("told twice")
	}
	e.told, e.err = true, err
}

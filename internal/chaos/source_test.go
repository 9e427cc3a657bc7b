package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// system is the external system: it outlives every runtime that reads it.
type system struct {
	plan   *plan
	ledger *ledger
	world  *world

	mu      sync.Mutex
	store   map[string]uint64 // what was committed to it
	current *source

	// What goes wrong: how many calls yet, or until when.
	pollFails, pollPanics, initFails, initPanics, commitFails, commitPanics, downFails, backward, bad atomic.Int64

	sick, slowPoll, slowCommit, deaf atomic.Bool
	committing                       atomic.Int64  // calls of Commit that take their time
	healed                           chan struct{} // closed when calls that are deaf return
}

func newSystem(w *world) *system {
	return &system{
		plan: w.plan, ledger: w.ledger, world: w, store: map[string]uint64{}, healed: make(chan struct{}),
	}
}

// due reports whether one more call is to go wrong.
func due(n *atomic.Int64) bool { return n.Load() > 0 && n.Add(-1) >= 0 }

var errFault = errors.New("fault of the system")

// open returns a source of the plan's kind, for one runtime.
func (s *system) open() connect.Source {
	b := &source{system: s, at: map[string]int{}, from: map[string]int{}, given: map[string]bool{}, waits: map[string]bool{}}
	s.mu.Lock()
	s.current = b
	s.mu.Unlock()
	commits := s.plan.class == retaining || s.plan.class == pruning || s.plan.class == gated
	switch {
	case s.plan.stream && commits:
		return struct {
			*source
			streaming
			committing
		}{b, streaming{b}, committing{b}}
	case s.plan.stream:
		return struct {
			*source
			streaming
		}{b, streaming{b}}
	case commits:
		return struct {
			*source
			polling
			committing
		}{b, polling{b}, committing{b}}
	default:
		return struct {
			*source
			polling
		}{b, polling{b}}
	}
}

// source is the connector: what all kinds have in common.
type source struct {
	system *system
	inside atomic.Int32 // calls that must be alone

	mu    sync.Mutex
	epoch uint64
	at    map[string]int  // the last record offered in this epoch, or committed before
	from  map[string]int  // where the epoch began
	given map[string]bool // partitions that were committed in this process
	waits map[string]bool // of them, those that have to be committed again first
}

// alone notes a call that must not overlap with others of its kind.
func (s *source) alone(name string) func() {
	if s.inside.Add(1) != 1 {
		s.system.ledger.problem("I4", "%s overlaps another call", name)
	}
	return func() { s.inside.Add(-1) }
}

// Initialize goes back to the last commit.
func (s *source) Initialize(_ context.Context, e connect.Epoch) error {
	defer s.alone("Initialize")()
	if due(&s.system.initPanics) {
		panic(errFault)
	}
	if due(&s.system.initFails) {
		return fmt.Errorf("initialize: %w", errFault)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch = e.Number()
	switch {
	case s.system.plan.class == ownStore:
		s.system.resumed(e.Resume())
	case s.system.plan.store:
		s.system.compare(e.Resume())
	}
	s.system.ledger.begin(s.epoch)
	s.system.mu.Lock()
	defer s.system.mu.Unlock()
	clear(s.at)
	clear(s.from)
	if s.system.plan.class == gated {
		s.waits = maps.Clone(s.given) // what it was told is forgotten with the connection
	}
	for p, n := range s.system.store {
		s.at[p], s.from[p] = int(n), int(n)
	}
	return nil
}

// Contract says what the system can do.
func (s *source) Contract() connect.Contract {
	p := s.system.plan
	c := connect.Contract{
		Replayable:       p.class.replays(),
		PrunesOnAck:      p.class == pruning && p.settled && !p.silent, // else it is refused, as it should
		AckGatesProgress: p.class == gated,
	}
	if p.ordering != "none" {
		c.OrderedBy = connect.OrderByKey
	}
	return c
}

// Producers names the topics.
func (s *source) Producers() (all []connect.Producer) {
	for i := range s.system.plan.topics {
		all = append(all, connect.Producer{Topic: topicName(i), Partitions: s.system.plan.split, Reliable: true})
	}
	return all
}

// Shutdown may fail; nothing depends on it.
func (s *source) Shutdown(context.Context) error {
	defer s.alone("Shutdown")()
	if due(&s.system.downFails) {
		return fmt.Errorf("shutdown: %w", errFault)
	}
	return nil
}

// HealthCheck says what the system says.
func (s *source) HealthCheck(context.Context) error {
	if s.system.sick.Load() {
		return fmt.Errorf("health: %w", errFault)
	}
	return nil
}

func (p *plan) partition(i int) string { return fmt.Sprintf("p%d", i) }

// take offers the next records of a partition.
func (s *source) take(partition string, most int) (all []connect.Envelope) {
	p := s.system.plan
	if p.class == oneWay {
		return s.system.once(partition, most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.class == gated && (s.waits[partition] || s.at[partition] > s.system.committed(partition)) {
		return nil // waits for the last to be committed
	}
	for len(all) < most && s.at[partition] < p.records {
		if n := s.at[partition]; n > s.from[partition]+1 && due(&s.system.backward) {
			s.system.world.expect.Store(true)
			return append(all, s.system.ledger.offer(p.record(partition, n-1)))
		}
		s.at[partition]++
		r := p.record(partition, s.at[partition])
		if due(&s.system.bad) {
			s.system.world.expect.Store(true)
			at := s.system.ledger.offer(r).Offset
			return append(all, connect.Bad(at, []byte(r.payload), errFault))
		}
		all = append(all, s.system.ledger.offer(r))
	}
	return all
}

// once hands records out that come once: whoever polls them is told they are safe.
func (s *system) once(partition string, most int) (all []connect.Envelope) {
	records := s.ahead(partition, most)
	for _, r := range records {
		all = append(all, s.ledger.offer(r))
	}
	s.ledger.tell(records)
	return all
}

// ahead returns the next records nobody was told are safe.
func (s *system) ahead(partition string, most int) (all []record) {
	from := s.ledger.upTo(partition)
	for n := from + 1; n <= s.plan.records && len(all) < most; n++ {
		all = append(all, s.plan.record(partition, n))
	}
	return all
}

// exhausted reports whether the source has come to the end of everything.
func (s *system) exhausted() bool {
	s.mu.Lock()
	current := s.current
	s.mu.Unlock()
	current.mu.Lock()
	defer current.mu.Unlock()
	for i := range s.plan.sources {
		if current.at[s.plan.partition(i)] < s.plan.records {
			return false
		}
	}
	return true
}

func (s *system) committed(partition string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.store[partition])
}

// keep keeps offsets.
func (s *system) keep(offsets []connect.Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range offsets {
		s.store[o.Partition] = o.Value
	}
}

// resumed takes what the offset store holds for a commit: that is when it counts.
func (s *system) resumed(offsets []connect.Offset) {
	s.ledger.stored(s.world.broker, offsets)
	s.keep(offsets)
}

// compare holds the offset store against a system that keeps its offsets itself:
// the store is written first, so it is never behind, and only what is safe is in it.
func (s *system) compare(offsets []connect.Offset) {
	safe := s.ledger.safe(s.world.broker)
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := map[string]uint64{}
	for _, o := range offsets {
		stored[o.Partition] = o.Value
		for n := 1; n <= int(o.Value); n++ {
			if id := (identity{o.Partition, n}); !safe[id] && !s.ledger.skipped(id) {
				s.ledger.problem("I2", "the store has %s while %d is not safe at the broker", o, n)
				break
			}
		}
	}
	for p, n := range s.store {
		if stored[p] < n {
			s.ledger.problem("I4", "the store has %s@%d, the source %d", p, stored[p], n)
		}
		s.world.ahead += int(stored[p] - n)
	}
}

// committing is a source that is told.
type committing struct{ s *source }

// Commit keeps offsets, once they have been found to be safe.
func (c committing) Commit(ctx context.Context, offsets []connect.Offset) error {
	defer c.s.alone("Commit")()
	sys := c.s.system
	switch {
	case due(&sys.commitPanics):
		panic(errFault)
	case due(&sys.commitFails):
		return fmt.Errorf("commit: %w", errFault)
	case sys.slowCommit.Load():
		sys.committing.Add(1)
		defer sys.committing.Add(-1)
		select {
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.s.mu.Lock()
	epoch := c.s.epoch
	for _, o := range offsets {
		c.s.given[o.Partition] = true
		delete(c.s.waits, o.Partition)
	}
	c.s.mu.Unlock()
	sys.ledger.commit(sys.world.broker, epoch, offsets)
	sys.keep(offsets)
	return nil
}

// trouble is what a Poll meets, or a round of Stream.
func (s *source) trouble(ctx context.Context) error {
	sys := s.system
	if sys.deaf.Load() {
		<-sys.release()
	}
	if sys.slowPoll.Load() {
		pause(ctx, 2*time.Second)
	}
	switch {
	case due(&sys.pollPanics):
		panic(errFault)
	case due(&sys.pollFails):
		return fmt.Errorf("poll: %w", errFault)
	}
	return nil
}

func (s *system) release() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.healed
}

// hear ends what is deaf.
func (s *system) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf.Store(false)
	close(s.healed)
	s.healed = make(chan struct{})
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// polling is a source that is asked.
type polling struct{ s *source }

// Poll offers the next records of all partitions.
func (p polling) Poll(ctx context.Context) ([]connect.Envelope, error) {
	plan := p.s.system.plan
	if err := p.s.trouble(ctx); err != nil {
		return nil, err
	}
	pause(ctx, plan.every)
	var all []connect.Envelope
	for i := range plan.sources {
		all = append(all, p.s.take(plan.partition(i), max(plan.batch/plan.sources, 1))...)
	}
	return all, nil
}

// streaming is a source that tells.
type streaming struct{ s *source }

// Stream sends every partition from a goroutine of its own, until all is over.
func (t streaming) Stream(ctx context.Context, out connect.Sender) error {
	plan := t.s.system.plan
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var senders sync.WaitGroup
	errs := make(chan error, plan.sources)
	panics := make(chan any, plan.sources)
	for i := range plan.sources {
		senders.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					panics <- v
					cancel(nil)
				}
			}()
			if err := t.send(ctx, out, plan.partition(i)); err != nil {
				errs <- err
				cancel(err)
			}
		})
	}
	senders.Wait()
	select {
	case v := <-panics:
		panic(v) // in the goroutine the runtime watches
	case err := <-errs:
		return err
	default:
		return nil
	}
}

func (t streaming) send(ctx context.Context, out connect.Sender, partition string) error {
	plan := t.s.system.plan
	for ctx.Err() == nil {
		if err := t.s.trouble(ctx); err != nil {
			return err
		}
		pause(ctx, plan.every)
		if plan.class == oneWay || plan.class == webhook {
			t.tell(ctx, out, partition)
			continue
		}
		all := t.s.take(partition, max(plan.batch/plan.sources, 1))
		if len(all) == 0 {
			continue
		}
		if err := out.Send(ctx, all...); err != nil {
			return err
		}
	}
	return nil
}

// tell is a sender that tries again until it has been told that its records are
// taken, or delivered.
func (t streaming) tell(ctx context.Context, out connect.Sender, partition string) {
	sys := t.s.system
	records := sys.ahead(partition, max(sys.plan.batch/sys.plan.sources, 1))
	if len(records) == 0 {
		return
	}
	if sys.plan.class == webhook {
		deliver := func(all ...connect.Envelope) error { return out.Deliver(ctx, sys.plan.level(), all...) }
		if sys.deliver(deliver, records) {
			sys.ledger.tell(records)
		}
		return
	}
	var all []connect.Envelope
	for _, r := range records {
		all = append(all, sys.ledger.offer(r))
	}
	err := out.Send(ctx, all...)
	if errors.Is(err, connect.ClassInvalid) {
		sys.ledger.problem("I8", "what is right is refused, or what does not halt: %v", err)
	}
	if err == nil {
		sys.ledger.tell(records)
	}
}

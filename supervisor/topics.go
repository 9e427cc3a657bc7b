package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
)

// topics holds the publisher of every declared topic.
type topics struct {
	rt *Runtime
	// stop ends when no more parcels will come from the gate, and lastStop when none
	// will come from publishers either: dead letters.
	stop, lastStop   context.Context
	endFeed, endLast context.CancelFunc
	mailboxes        map[string]bool // the dead-letter topics by name

	mu    sync.Mutex
	all   []*topic
	known bool // what Producers returned has been declared
}

// topic is one publisher and what belongs to it.
type topic struct {
	producer  connect.Producer
	publisher *publisher.Actor
	transport *danube.Transport
	child     *child
	handed    *handover.Topic
	states    []partitionState // by topic partition; guarded by topics.mu
	opening   chan struct{}    // of a dead-letter topic: closed when it may be opened; else nil
}

type partitionState struct {
	state publisher.State
	cause error
	open  bool // it has been open before
}

func newTopics(rt *Runtime) *topics {
	t := &topics{rt: rt, mailboxes: mailboxes(&rt.cfg)}
	t.stop, t.endFeed = context.WithCancel(context.Background())
	t.lastStop, t.endLast = context.WithCancel(context.Background())
	return t
}

// declare adds what is new among producers, and the dead-letter topics they need; all
// that is wrong is returned at once, and nothing is added then.
func (t *topics) declare(producers ...connect.Producer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	var fresh []*topic
	for _, p := range t.withMailboxes(producers) {
		if err := p.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		if before, ok := t.find(fresh, p.Topic); ok {
			if before.producer != p {
				errs = append(errs, t.disagree(p, before.producer))
			}
			continue
		}
		made, err := t.make(p, int32(len(t.all)+len(fresh)), fresh)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fresh = append(fresh, made)
	}
	if len(errs) > 0 {
		for _, f := range fresh {
			f.transport.Close()
		}
		return errors.Join(errs...)
	}
	t.warn(fresh)
	for _, f := range fresh {
		t.all = append(t.all, f)
		t.rt.gate.Declare(f.handed) // records may be handed over before the publisher runs
		t.rt.tree.publishers.Add(f.child)
	}
	t.release()
	return nil
}

// declareFirst is declare for what Producers returned. Dead-letter topics that the
// source's Initialize has brought about wait for it: one of those may have to be
// created before them.
func (t *topics) declareFirst(producers ...connect.Producer) error {
	if err := t.declare(producers...); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = true
	t.release()
	return nil
}

func (t *topics) find(fresh []*topic, name string) (*topic, bool) {
	for _, known := range [][]*topic{t.all, fresh} {
		for _, k := range known {
			if k.producer.Topic == name {
				return k, true
			}
		}
	}
	return nil, false
}

// make builds a publisher, its transport, its pipe, and what the gate is to know.
func (t *topics) make(p connect.Producer, index int32, fresh []*topic) (*topic, error) {
	cfg := &t.rt.cfg
	if err := errors.Join(checkOrder(t.rt.contract, p.Topic, cfg), t.checkMailbox(p)); err != nil {
		return nil, err
	}
	encoder, schema, err := t.rt.schemaOf(p.Topic)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", p.Topic, err)
	}
	over := cfg.TopicFor(p.Topic)
	transport, err := t.rt.client.Transport(t.rt.bind(danube.Topic{
		Producer: p, Connector: cfg.ConnectorName, Lanes: lanesOf(over.Ordering, over.Lanes), Stamp: cfg.Delivery.Stamp || t.mailboxes[p.Topic],
	}))
	if err != nil {
		return nil, err
	}
	pipe := flow.NewPipe[flow.Parcel]()
	made := &topic{producer: p, transport: transport, states: make([]partitionState, max(p.Partitions, 1))}
	rule, stop := t.rule(p.Topic), t.stop
	made.handed = &handover.Topic{Producer: p, Index: index, Encoder: encoder, Schema: schema, Measure: transport.Measure, Pipe: pipe, Invalid: rule}
	if t.mailboxes[p.Topic] {
		made.opening, stop = make(chan struct{}), t.lastStop
	}
	box, other := t.find(fresh, rule.Topic)
	if !other {
		box = made // a dead-letter topic's own letters stay in it
	}
	made.publisher = publisher.New(publisher.Settings{
		Topic: p.Topic, Index: index, Partitions: p.Partitions,
		Ordering: orderings[over.Ordering], Lanes: over.Lanes,
		Parcels: pipe, Transport: transport, Tracker: t.rt.notices, Budget: t.rt.budget, Stop: stop,
		Invalid: t.invalid(rule, box), Await: made.opening,
		Settle:     t.rt.settle(p),
		MaxRetries: cfg.Retry.MaxRetries, Backoff: cfg.Retry.Backoff(), MaxBackoff: cfg.Retry.MaxBackoff(),
		Logger: t.rt.log,
		Report: func(partition int, s publisher.State, cause error) { t.report(made, partition, s, cause) },
	})
	made.child = t.rt.child(made.publisher)
	made.child.resume = true
	return made, nil
}

var orderings = map[string]publisher.Ordering{
	"key": publisher.ByKey, "partition": publisher.ByPartition, "none": publisher.Unordered,
}

func lanesOf(ordering string, lanes int) int {
	if orderings[ordering] == publisher.ByPartition {
		return 1
	}
	return lanes
}

// boardState says what a topic partition's state is on the board. A session that
// is lost while running degrades the topic; the first one is still to come.
func (p partitionState) boardState() health.State {
	switch p.state {
	case publisher.Open:
		return health.Running
	case publisher.Probing:
		return health.Stalled
	case publisher.Failed:
		return health.Failed
	}
	if p.open {
		return health.Degraded
	}
	return health.Starting
}

// report puts the gravest state of a topic's partitions on the board.
func (t *topics) report(of *topic, partition int, s publisher.State, cause error) {
	t.mu.Lock()
	at := &of.states[partition]
	at.state, at.cause = s, cause
	at.open = at.open || s == publisher.Open
	t.release()
	worst, why := health.Stopped, error(nil)
	for _, p := range of.states {
		if b := p.boardState(); b > worst {
			worst, why = b, p.cause
		}
	}
	t.mu.Unlock()
	t.rt.board.Set(of.publisher.String(), worst, why)
}

// unused names the topics that have a [topics] table and are not declared.
func (t *topics) unused() (names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range t.rt.cfg.Topics {
		if _, declared := t.find(nil, name); !declared {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (t *topics) snapshot() []*topic {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]*topic(nil), t.all...)
}

// withdraw makes every publisher let go of an epoch, all at the same time, and then
// once more those of the dead-letter topics: what the others drained may have come to
// them.
func (t *topics) withdraw(ctx context.Context, epoch uint64, drain bool) error {
	all := t.snapshot()
	err := withdraw(ctx, all, epoch, drain)
	return errors.Join(err, withdraw(ctx, slices.DeleteFunc(all, (*topic).isPlain), epoch, drain))
}

// isPlain reports whether no dead letters come to the topic.
func (t *topic) isPlain() bool { return t.opening == nil }

func withdraw(ctx context.Context, all []*topic, epoch uint64, drain bool) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, each := range all {
		wait.Go(func() { errs[i] = each.publisher.Withdraw(ctx, epoch, drain) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// finished waits until every publisher has nothing left to do, and ends the feed of
// the dead-letter topics when those that may feed them have come so far.
func (t *topics) finished(ctx context.Context) error {
	defer t.endLast()
	all := t.snapshot()
	if err := finished(ctx, slices.DeleteFunc(slices.Clone(all), func(each *topic) bool { return !each.isPlain() })); err != nil {
		return err
	}
	t.endLast()
	return finished(ctx, all)
}

func finished(ctx context.Context, all []*topic) error {
	for _, each := range all {
		if isClosed(each.child.finished) {
			continue
		}
		select {
		case <-each.child.finished:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// settle says how what a topic's broker acknowledges is settled: not at all where
// an OK promises nothing (a topic that is not reliable). Where the source could not
// offer again what is forgotten, it is retained.
func (rt *Runtime) settle(p connect.Producer) *publisher.Settle {
	if rt.neverSettles() != nil || !p.Reliable {
		return nil
	}
	flush, announced := rt.cfg.Delivery.Flush()
	return &publisher.Settle{
		Flush: flush, Announced: announced, Margin: rt.cfg.Delivery.SettleMargin, Retain: !rt.keeper.replayable(),
	}
}

// neverSettles is why no record is ever settled; nil when they are.
func (rt *Runtime) neverSettles() error {
	if after := rt.cfg.Delivery.CommitAfter; after != "settled" {
		return fmt.Errorf(`[delivery] commit_after is %q, so nobody finds out whether the broker has written what it acknowledged; "settled" does`, after)
	}
	return nil
}

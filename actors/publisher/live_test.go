package publisher_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
)

// plant is everything between a source and a broker, without a supervisor: a gate,
// publishers on the real client, a tracker, a committer, and a development broker.
type plant struct {
	*handover.Gate
	t       *testing.T
	broker  *devbroker.Broker
	client  *danube.Client
	budget  *flow.Budget
	notices *flow.Pipe[flow.Notice]
	store   *committer.Actor
	lines   map[string]*line

	work   sync.WaitGroup
	finish context.CancelFunc // ends tracker and committer
	stop   context.CancelFunc // ends the publishers once they are dry
	stops  context.Context

	mu        sync.Mutex
	committed map[string]uint64
	fatal     []error
}

// line is one topic.
type line struct {
	*publisher.Actor
	*danube.Transport

	mu  sync.Mutex
	cut context.CancelFunc // ends the running Serve; it is served again
}

// raw encodes bytes as they are.
type raw struct{}

func (raw) Encode(r connect.Record) ([]byte, error) { return r.Raw(), nil }

// inPlant runs f with a plant for some topics in a bubble, and then ends it in order.
func inPlant(t *testing.T, b devbroker.Settings, s publisher.Settings, topics []connect.Producer, f func(*plant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, b, topics, s)
		f(p)
		p.end()
	})
}

func newPlant(t *testing.T, b devbroker.Settings, topics []connect.Producer, s publisher.Settings) *plant {
	t.Helper()
	b.Network = devbroker.NewNetwork()
	broker, err := devbroker.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	client, err := danube.New(danube.Settings{URL: broker.URL(), Dial: b.Network.Dial})
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{
		t: t, broker: broker, client: client, notices: flow.NewPipe[flow.Notice](), lines: map[string]*line{}, committed: map[string]uint64{},
		budget: flow.NewBudget(flow.Limits{Records: 512, Bytes: 1 << 20}),
	}
	p.Gate = handover.New(handover.Settings{Budget: p.budget, Tracker: p.notices, MaxMessage: 1 << 16, BatchSize: 64, Commits: true})
	ctx, finish := context.WithCancel(context.Background())
	p.finish = finish
	p.stops, p.stop = context.WithCancel(context.Background())
	latest := committer.NewLatest()
	p.store = committer.New(committer.Settings{Latest: latest, Progress: committer.NewProgress(), Commit: p.commit, Committed: p.budget.Commit})
	p.work.Go(func() {
		_ = committer.NewTracker(committer.TrackerSettings{Notices: p.notices, Budget: p.budget, Latest: latest}).Serve(ctx)
	})
	p.work.Go(func() { _ = p.store.Serve(ctx) })
	for i, producer := range topics {
		p.add(i, producer, s)
	}
	p.Begin(1)
	synctest.Wait()
	return p
}

func (p *plant) commit(_ context.Context, _ uint64, offsets []connect.Offset) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range offsets {
		if before, ok := p.committed[o.Partition]; ok && o.Value < before {
			p.t.Errorf("commit of %s goes back from %d", o, before)
		}
		p.committed[o.Partition] = o.Value
	}
	return nil
}

// add makes the publisher of a topic and serves it, again and again until it is done.
func (p *plant) add(index int, producer connect.Producer, s publisher.Settings) {
	p.t.Helper()
	transport, err := p.client.Transport(danube.Topic{Producer: producer, Connector: "test", Lanes: s.Lanes, Stamp: true})
	if err != nil {
		p.t.Fatal(err)
	}
	pipe := flow.NewPipe[flow.Parcel]()
	s.Topic, s.Index, s.Partitions = producer.Topic, int32(index), producer.Partitions
	s.Parcels, s.Transport, s.Tracker, s.Budget, s.Stop = pipe, transport, p.notices, p.budget, p.stops
	l := &line{Actor: publisher.New(s), Transport: transport}
	p.lines[producer.Topic] = l
	p.Declare(&handover.Topic{Producer: producer, Index: int32(index), Encoder: raw{}, Measure: transport.Measure, Pipe: pipe})
	p.work.Go(func() {
		for {
			ctx, cut := context.WithCancel(context.Background())
			l.mu.Lock()
			l.cut = cut
			l.mu.Unlock()
			err := l.Serve(ctx)
			cut()
			switch {
			case err == nil:
				return
			case !errors.Is(err, context.Canceled):
				p.mu.Lock()
				p.fatal = append(p.fatal, err)
				p.mu.Unlock()
			}
		}
	})
}

// restart ends the running Serve of a topic; another one begins at once.
func (l *line) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut()
}

// end runs everything dry and stops it in the order of the flow.
func (p *plant) end() {
	p.Shut()
	p.stop()
	for begun := time.Now(); p.budget.Totals().InFlight > 0; time.Sleep(time.Second) {
		if time.Since(begun) > time.Hour {
			p.t.Fatalf("records are left an hour after the end: %+v", p.budget.Totals())
		}
	}
	synctest.Wait()
	reply := make(chan struct{})
	p.notices.Put(flow.Notice{Kind: flow.Sync, Reply: reply})
	<-reply
	if err := p.store.Now(p.t.Context()); err != nil {
		p.t.Errorf("last commit: %v", err)
	}
	p.finish()
	p.work.Wait()
	for _, l := range p.lines {
		l.Transport.Close()
	}
	p.client.Close()
	if err := p.broker.Close(); err != nil {
		p.t.Error(err)
	}
}

// fatals takes what the publishers have returned.
func (p *plant) fatals() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.fatal
	p.fatal = nil
	return all
}

// commits returns what is committed of a source partition.
func (p *plant) commits(partition string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.committed[partition]
}

// send hands over n records for a topic: keys in turn, one source partition, values
// from first on. A payload is its key and its number.
func (p *plant) send(topic string, keys, first, n int) {
	p.t.Helper()
	for i := first; i < first+n; i++ {
		key := fmt.Sprintf("k%d", i%keys)
		r := connect.Bytes(topic, fmt.Appendf(nil, "%s.%d", key, i)).WithKey(key)
		if err := p.HandAll(p.t.Context(), []connect.Envelope{r.At(connect.Offset{Partition: topic, Value: uint64(i)})}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// ledger holds a topic's logs to what was sent: everything is there, each key's
// records in order, and a record again only as a repetition of the last. It returns
// how many copies there are beyond one of each.
func (p *plant) ledger(producer connect.Producer, n int) (copies int) {
	p.t.Helper()
	seen, last := map[string]bool{}, map[string]int{}
	for i := range max(producer.Partitions, 1) {
		for m := range p.broker.Log(danube.PartitionTopic(producer, i)) {
			var number int
			var key string
			if _, err := fmt.Sscanf(string(m.Payload), "k%d.%d", new(int), &number); err != nil {
				p.t.Fatalf("a message nobody sent: %q", m.Payload)
			}
			key = m.Key
			switch before, ok := last[key]; {
			case ok && number == before:
				copies++
			case ok && number < before:
				p.t.Errorf("key %s: record %d comes after %d", key, number, before)
			}
			if seen[string(m.Payload)] && last[key] != number {
				p.t.Errorf("key %s: record %d is interleaved", key, number)
			}
			seen[string(m.Payload)], last[key] = true, number
		}
	}
	if len(seen) != n {
		p.t.Errorf("%s holds %d of %d records", producer.Topic, len(seen), n)
	}
	return copies
}

// settled is what the counters and the store must say when n records of one topic
// were sent, all of them published.
func (p *plant) settled(topic string, n int) {
	p.t.Helper()
	if got, want := p.budget.Totals(), uint64(n); got.Read != want || got.Published != want || got.Committed != want || got.InFlight != 0 {
		p.t.Errorf("totals %+v, want %d published and committed", got, n)
	}
	if got := p.commits(topic); got != uint64(n-1) {
		p.t.Errorf("committed %d, want %d", got, n-1)
	}
	if all := p.fatals(); len(all) != 0 {
		p.t.Errorf("fatal: %v", all)
	}
}

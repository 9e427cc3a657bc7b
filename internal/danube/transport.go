package danube

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc"
)

// Topic is what a Transport publishes to, and how.
type Topic struct {
	// Producer names the topic, its partitions and its dispatch strategy.
	Producer connect.Producer
	// Connector is the name of the connector; messages are stamped with it.
	Connector string
	// Name is the producer's name, before the number of a partition; empty means
	// ProducerName(Connector, Producer.Topic).
	Name string
	// Lanes is how many messages may be under way at once in each partition; 0
	// means 128.
	Lanes int
	// Stamp puts the identity of a record into the attributes of its message.
	Stamp bool
	// Schema binds the topic to a subject; nil for none, and then no message says
	// by what version it was encoded.
	Schema *SchemaRef
	// Judge is asked, before a session counts as open, whether the topic's messages
	// can pass what its broker holds them to; its error ends the opening for good,
	// as ClassConfig. nil asks nobody, and a broker that does not say is not judged.
	Judge func(registry.Policy) error
}

const defaultLanes = 128

// Transport publishes to one topic and all its partitions. It makes single
// attempts: it never retries, never changes a session, and never blocks. It is
// safe for concurrent use.
type Transport struct {
	client     *Client
	topic      Topic
	partitions []*partition
	pool       *pool
	widest     *wire.Template // for Measure
	options    []grpc.CallOption
	results    *flow.Pipe[flow.Result]
	events     *flow.Pipe[flow.SessionEvent]

	ctx     context.Context // ends openings, health checks and probes
	cancel  context.CancelCauseFunc
	polling sync.Once
	closing sync.Once

	mu     sync.Mutex
	closed bool
	timer  *time.Timer // of the next poll
	wg     sync.WaitGroup
}

// Transport returns the transport for a topic. No session is open yet, and the
// broker need not be there. The only errors are those of Producer.Validate and
// of a closed client.
func (c *Client) Transport(topic Topic) (*Transport, error) {
	if err := topic.Producer.Validate(); err != nil {
		return nil, err
	}
	topic.Name = cmp.Or(topic.Name, ProducerName(topic.Connector, topic.Producer.Topic))
	topic.Lanes = cmp.Or(topic.Lanes, defaultLanes)
	t := &Transport{
		client:  c,
		topic:   topic,
		options: sendOptions(),
		results: flow.NewPipe[flow.Result](),
		events:  flow.NewPipe[flow.SessionEvent](),
	}
	for i := range count(topic.Producer) {
		t.partitions = append(t.partitions, &partition{
			index:    i,
			topic:    PartitionTopic(topic.Producer, i),
			producer: partitionName(topic.Name, topic.Producer, i),
		})
	}
	longest := t.partitions[len(t.partitions)-1]
	var schema *flow.Schema
	if topic.Schema != nil {
		schema = new(flow.Schema)
	}
	t.widest = t.wireProducer(longest, 0, "", schema).Widest().Template()
	t.pool = newPool(topic.Lanes*len(t.partitions), t.send)
	t.ctx, t.cancel = context.WithCancelCause(c.ctx)
	if err := c.adopt(t); err != nil {
		t.cancel(err)
		return nil, err
	}
	return t, nil
}

// Start makes one attempt to send m in the session it names. It does not block.
// Exactly one Result follows, whatever happens; it is Unadopted at once when the
// session is not the adopted one of its partition.
func (t *Transport) Start(m *flow.Message) {
	if s := t.partitions[m.Partition].borrow(m.Session); s != nil {
		if t.pool.start(job{m, s}) {
			return
		}
		s.release()
	}
	now := time.Now()
	t.results.Put(flow.Result{Message: m, Outcome: flow.Unadopted, Sent: now, Answered: now, Err: errUnadopted})
}

var errUnadopted = errors.New("the session is not the adopted one")

// Results is where the outcomes of Start arrive, in the order in which they
// become known.
func (t *Transport) Results() *flow.Pipe[flow.Result] { return t.results }

// Events is where news about sessions arrives.
func (t *Transport) Events() *flow.Pipe[flow.SessionEvent] { return t.events }

// Open begins to open a session for a partition: lookup and CreateProducer, again
// and again until a broker takes the producer or refuses it for good. It ends in
// one Opened or one Failed, with a Trying for every attempt that failed on the
// way. A call while one is under way is folded into it. Closing the transport
// ends it without a word.
func (t *Transport) Open(partition int) {
	p := t.partitions[partition]
	if p.begin() && !t.spawn(func() { t.open(p) }) {
		p.end()
	}
}

// Adopt allows sends that name this session, and no other, from now on. The
// session must have been told of by Opened.
func (t *Transport) Adopt(partition int, session uint64) {
	t.partitions[partition].adopt(session)
	t.polling.Do(t.arm)
}

// Probe makes one health check of the adopted session now: one Alive, Closed or
// Quiet follows. Quiet also says that there is no such session.
func (t *Transport) Probe(partition int) {
	t.spawn(func() { t.check(t.partitions[partition]) })
}

// Close ends the transport. What is in flight gets its result first, for which
// it waits at most the request timeout, or until the client is closed.
func (t *Transport) Close() {
	t.closing.Do(func() {
		t.mu.Lock()
		t.closed = true
		if t.timer != nil {
			t.timer.Stop()
		}
		t.mu.Unlock()
		t.cancel(errClosed)
		t.pool.close()
		t.wg.Wait()
		for _, p := range t.partitions {
			p.close()
		}
		t.client.forget(t)
	})
}

// spawn starts a goroutine that Close waits for, unless the transport is closed.
func (t *Transport) spawn(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Go(f)
	return true
}

// wireProducer is what messages of a session say about their producer, and about
// the schema of their payloads.
func (t *Transport) wireProducer(p *partition, id uint64, broker string, schema *flow.Schema) wire.Producer {
	made := wire.Producer{ID: id, Topic: p.topic, Name: p.producer, BrokerAddr: broker}
	if t.topic.Stamp {
		made.Connector = t.topic.Connector
	}
	if t.topic.Schema != nil && schema != nil {
		made.Schema = &wire.Schema{ID: schema.ID, Version: schema.Version}
	}
	return made
}

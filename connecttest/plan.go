package connecttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// kind is what a model source can do.
type kind uint8

const (
	retaining kind = iota // keeps everything, and begins behind the last commit
	pruning               // what is committed is gone
	gated                 // goes on only when what it gave out is committed
	pushing               // cannot offer again by itself: what is acknowledged is retained until it is settled
)

// String names the kind as docs/guarantees.md does.
func (k kind) String() string { return [...]string{"R", "P", "G", "X"}[k] }

// plan is what a seed fixes beside the faults: the world and its settings.
type plan struct {
	seed      uint64
	kind      kind
	sources   int           // source partitions
	each      int           // positions in each of them
	keys      int           // 0: no keys
	batch     int           // records a poll or a Deliver
	traffic   time.Duration // over which records become available
	gap       time.Duration // between two positions of a source partition
	brokers   int
	topics    []topicPlan
	lanes     int
	settled   bool
	announced bool // brokers announce their flush interval
	flush     time.Duration
	need      time.Duration // how late a log writer is, at most
	margin    time.Duration
	limits    flow.Limits
	interval  time.Duration // between commits
	storing   time.Duration // what a commit takes, at most
	every     uint64
	retries   int
	latency   time.Duration
	tail      bool // some messages take much longer
	health    time.Duration
	poison    uint64 // a record the broker never takes, and that halts the runtime; 0 for none
	spoiled   int    // of a thousand records, those that can never be delivered, and are dealt with
	policy    letters.Policy
	letters   topicPlan // where dead letters go; no topic: there are none
}

type topicPlan struct {
	connect.Producer
	ordering publisher.Ordering
	policy   letters.Policy
}

// Times of every world.
const (
	drainTimeout = 30 * time.Second
	sendDeadline = 20 * time.Second
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// span draws a duration of at least from and less than to.
func span(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 1))
	p := plan{
		seed: seed, kind: pick(r, retaining, retaining, pruning, gated, pushing),
		sources: 1 + r.IntN(3), each: 8 + r.IntN(40), keys: r.IntN(4), batch: 1 + r.IntN(8),
		brokers: 1 + r.IntN(3), lanes: pick(r, 1, 2, 4, 16),
		settled: r.IntN(5) > 0, announced: r.IntN(3) == 0,
		flush: span(r, 300*time.Millisecond, 5*time.Second), need: span(r, 0, 500*time.Millisecond),
		interval: span(r, 50*time.Millisecond, time.Second), every: pick[uint64](r, 0, 0, 5),
		retries: r.IntN(4), latency: span(r, time.Millisecond, 40*time.Millisecond), health: span(r, time.Second, 6*time.Second),
	}
	p.margin = p.need + span(r, time.Millisecond, 300*time.Millisecond)
	p.limits = flow.Limits{Records: p.batch*2 + r.IntN(64), Bytes: 1 << 20, Unsettled: pick(r, 0, 0, p.batch+20, 200)}
	if r.IntN(3) == 0 {
		p.limits.Bytes = (p.batch*2 + r.IntN(32)) * recordSize
	}
	p.tail = r.IntN(3) == 0
	p.storing = pick(r, 20*time.Millisecond, 20*time.Millisecond, 2*time.Second)
	switch p.kind {
	case pushing:
		p.limits.Bytes = max(p.limits.Bytes, 40*recordSize) // what is retained holds its bytes for long
	case gated:
		p.each = 4 + r.IntN(8)
		p.flush = span(r, 100*time.Millisecond, time.Second)
	}
	p.traffic = span(r, 3*time.Second, 20*time.Second)
	if p.kind == retaining && r.IntN(8) == 0 { // dense: checkpoints take in what follows, and some are more than are kept apart
		p.sources, p.each, p.batch, p.tail, p.storing = 3, 100+r.IntN(60), 2+r.IntN(8), false, 20*time.Millisecond
		p.flush = pick(r, span(r, 300*time.Millisecond, time.Second), span(r, 14*time.Second, 20*time.Second))
		p.traffic, p.limits = 20*time.Second, flow.Limits{Records: 300, Bytes: 1 << 20}
	}
	p.gap = p.traffic / time.Duration(p.each)
	for i := range 1 + r.IntN(3) {
		p.topics = append(p.topics, topicPlan{
			connect.Producer{Topic: fmt.Sprintf("/default/t%d", i), Partitions: r.IntN(4), Reliable: true},
			pick(r, publisher.ByKey, publisher.ByKey, publisher.ByKey, publisher.ByPartition, publisher.Unordered), letters.Halt,
		})
	}
	if r.IntN(20) == 0 {
		p.poison = 1 + r.Uint64N(uint64(p.sources*p.each))
	}
	p.forbear(rand.New(rand.NewPCG(seed, 4)))
	return p
}

// readAhead is what the ledger allows to be read and not committed: the bound, or
// one call, which may be larger; and of each source partition one record that is
// resolved while the other of its position is not, which the budget cannot see.
func (p *plan) readAhead() int {
	if p.limits.Unsettled == 0 {
		return 0
	}
	ahead := max(p.limits.Unsettled, 2*p.batch) + p.sources
	if p.spoiled > 0 {
		ahead += 2 * p.batch // what a call skips takes no room
	}
	return ahead
}

// commitLag is how long after the broker took a record it is committed at most,
// while nothing is wrong; late says that answers of before may still come.
func (p *plan) commitLag(late bool) time.Duration {
	if p.tail || p.moody() {
		return time.Hour // one lane may hold back a whole window of slow answers
	}
	// A partition that is read again waits for the rest of its former life.
	lag := p.interval + 3*p.storing + 2*time.Second + 2*p.latency*time.Duration(p.limits.Records)
	if p.settled {
		// Where sends are few, the two OKs of a proof may come from health checks. One
		// is asked for only after a pause of flush and margin.
		lag += p.flush + 4*p.margin + 2*min(p.health, p.flush+p.margin)
	}
	if p.settled && p.flush > 12*time.Second {
		lag += p.flush // the newest checkpoint takes in what comes while the oldest waits
	}
	if late {
		lag += 9 * time.Second
	}
	return lag
}

// String is the plan in one line.
func (p *plan) String() string {
	var topics []string
	for _, t := range p.topics {
		topics = append(topics, fmt.Sprintf("%s/%d by %s", t.Topic, t.Partitions, [...]string{"key", "partition", "none"}[t.ordering]))
	}
	return fmt.Sprintf("source %s of %d × %d positions, %d keys, batch %d; %d brokers, %s; lanes %d, settled %t, announced %t, flush %v, need %v, margin %v, limits %+v, commit %v or %d, retries %d, latency %v, tail %t, poison %d; invalid %d‰ %s",
		p.kind, p.sources, p.each, p.keys, p.batch, p.brokers, strings.Join(topics, ", "), p.lanes, p.settled, p.announced,
		p.flush, p.need, p.margin, p.limits, p.interval, p.every, p.retries, p.latency, p.tail, p.poison, p.spoiled, p.policy)
}

package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// class is what kind of system a source reads.
type class string

const (
	retaining class = "retaining"           // keeps everything; told where to resume
	pruning   class = "pruning on commit"   // lets go of what is committed
	gated     class = "gated by commits"    // offers more once the last is committed
	oneWay    class = "cannot go back"      // its records come once, without offsets
	webhook   class = "waits in Deliver"    // senders that try again until they are told
	ownStore  class = "kept by the runtime" // retaining; its place is in the offset store
)

var classes = []class{retaining, pruning, gated, oneWay, webhook, ownStore}

// replays reports whether the system offers again what was not committed.
func (c class) replays() bool { return c != oneWay && c != webhook }

// plan is everything about a run that its seed fixes.
type plan struct {
	seed   uint64
	class  class
	stream bool

	sources   int // source partitions
	records   int // in each
	keys      int // of each; 0: records have none
	topics    int
	split     int           // partitions of each topic; 0: plain
	batch     int           // records of a poll, or of a Send
	every     time.Duration // between two polls
	brokers   int
	flush     time.Duration
	settled   bool
	ordering  string
	window    int
	unsettled int           // max_unsettled
	huge      int           // bytes of some records
	store     bool          // there is an offset store
	silent    bool          // the source does not declare that it prunes
	interval  time.Duration // of commits
	margin    time.Duration
	drainTime time.Duration
	policy
	empty  bool   // some records have no payload
	config string // TOML

	events []event
}

// crashes reports whether a broker may forget what it has acknowledged: where that
// is not covered, it is not simulated.
func (p *plan) crashes() bool { return p.flush == 0 || p.settled }

// level is what a sender waits for: where a broker may crash and the process end
// before it is back, nothing less than settled is safe.
func (p *plan) level() connect.Level {
	if p.settled {
		return connect.Settled
	}
	return connect.Acknowledged
}

// lag is the longest time from a record's OK to its commit while all is well, or to
// where a record that is retained is settled.
func (p *plan) lag() time.Duration {
	if !p.settled {
		return p.interval
	}
	return p.flush + 3*p.margin + p.interval
}

// horizon is about how long records come.
func (p *plan) horizon() time.Duration {
	return time.Duration(p.records/max(p.batch/p.sources, 1)+1) * p.every
}

// event is one fault, and when it begins and ends.
type event struct {
	at, length time.Duration
	fault      *fault
	says       string
	begin, end func(*world)
}

func (e event) String() string {
	s := fmt.Sprintf("%8.3fs  %s", e.at.Seconds(), e.says)
	if e.length > 0 {
		s += fmt.Sprintf(", for %v", e.length)
	}
	return s
}

func (p *plan) String() string {
	var b strings.Builder
	mode := "poller"
	if p.stream {
		mode = "streamer"
	}
	fmt.Fprintf(&b, "seed %d: %s, %s; %d source partitions of %d records, %d keys each, %d a batch every %v; %d topics of %d partitions; %d brokers that flush every %v\n%s",
		p.seed, p.class, mode, p.sources, p.records, p.keys, p.batch, p.every, p.topics, p.split, p.brokers, p.flush, p.config)
	for _, e := range p.events {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

// pick returns one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// between returns a time of whole milliseconds.
func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64((to-from)/time.Millisecond)+1))*time.Millisecond
}

// draw makes the plan of a seed.
func draw(seed uint64) *plan {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	p := &plan{
		seed: seed, class: pick(r, classes...), stream: r.IntN(2) == 0,
		sources: 1 + r.IntN(4), keys: pick(r, 0, 1, 3, 7, 20), topics: 1 + r.IntN(3), split: pick(r, 0, 0, 0, 2, 3),
		batch: pick(r, 1, 4, 16, 50), every: between(r, 20*time.Millisecond, time.Second),
		brokers: pick(r, 1, 1, 2, 3), flush: pick(r, 0, time.Second, 5*time.Second), settled: r.IntN(4) > 0,
		ordering: pick(r, "key", "key", "partition", "none"), window: pick(r, 64, 256, 2048),
		interval: pick(r, 50*time.Millisecond, time.Second, 3*time.Second),
		margin:   pick(r, 200*time.Millisecond, time.Second), drainTime: 30 * time.Second,
	}
	p.unsettled = pick(r, p.window*p.sources, 1_000_000)
	if p.class == webhook {
		p.stream, p.keys = true, max(p.keys, 1)
	}
	// So many that reading goes on for most of the faults, and a run stays cheap.
	p.records = min(max(int(40*time.Second/p.every)*p.batch/p.sources, 30), 400)
	if p.class == gated || p.class == webhook && p.settled {
		p.records = min(p.records, 20*p.batch)
	}
	p.store = p.class == ownStore
	p.poisoned(r)
	p.config = p.knobs(r) + p.errors()
	p.schedule(r)
	return p
}

// knobs writes the configuration.
func (p *plan) knobs(r *rand.Rand) string {
	after := "acknowledged"
	if p.settled {
		after = "settled"
	}
	text := fmt.Sprintf(`[processing]
batch_size = %d
poll_interval_ms = %d
health_check_interval_ms = %d
[retry]
max_retries = %d
retry_backoff_ms = %d
max_backoff_ms = %d
[danube]
request_timeout = %q
health_interval = %q
[delivery]
ordering = %q
lanes = %d
window_records = %d
budget_bytes = %q
commit_after = %q
settle_margin = %q
max_unsettled = %d
[commit]
interval = %q
every = %d
`, pick(r, 1, 16, 64), pick(r, 10, 100, 1000), pick(r, 500, 5000, 30000),
		pick(r, 3, 5), pick(r, 10, 100, 1000), pick(r, 1000, 5000, 30000),
		pick(r, "2s", "5s", "30s"), pick(r, "1s", "5s"),
		p.ordering, pick(r, 1, 4, 128), p.window, pick(r, "1MiB", "64MiB"),
		after, p.margin, p.unsettled, p.interval, pick(r, 0, 0, 10))
	if p.store {
		text += "[offsets]\npath = \"%s\"\n" // where the run has its directory
	}
	return text
}

// schedule draws the faults: as many as make a storm, and a calm between some.
func (p *plan) schedule(r *rand.Rand) {
	var possible []*fault
	total := 0
	for _, f := range faults {
		if f.fits == nil || f.fits(p) {
			possible = append(possible, f)
			total += f.weight
		}
	}
	span := min(p.horizon(), time.Minute) + 5*time.Second
	for range pick(r, 1, 3, 6, 10, 15) {
		n := r.IntN(total)
		for _, f := range possible {
			if n -= f.weight; n < 0 {
				if f.once && slices.ContainsFunc(p.events, func(e event) bool { return e.fault == f }) {
					break
				}
				e := f.make(r, p)
				e.at, e.fault = between(r, 0, span), f
				p.events = append(p.events, e)
				break
			}
		}
	}
	sortEvents(p.events)
}

func sortEvents(all []event) {
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
}

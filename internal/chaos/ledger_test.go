package chaos

import (
	"fmt"
	"strings"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/connecttest"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// ledger keeps the books of a run, and looks at what the brokers hold whenever
// somebody is told that something is safe.
type ledger struct {
	*connecttest.Ledger
	plan *plan

	mu      sync.Mutex
	offered map[string]int    // by source partition: the highest offered
	told    map[string]uint64 // by source partition: what the system was told is safe
	epoch   uint64
	reports int

	repaired, refused map[identity]bool // poisoned records: made good; told to be wrong
	repairedAll       map[string]bool   // by what was wrong
	letters           map[identity]int  // in the end
	skips             int               // records that had to be skipped
	skippable         uint64            // offers of records that may be
}

func newLedger(p *plan) *ledger {
	l := &ledger{
		plan: p, offered: map[string]int{}, told: map[string]uint64{},
		repaired: map[identity]bool{}, refused: map[identity]bool{}, repairedAll: map[string]bool{}, letters: map[identity]int{},
	}
	l.Ledger = connecttest.NewLedger(connecttest.Rules{Settled: true, ReadAhead: p.ahead(), Copies: p.copies()})
	return l
}

// ahead is the most that may be read and not committed: what the configuration
// says, and what its callers have in their hands, at least one record of each source
// partition.
func (p *plan) ahead() int {
	if p.unsettled == 0 || p.class == ownStore || !p.class.replays() {
		return 0 // no bound, or commits are not seen as they come
	}
	return p.unsettled + max(p.batch, p.sources)
}

// copies is the most that is in flight whenever an answer may be lost: the broker
// has it, and it is sent again although nobody has read it again. What a source
// cannot offer again is sent again with all that is retained, whenever a session is
// lost, whether the broker has forgotten it or not.
func (p *plan) copies() (most int) {
	for _, e := range p.events {
		most += min(p.window*p.sources, p.records*p.sources) * (1 + int(e.length.Seconds()/2))
		if !p.class.replays() && p.flush > 0 {
			most += p.records * p.sources
		}
	}
	return most
}

// problem notes a broken promise; the first few say it all.
func (l *ledger) problem(invariant, format string, args ...any) {
	l.mu.Lock()
	l.reports++
	enough := l.reports > 20
	l.mu.Unlock()
	if !enough {
		l.Report(invariant, format, args...)
	}
}

// offer notes a record that is about to be handed over.
func (l *ledger) offer(r record) connect.Envelope {
	wrong := l.wrong(identity{r.partition, r.n})
	l.mu.Lock()
	l.offered[r.partition] = max(l.offered[r.partition], r.n)
	skips := wrong != "" && l.plan.class != webhook && l.plan.rule(wrong, r.topic) == skip
	if skips {
		l.skippable++
	}
	l.mu.Unlock()
	entry := connecttest.Record{ID: r.id(), Topic: r.topic}
	if l.plan.class.replays() {
		entry.Partition, entry.Position = r.partition, uint64(r.n)
	}
	if l.plan.ordered() {
		entry.Group = r.partition + " " + r.key
	}
	l.Offer(entry)
	if skips {
		l.Skip(entry.ID)
	}
	return r.spoil(wrong, r.envelope(l.plan.class.replays()))
}

// begin notes that an epoch begins, and what it is told to resume from.
func (l *ledger) begin(number uint64) {
	l.mu.Lock()
	l.epoch = number
	l.mu.Unlock()
	l.Epoch(number)
}

// commit notes what a system is told is safe in an epoch, after a look at what the
// brokers hold at this moment: nothing of it may be missing, nor be lost by a crash.
func (l *ledger) commit(b *devbroker.Broker, epoch uint64, offsets []connect.Offset) {
	safe := l.safe(b)
	for _, o := range offsets {
		l.mu.Lock()
		before := l.told[o.Partition]
		l.told[o.Partition] = o.Value
		l.mu.Unlock()
		if o.Value > uint64(l.plan.records) {
			l.problem("I4", "commit of %s, which was never offered", o)
			continue
		}
		for n := before + 1; n <= o.Value; n++ {
			if id := (identity{o.Partition, int(n)}); !safe[id] && !l.skipped(id) {
				l.problem("I2", "commit of %s while %d is not safe at the broker", o, n)
				break
			}
		}
		l.Commit(epoch, o.Partition, o.Value)
	}
}

// stored notes what the offset store turns out to hold: committed, as far as it is
// news, in the epoch that has ended.
func (l *ledger) stored(b *devbroker.Broker, offsets []connect.Offset) {
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	l.commit(b, epoch, offsets)
}

// safe is what no crash of this moment would lose.
func (l *ledger) safe(b *devbroker.Broker) map[identity]bool {
	safe := map[identity]bool{}
	for m := range held(b) {
		if id, err := whose(m); err == nil && (m.Flushed || !l.plan.settled) {
			safe[id] = true
		}
	}
	return safe
}

// skipped reports whether a record need not be anywhere.
func (l *ledger) skipped(id identity) bool {
	wrong := l.wrong(id)
	return wrong != "" && l.plan.rule(wrong, l.plan.topic(id)) == skip
}

// tell notes that records without an offset are safe.
func (l *ledger) tell(records []record) {
	for _, r := range records {
		l.mu.Lock()
		l.told[r.partition] = max(l.told[r.partition], uint64(r.n))
		l.mu.Unlock()
		l.Tell(r.id())
	}
}

func (l *ledger) upTo(partition string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.told[partition])
}

// complete reports whether all there is has been told to be safe.
func (l *ledger) complete() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.told) < l.plan.sources {
		return false
	}
	for _, n := range l.told {
		if int(n) < l.plan.records {
			return false
		}
	}
	return true
}

func (l *ledger) state() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("offered %v of %d each, safe %v", l.offered, l.plan.records, l.told)
}

// held yields every message of every topic, each topic in its order.
func held(b *devbroker.Broker) func(yield func(devbroker.Message) bool) {
	return func(yield func(devbroker.Message) bool) {
		for _, t := range b.Topics() {
			for m := range b.Log(t.Name) {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// judge compares what the brokers hold in the end with what is owed.
func (l *ledger) judge(messages func(yield func(devbroker.Message) bool)) connecttest.Verdict {
	arrived := map[identity]bool{}
	for m := range messages {
		id, err := whose(m)
		if err != nil || id.n < 1 || id.n > l.plan.records {
			l.problem("I11", "%s holds %.40q, which nobody sent", m.Topic, m.Payload)
			continue
		}
		r := l.plan.record(id.partition, id.n)
		if isBox(m.Topic) {
			l.letter(r, m)
			continue
		}
		l.compare(r, m)
		if l.wrong(id) != "" {
			arrived[id] = true // in any order: those of its key do not wait for it
			continue
		}
		l.Log(m.Topic, r.id())
	}
	l.settlePoison(arrived)
	return l.Judge(true)
}

// compare holds a message against the record it was.
func (l *ledger) compare(r record, m devbroker.Message) {
	base, _, _ := strings.Cut(m.Topic, "-part-")
	if string(m.Payload) != r.payload || m.Key != r.key || m.Keyed != (r.key != "") || m.Attributes["note"] != r.note || base != r.topic {
		l.problem("I11", "%s: %s@%d is not what was handed over", m.Topic, r.partition, r.n)
	}
}

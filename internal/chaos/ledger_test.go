package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// ledger is what is owed: it knows every record there is, what was offered, what
// the system was told, and what it finds in the brokers' logs.
type ledger struct {
	plan *plan

	mu       sync.Mutex
	problems []string
	offered  map[string]int    // by source partition: the highest offered
	handed   int               // records, also again
	told     map[string]uint64 // by source partition: what the system was told is safe
}

func newLedger(p *plan) *ledger {
	return &ledger{plan: p, offered: map[string]int{}, told: map[string]uint64{}}
}

// problem notes a broken promise; the first few say it all.
func (l *ledger) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.problems) < 20 {
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}

func (l *ledger) found() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.problems)
}

// record is the n-th record of a source partition, from 1.
type record struct {
	partition, topic, key, payload, note string
	n                                    int
}

// record makes a record as it is every time it is offered.
func (p *plan) record(partition string, n int) record {
	r := record{partition: partition, n: n}
	k := 0
	if p.keys > 0 {
		k = n % p.keys
		r.key = fmt.Sprintf("%s-k%d", partition, k)
	}
	r.topic = topicName(k % p.topics)
	if p.keys == 0 {
		r.topic = topicName(n % p.topics)
	}
	length := n * 7919 % 97
	if n%101 == 100 {
		length = 20_000
	}
	r.payload = fmt.Sprintf("%s %d %s", partition, n, strings.Repeat("~", length))
	if n%3 == 0 {
		r.payload = strconv.Quote(r.payload) // as JSON text
	}
	r.note = strconv.Itoa(n * 31)
	return r
}

func topicName(i int) string { return fmt.Sprintf("/default/t%d", i) }

// step is how far apart the records of one order are in their source partition.
func (p *plan) step() int {
	if p.keys == 0 {
		return p.topics
	}
	return p.keys
}

// ordered reports whether an order is promised.
func (p *plan) ordered() bool {
	return p.ordering != "none" && (p.keys > 0 || p.split == 0)
}

// envelope is the record as it is handed over.
func (r record) envelope(offsets bool) connect.Envelope {
	rec := connect.Bytes(r.topic, []byte(r.payload)).WithAttribute("note", r.note)
	if r.payload[0] == '"' {
		rec = connect.RawJSON(r.topic, []byte(r.payload)).WithAttribute("note", r.note)
	}
	if r.key != "" {
		rec = rec.WithKey(r.key)
	}
	if !offsets {
		return rec.Envelope()
	}
	return rec.At(connect.Offset{Partition: r.partition, Value: uint64(r.n)})
}

// offer notes a record that is about to be handed over.
func (l *ledger) offer(r record) connect.Envelope {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offered[r.partition] = max(l.offered[r.partition], r.n)
	l.handed++
	return r.envelope(l.plan.class.replays())
}

// commit notes what a system is told is safe, after a look at what the brokers
// hold at this moment: nothing of it may be missing, nor be lost by a crash.
func (l *ledger) commit(b *devbroker.Broker, offsets []connect.Offset) {
	have := map[string]map[int]bool{}
	for m := range held(b) {
		if m.Flushed || !l.plan.settled {
			p, n, _ := identity(m.Payload)
			if have[p] == nil {
				have[p] = map[int]bool{}
			}
			have[p][n] = true
		}
	}
	for _, o := range offsets {
		l.mu.Lock()
		before := l.told[o.Partition]
		l.told[o.Partition] = o.Value
		l.mu.Unlock()
		if o.Value < before {
			l.problem("commit of %s goes back from %d", o, before)
		}
		if o.IsZero() || int(o.Value) > l.plan.records || o.Value == 0 {
			l.problem("commit of %s, which was never offered", o)
		}
		for n := before + 1; n <= o.Value; n++ {
			if !have[o.Partition][int(n)] {
				l.problem("commit of %s while %d is not safe at the broker", o, n)
				break
			}
		}
	}
}

// tell notes that records without an offset are safe.
func (l *ledger) tell(records []record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.told[r.partition] = max(l.told[r.partition], uint64(r.n))
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

// identity reads which record a payload is.
func identity(payload []byte) (partition string, n int, err error) {
	partition, rest, _ := strings.Cut(strings.TrimPrefix(string(payload[:min(len(payload), 40)]), `"`), " ")
	number, _, _ := strings.Cut(rest, " ")
	n, err = strconv.Atoi(number)
	return partition, n, err
}

// judge compares what the brokers hold in the end with what is owed, and returns
// how many messages are duplicates.
func (l *ledger) judge(messages func(yield func(devbroker.Message) bool)) (duplicates int) {
	times := map[string][]int{}
	newest := map[string]int{} // by topic, source partition and key
	for m := range messages {
		partition, n, err := identity(m.Payload)
		if err != nil || n < 1 || n > l.plan.records {
			l.problem("%s holds %.40q, which nobody sent", m.Topic, m.Payload)
			continue
		}
		l.compare(l.plan.record(partition, n), m)
		if times[partition] == nil {
			times[partition] = make([]int, l.plan.records+1)
		}
		if times[partition][n]++; times[partition][n] > 1 {
			duplicates++
		}
		if !l.plan.ordered() {
			continue
		}
		// Going back is a replay, which must then go on without a gap.
		order := m.Topic + " " + partition + " " + m.Key
		if last, known := newest[order]; n > last && known && n != last+l.plan.step() {
			l.problem("%s: %s key %q: %d comes after %d; %d is missing or late", m.Topic, partition, m.Key, n, last, last+l.plan.step())
		} else if !known && n > l.plan.step() {
			l.problem("%s: %s key %q begins with %d", m.Topic, partition, m.Key, n)
		}
		newest[order] = n
	}
	l.missing(times)
	return duplicates
}

// compare holds a message against the record it was.
func (l *ledger) compare(r record, m devbroker.Message) {
	base, _, _ := strings.Cut(m.Topic, "-part-")
	if string(m.Payload) != r.payload || m.Key != r.key || m.Keyed != (r.key != "") || m.Attributes["note"] != r.note || base != r.topic {
		l.problem("%s: %s@%d is not what was handed over", m.Topic, r.partition, r.n)
	}
}

// missing finds what is safe by the ledger and not at the brokers.
func (l *ledger) missing(times map[string][]int) {
	l.mu.Lock()
	told := l.told
	l.mu.Unlock()
	for partition, upTo := range told {
		for n := 1; n <= int(upTo); n++ {
			if times[partition] == nil || times[partition][n] == 0 {
				l.problem("%s@%d was said to be safe (up to %d) and is at no broker", partition, n, upTo)
			}
		}
	}
}

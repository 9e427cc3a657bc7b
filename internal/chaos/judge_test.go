package chaos

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// small is a plan without faults: one source partition of 8 records with 2 keys.
func small() *plan {
	return &plan{class: retaining, sources: 1, records: 8, keys: 2, topics: 1, batch: 2, ordering: "key"}
}

// logged is a log that holds these records of p0.
func logged(p *plan, spoil func(*devbroker.Message), ns ...int) func(func(devbroker.Message) bool) {
	return func(yield func(devbroker.Message) bool) {
		for _, n := range ns {
			r := p.record("p0", n)
			m := devbroker.Message{
				Topic: r.topic, Payload: []byte(r.payload), Key: r.key, Keyed: true, Attributes: map[string]string{"note": r.note},
			}
			if spoil != nil {
				spoil(&m)
			}
			if !yield(m) {
				return
			}
		}
	}
}

// TestJudge: a ledger that finds nothing must have nothing to find.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		told  uint64
		log   []int
		spoil func(*devbroker.Message)
		says  string // "" for nothing
		dups  int
	}{
		{"all well", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, nil, "", 0},
		{"keys apart", 8, []int{2, 4, 6, 8, 1, 3, 5, 7}, nil, "", 0},
		{"a replay", 8, []int{1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8}, nil, "", 3},
		{"not told yet", 6, []int{1, 2, 3, 4, 5, 6}, nil, "", 0},
		{"one missing at the end", 8, []int{1, 2, 3, 4, 5, 6, 7}, nil, "p0@8 was said to be safe", 0},
		{"one missing", 8, []int{1, 2, 4, 5, 6, 7, 8}, nil, "p0@3 was said to be safe", 0},
		{"out of order", 8, []int{1, 2, 5, 3, 4, 6, 7, 8}, nil, "5 comes after 1", 0},
		{"late beginning", 0, []int{3, 4}, nil, `begins with 3`, 0},
		{"payload", 1, []int{1}, func(m *devbroker.Message) { m.Payload = append(m.Payload, '!') }, "not what was handed over", 0},
		{"attribute", 1, []int{1}, func(m *devbroker.Message) { m.Attributes = nil }, "not what was handed over", 0},
		{"key", 1, []int{1}, func(m *devbroker.Message) { m.Keyed = false }, "not what was handed over", 0},
		{"topic", 1, []int{1}, func(m *devbroker.Message) { m.Topic = "/default/t1" }, "not what was handed over", 0},
		{"stranger", 1, []int{1, 9}, nil, "nobody sent", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(small())
			if c.told > 0 {
				l.told["p0"] = c.told
			}
			dups := l.judge(logged(l.plan, c.spoil, c.log...))
			found := l.found()
			saying := slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.says) })
			if dups != c.dups || (c.says == "") != (len(found) == 0) || c.says != "" && !saying {
				t.Errorf("%d duplicates, want %d; found %q, want %q", dups, c.dups, found, c.says)
			}
		})
	}
}

// crashing is a plan in which a broker forgets what it has acknowledged.
func crashing(class class) *plan {
	p := &plan{
		class: class, sources: 2, records: 200, keys: 5, topics: 2, batch: 10, every: 100 * time.Millisecond,
		brokers: 1, flush: 5 * time.Second, settled: true, ordering: "key", window: 256, interval: time.Second,
		margin: time.Second, drainTime: 30 * time.Second,
	}
	for _, at := range []time.Duration{3 * time.Second, 9 * time.Second} {
		p.events = append(p.events, event{
			at: at, says: "crash", fault: &fault{rewinds: true}, begin: func(w *world) { w.forgot(w.broker.Crash()) },
		})
	}
	return p
}

// TestPromisesThatAreNotKept: what the runtime is told not to promise, the ledger
// misses. It is the proof that the simulation can fail.
func TestPromisesThatAreNotKept(t *testing.T) {
	scripted(t)
	t.Parallel()
	for _, class := range []class{retaining, pruning, gated} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			quiet := slog.New(slog.DiscardHandler)
			good := crashing(class)
			good.config = "[delivery]\ncommit_after = \"settled\"\n"
			if w := play(t, good, quiet); len(w.ledger.found()) > 0 || w.forgotten == 0 {
				t.Errorf("settled: %d forgotten, %d duplicates: %q", w.forgotten, w.copies, w.ledger.found())
			}
			bad := crashing(class)
			bad.config = "[delivery]\ncommit_after = \"acknowledged\"\n"
			w := play(t, bad, quiet)
			found := strings.Join(w.ledger.found(), "\n")
			if !strings.Contains(found, "is not safe at the broker") {
				t.Errorf("acknowledged: %d forgotten, and the ledger finds nothing wrong: %s", w.forgotten, found)
			}
		})
	}
}

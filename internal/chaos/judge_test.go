package chaos

import (
	"fmt"
	"log/slog"
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
		{"more copies than offers", 8, []int{1, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5, 6, 7, 8}, nil, "copies of records have no reason", 6},
		{"not told", 6, []int{1, 2, 3, 4, 5, 6, 7, 8}, nil, "is not committed in the end", 0},
		{"one missing at the end", 8, []int{1, 2, 3, 4, 5, 6, 7}, nil, "(p0@8) for /default/t0 was promised", 0},
		{"one missing", 8, []int{1, 2, 4, 5, 6, 7, 8}, nil, "(p0@3) for /default/t0 was promised", 0},
		{"out of order", 8, []int{1, 2, 5, 3, 4, 6, 7, 8}, nil, "(p0@3) for /default/t0 is late", 0},
		{"late beginning", 8, []int{3, 4, 1, 2, 3, 4, 5, 6, 7, 8}, nil, `(p0@1) for /default/t0 is late`, 2},
		{"payload", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(m *devbroker.Message) { m.Payload = append(m.Payload, '!') }, "not what was handed over", 0},
		{"attribute", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(m *devbroker.Message) { m.Attributes = nil }, "not what was handed over", 0},
		{"key", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(m *devbroker.Message) { m.Keyed = false }, "not what was handed over", 0},
		{"topic", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(m *devbroker.Message) { m.Topic = "/default/t1" }, "not what was handed over", 0},
		{"stranger", 8, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, nil, "nobody sent", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(small())
			l.begin(1)
			for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 3, 4, 5} {
				l.offer(l.plan.record("p0", n))
			}
			l.Commit(1, "p0", c.told)
			v := l.judge(logged(l.plan, c.spoil, c.log...))
			if v.Duplicates != c.dups || (c.says == "") != (len(v.Violations) == 0) || !strings.Contains(v.String(), c.says) {
				t.Errorf("%d duplicates, want %d; found %q, want %q", v.Duplicates, c.dups, v.String(), c.says)
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
			if w := play(t, good, quiet); len(w.Violations) > 0 || w.forgotten == 0 {
				t.Errorf("settled: %d forgotten, %d duplicates: %s", w.forgotten, w.Duplicates, w.Verdict.String())
			}
			bad := crashing(class)
			bad.silent = true // or the runtime would refuse to run it
			bad.config = "[delivery]\ncommit_after = \"acknowledged\"\n"
			w := play(t, bad, quiet)
			if !w.Broken("I2") || class == pruning && !w.Broken("I15") {
				t.Errorf("acknowledged: %d forgotten, and the ledger finds: %s", w.forgotten, w.Verdict.String())
			}
		})
	}
}

// TestLettersThatAreNotKept: where the runtime skips what should be lettered, or
// commits before a letter is settled, the ledger says so.
func TestLettersThatAreNotKept(t *testing.T) {
	scripted(t)
	t.Parallel()
	for _, wrong := range []string{isBad, isNotJSON, isRefused} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			quiet := slog.New(slog.DiscardHandler)
			plan := func(after, policy string) *plan {
				p := crashing(retaining)
				spoilt(wrong, 4)(p)
				p.config = fmt.Sprintf("[delivery]\ncommit_after = %q\n[errors]\non_invalid = %q\n", after, policy)
				return p
			}
			if w := play(t, plan("settled", deadLetter), quiet); len(w.Violations) > 0 || w.forgotten == 0 {
				t.Errorf("%d forgotten, %d duplicates: %s", w.forgotten, w.Duplicates, w.Verdict.String())
			}
			if w := play(t, plan("settled", skip), quiet); !w.Broken("I2") || !w.Broken("I12") || !w.Broken("I15") && !w.Broken("I1") {
				t.Errorf("skipped, and the ledger finds: %s", w.Verdict.String())
			}
			p := plan("acknowledged", deadLetter)
			p.poisons[0].step = 1 // so that nothing but letters can be forgotten
			if w := play(t, p, quiet); !w.Broken("I2") || !w.Broken("I15") {
				t.Errorf("acknowledged: %d forgotten, and the ledger finds: %s", w.forgotten, w.Verdict.String())
			}
		})
	}
}

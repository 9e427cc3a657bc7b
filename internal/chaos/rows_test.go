package chaos

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// steady is a plan of a class without a fault, quick enough to be played often.
func steady(class class, change func(*plan)) *plan {
	p := &plan{
		class: class, stream: class == webhook, store: class == ownStore,
		sources: 2, records: 300, keys: 5, topics: 2, batch: 10, every: 50 * time.Millisecond,
		brokers: 1, flush: time.Second, settled: true, ordering: "key", window: 256, unsettled: 512,
		interval: 500 * time.Millisecond, margin: 200 * time.Millisecond, drainTime: 30 * time.Second,
	}
	if class == gated {
		p.records = 60
	}
	if change != nil {
		change(p)
	}
	p.config = fmt.Sprintf(`[processing]
batch_size = 16
health_check_interval_ms = 5000
[retry]
retry_backoff_ms = 100
max_backoff_ms = 1000
[danube]
request_timeout = "5s"
[delivery]
window_records = %d
max_unsettled = %d
settle_margin = %q
[commit]
interval = %q
`, p.window, p.unsettled, p.margin, p.interval)
	p.config += p.errors()
	if p.store {
		p.config += "[offsets]\npath = \"%s\"\n"
	}
	return p
}

// at adds an event; what it costs in duplicates is left to chance.
func (p *plan) at(at, length time.Duration, says string, begin, end func(*world)) *plan {
	p.events = append(p.events, event{at: at, length: length, says: says, begin: begin, end: end, fault: &fault{name: says, rewinds: true}})
	return p
}

func (p *plan) but(classes ...class) bool {
	return !slices.Contains(classes, p.class)
}

// scenario is a row of the fault matrix, played with every class of source it can
// happen to.
type scenario struct {
	row, name string
	fits      func(*plan) bool // nil: every class
	change    func(*plan)
	script    func(*testing.T, *plan)
	check     func(*testing.T, *world)
}

// killable: what cannot go back and is not told loses what is in flight, as the
// documentation says.
func killable(p *plan) bool { return p.but(oneWay) }

// lettering: whoever waits in Deliver is told, and there is no letter.
func lettering(p *plan) bool { return p.but(webhook) }

// spoilt is a plan with something wrong with one record in so many, which becomes a
// dead letter.
func spoilt(wrong string, step int) func(*plan) {
	return func(p *plan) { p.global, p.poisons = deadLetter, []poison{{wrong, step}} }
}

// lettered checks that as many records have letters as are poisoned.
func lettered(t *testing.T, w *world) {
	want := 0
	for i := range w.plan.sources {
		for n := 1; n <= w.plan.records; n++ {
			if w.plan.wrong(identity{w.plan.partition(i), n}) != "" {
				want++
			}
		}
	}
	if len(w.ledger.letters) != want || want == 0 {
		t.Errorf("%d records have letters, want %d", len(w.ledger.letters), want)
	}
}

var scenarios = []scenario{
	{
		row: "F1", name: "killed after read", fits: killable,
		script: func(t *testing.T, p *plan) {
			p.at(0, 5*time.Second, "refused", func(w *world) { w.must(w.broker.Refuse(0, true)) }, func(w *world) { w.must(w.broker.Refuse(0, false)) })
			p.at(2*time.Second, 0, "killed", func(w *world) {
				if c := w.life.Totals(); c.InFlight == 0 || c.Published > 0 {
					t.Errorf("%+v when killed: want records read and none published", c)
				}
				w.restart(true, time.Second)
			}, nil)
		},
	},
	{
		row: "F2", name: "killed before the commit", fits: killable,
		change: func(p *plan) { p.flush = 5 * time.Second },
		script: func(t *testing.T, p *plan) {
			p.at(2*time.Second, 0, "killed", func(w *world) {
				if c := w.life.Totals(); c.Published == 0 || c.Committed > 0 && w.plan.class.replays() {
					t.Errorf("%+v when killed: want records published and none committed", c)
				}
				w.restart(true, time.Second)
			}, nil)
		},
	},
	{
		row: "F3", name: "killed between store and source", fits: told,
		change: func(p *plan) { p.store = true },
		script: func(_ *testing.T, p *plan) {
			p.at(0, 0, "Commit takes 3 s", func(w *world) { w.system.slowCommit.Store(true) }, nil)
			for i := range 3 {
				p.at(time.Duration(3+6*i)*time.Second, 0, "killed in Commit", func(w *world) {
					w.until("Commit is under way", func() bool { return w.system.committing.Load() > 0 })
					w.restart(true, 0)
				}, nil)
			}
		},
		check: func(t *testing.T, w *world) {
			if w.ahead == 0 {
				t.Error("the store was never ahead of the source; the test shows nothing")
			}
		},
	},
	{row: "F12", name: "refused", script: func(_ *testing.T, p *plan) {
		p.at(time.Second, 40*time.Second, "refused", func(w *world) { w.must(w.broker.Refuse(0, true)) }, func(w *world) { w.must(w.broker.Refuse(0, false)) })
	}},
	{row: "F12", name: "reset", script: func(_ *testing.T, p *plan) {
		for i := range 10 {
			p.at(time.Duration(i)*300*time.Millisecond, 0, "cut", func(w *world) { w.network.cut() }, nil)
		}
	}},
	{row: "F12", name: "black hole", script: func(_ *testing.T, p *plan) {
		p.at(time.Second, 5*time.Minute, "black hole", func(w *world) { w.network.swallow(true) }, func(w *world) { w.network.swallow(false) })
	}},
	{row: "F12", name: "latency", script: func(_ *testing.T, p *plan) {
		p.at(0, 30*time.Second, "slow", func(w *world) { w.network.slow(time.Second) }, func(w *world) { w.network.slow(0) })
	}},
	{row: "F14", name: "one key is slow", script: func(_ *testing.T, p *plan) {
		p.at(0, 0, "one key is slow", func(w *world) {
			w.broker.Script(devbroker.Fault{
				Method: "SendMessage", Match: func(r devbroker.Request) bool { return r.Key == "p0-k3" }, Delay: 2 * time.Second, Applied: true, Times: 15,
			})
		}, nil)
	}},
	{row: "F18", name: "letters refused, then a crash", fits: lettering, change: spoilt(isRefused, 20), check: lettered, script: func(_ *testing.T, p *plan) {
		p.at(time.Second, 20*time.Second, "letters refused", func(w *world) {
			w.broker.Script(devbroker.Fault{Method: "SendMessage", Topic: p.box(isRefused, ""), Code: codes.Unavailable, Times: devbroker.Keep})
		}, func(w *world) { w.broker.Lift(); w.refuses(false) })
		p.at(22*time.Second, 0, "crash", func(w *world) { w.forgot(w.broker.Crash()) }, nil)
	}},
	{row: "F19", name: "all bad", fits: lettering, change: spoilt(isBad, 1), check: lettered},
	{row: "F19", name: "one in a hundred is not JSON", fits: lettering, change: spoilt(isNotJSON, 100), check: lettered},
	{row: "F39", name: "the handler dies of a message each time", fits: func(p *plan) bool { return p.but(webhook, gated) }, change: spoilt(isReset, 100), script: func(_ *testing.T, p *plan) {
		p.at(time.Minute, 0, "mended", func(w *world) { w.deadly.Lift() }, nil)
	}, check: func(t *testing.T, w *world) {
		if len(w.ledger.letters) == 0 {
			t.Error("no record the handler dies of has become a letter")
		}
	}},
	{row: "F29", name: "stop and start", fits: killable, script: func(_ *testing.T, p *plan) {
		for i := range 12 {
			p.at(time.Duration(i*i)*20*time.Millisecond, 0, "again", func(w *world) { w.restart(i%3 > 0, 0) }, nil)
		}
	}},
	{row: "F30", name: "burst of a hot key", change: func(p *plan) {
		p.batch, p.keys, p.records = 4000, 1, 2000
		if p.stream {
			p.window = 2000 // a call is admitted as a whole
		}
	}},
	{row: "F30", name: "empty records", change: func(p *plan) { p.empty = true }},
	{row: "F30", name: "huge records", change: func(p *plan) { p.huge = 3 << 20 }},
	{row: "F39", name: "the handler dies of a message for a while", script: func(_ *testing.T, p *plan) {
		p.at(0, 0, "resets", func(w *world) {
			w.broker.Script(devbroker.Fault{Method: "SendMessage", Match: func(r devbroker.Request) bool { return r.Key == "p0-k2" }, Reset: true, Times: 2})
			w.broker.Script(devbroker.Fault{Method: "SendMessage", After: 50, Code: codes.Internal, Text: "odd", Times: 2})
		}, nil)
	}},
}

// TestRows plays the scenarios, each with every class of source.
func TestRows(t *testing.T) {
	scripted(t)
	for _, s := range scenarios {
		for _, class := range classes {
			if p := steady(class, s.change); s.fits != nil && !s.fits(p) {
				continue
			}
			t.Run(strings.Join([]string{s.row, s.name, string(class)}, "/"), func(t *testing.T) {
				t.Parallel()
				p := steady(class, s.change)
				if s.script != nil {
					s.script(t, p)
				}
				sortEvents(p.events)
				w := play(t, p, slog.New(slog.DiscardHandler))
				if len(w.Violations) > 0 {
					t.Errorf("%s\n%s", p, w.Verdict.String())
				}
				if s.check != nil {
					s.check(t, w)
				}
			})
		}
	}
}

// TestOneProcessor: with one processor and a collector that never rests, goroutines
// take turns as they do on no other machine.
func TestOneProcessor(t *testing.T) {
	scripted(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	for seed := range uint64(10) {
		p := draw(seed)
		if w := play(t, p, slog.New(slog.DiscardHandler)); len(w.Violations) > 0 {
			t.Errorf("%s\n%s", p, w.Verdict.String())
		}
	}
}

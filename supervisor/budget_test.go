package supervisor_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

var heldBytes = regexp.MustCompile(`(?m)^danube_connect_budget_bytes\{.*\} (\d+)$`)

// held returns the bytes a runtime says it holds.
func (r *running) held() int {
	m := heldBytes.FindStringSubmatch(r.page("/metrics"))
	if m == nil {
		r.t.Fatal("no budget_bytes on the page")
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// household is two runtimes that share a budget, three parts to one.
type household struct {
	*stand
	pool         *supervisor.Budget
	heavy, light *running
	a, b         *ledger
}

const shared = 64 << 10

// share starts two runtimes under full load.
func (s *stand) share(limit int) *household {
	h := &household{stand: s, pool: supervisor.NewBudget(supervisor.BudgetSettings{Bytes: shared}), a: newLedger(s.topic()), b: newLedger(s.topic())}
	for _, l := range []*ledger{h.a, h.b} {
		l.limit, l.batch, l.keys = limit, 2, 7
	}
	h.heavy, h.light = h.member(h.a, 3), h.member(h.b, 1)
	return h
}

func (h *household) member(l *ledger, weight int) *running {
	cfg, o := h.config(""), h.options()
	cfg.Delivery.WindowRecords = 1 << 16 // bytes are what is spent first
	o.Budget, o.Weight = h.pool, weight
	return h.startWith(l, cfg, o)
}

// watch lets time pass and sees that the budget is never overdrawn.
func (h *household) watch(d time.Duration) {
	h.t.Helper()
	for range 100 {
		h.pass(d / 100)
		if bytes, _ := h.pool.Held(); bytes > shared {
			h.t.Fatalf("%d bytes held of %d", bytes, shared)
		}
	}
}

// about reports whether held is a share, give or take two polls of six records.
func about(held, share int) bool {
	const polls = 2 * 6 * 400
	return held > share-polls && held < share+polls
}

// Two runtimes under full load each have their share, and keep it when the broker
// no longer answers; both deliver everything once it does.
func TestBudgetSharedByWeight(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		slow := s.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 200 * time.Millisecond, Times: devbroker.Keep})
		h := s.share(3000)
		h.watch(10 * time.Second)
		hole := s.broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
		slow.Lift()
		h.watch(5 * time.Minute)
		if heavy, light := h.heavy.held(), h.light.held(); !about(heavy, shared*3/4) || !about(light, shared/4) {
			t.Errorf("behind a broker that does not answer, %d and %d bytes are held; want about %d and %d", heavy, light, shared*3/4, shared/4)
		}
		hole.Lift()
		for _, each := range []struct {
			r *running
			l *ledger
		}{{h.heavy, h.a}, {h.light, h.b}} {
			s.complete(each.r, each.l, time.Hour)
		}
		if bytes, records := h.pool.Held(); bytes != 0 || records != 0 {
			t.Errorf("%d bytes and %d records are held by nobody", bytes, records)
		}
	})
}

// What one runtime does not use the other has: while it is idle, after it has
// stopped, and after it was killed with records in flight. Who comes back finds
// its share as soon as records resolve.
func TestBudgetBorrowed(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		s.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 200 * time.Millisecond, Times: devbroker.Keep})
		h := s.share(100_000)
		h.watch(10 * time.Second)
		if heavy, light := h.heavy.held(), h.light.held(); !about(heavy, shared*3/4) || !about(light, shared/4) {
			t.Errorf("under full load %d and %d bytes are held", heavy, light)
		}
		must(t, h.heavy.stop())
		h.watch(10 * time.Second)
		if light := h.light.held(); !about(light, shared) {
			t.Errorf("alone, the light one holds %d bytes of %d", light, shared)
		}
		h.heavy = h.member(h.a, 3)
		h.watch(10 * time.Second)
		if heavy, light := h.heavy.held(), h.light.held(); !about(heavy, shared*3/4) || !about(light, shared/4) {
			t.Errorf("back again, %d and %d bytes are held", heavy, light)
		}
		h.light.Kill()
		_ = h.light.wait()
		h.watch(10 * time.Second)
		if heavy := h.heavy.held(); !about(heavy, shared) {
			t.Errorf("after the other was killed, the heavy one holds %d bytes of %d", heavy, shared)
		}
		h.heavy.Kill()
	})
}

// An idle runtime lends all it has.
func TestBudgetOfAnIdleRuntime(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		s.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 200 * time.Millisecond, Times: devbroker.Keep})
		pool := supervisor.NewBudget(supervisor.BudgetSettings{Bytes: shared})
		h := &household{stand: s, pool: pool, a: newLedger(s.topic()), b: newLedger(s.topic())}
		h.a.limit, h.b.limit, h.b.batch = 50, 100_000, 2
		h.heavy, h.light = h.member(h.a, 3), h.member(h.b, 1)
		h.watch(time.Minute)
		if light := h.light.held(); !about(light, shared) {
			t.Errorf("beside an idle runtime %d bytes are held of %d", light, shared)
		}
		h.light.Kill()
	})
}

// What cannot be shared is refused, with the name of what is wrong.
func TestBudgetRefused(t *testing.T) {
	t.Parallel()
	whole := supervisor.BudgetSettings{Bytes: 1 << 20}
	for says, o := range map[string]supervisor.Options{
		"BudgetSettings.Bytes = 100; must be at least 4096": {Budget: supervisor.NewBudget(supervisor.BudgetSettings{Bytes: 100})},
		"BudgetSettings.Records = -1":                       {Budget: supervisor.NewBudget(supervisor.BudgetSettings{Bytes: 1 << 20, Records: -1})},
		"Options.Weight = -2":                               {Budget: supervisor.NewBudget(whole), Weight: -2},
		"Options.Weight = 2000000":                          {Budget: supervisor.NewBudget(whole), Weight: 2_000_000},
		"Options.Weight = 3 without a Budget":               {Weight: 3},
	} {
		s := &stand{t: t, url: "http://broker:6650"}
		err := supervisor.Run(t.Context(), newLedger("/default/t"), s.config(""), o)
		if connect.ClassOf(err) != connect.ClassConfig || !contains(err, says) {
			t.Errorf("Run = %v, want a config error that says %q", err, says)
		}
	}
}

package supervisor_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// torrent is a polling source that always has more: large records, each of memory
// of its own.
type torrent struct {
	topic       string
	size, batch int
	next        uint64
}

func (s *torrent) Initialize(context.Context, connect.Epoch) error { return nil }

func (s *torrent) Producers() []connect.Producer {
	return []connect.Producer{{Topic: s.topic, Reliable: true}}
}

func (s *torrent) Commit(context.Context, []connect.Offset) error { return nil }

func (s *torrent) Poll(context.Context) ([]connect.Envelope, error) {
	var all []connect.Envelope
	for range s.batch {
		s.next++
		payload := bytes.Repeat([]byte{'x'}, s.size) // every page is written to
		binary.BigEndian.PutUint64(payload, s.next)
		key := string(rune('a' + s.next%64))
		all = append(all, connect.Bytes(s.topic, payload).WithKey(key).At(connect.Offset{Partition: "p", Value: s.next}))
	}
	return all, nil
}

// live returns the bytes of the heap that are in use.
func live() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Invariant 7, on real memory: behind a broker that takes requests and does not
// answer, two runtimes under full load hold their shared budget, the result of one
// poll each, and little else. The broker is in the process, so its copies of the
// requests in flight count as well.
func TestMemoryBehindABlackHole(t *testing.T) {
	const (
		mib    = 1 << 20
		budget = 32 * mib
		poll   = 64 * 16 << 10
		fixed  = 8 * mib
	)
	network := devbroker.NewNetwork()
	broker, err := devbroker.Start(devbroker.Settings{Network: network, Listen: []string{"broker:6650"}})
	must(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
	s := &stand{t: t, broker: broker, network: network, url: broker.URL()}
	before := live()
	pool := supervisor.NewBudget(supervisor.BudgetSettings{Bytes: budget})
	var runtimes []*running
	for i, weight := range []int{3, 1} {
		cfg, o := s.config(""), s.options()
		o.Budget, o.Weight = pool, weight
		runtimes = append(runtimes, s.startWith(&torrent{topic: []string{"/default/a", "/default/b"}[i], size: 16 << 10, batch: 64}, cfg, o))
	}
	s.eventually("a budget that is spent", time.Minute, func() bool {
		bytes, _ := pool.Held()
		return bytes > budget-2*poll
	})
	inFlight := 2 * 64 * 16 << 10 // one request a key and topic
	bound := budget + 2*poll + 2*inFlight + fixed
	most := 0
	for range 20 {
		most = max(most, live()-before)
		if bytes, _ := pool.Held(); bytes > budget {
			t.Fatalf("%d bytes held of %d", bytes, budget)
		}
		runtime.Gosched()
	}
	t.Logf("live heap grew by %.1f MiB with a budget of %d MiB, bound %.1f MiB; %d and %d bytes held", float64(most)/mib, budget/mib, float64(bound)/mib, runtimes[0].held(), runtimes[1].held())
	if most > bound {
		t.Errorf("live heap grew by %d bytes, the bound is %d", most, bound)
	}
	if most < budget*3/4 {
		t.Errorf("live heap grew by %d bytes only; the test shows nothing", most)
	}
	for _, r := range runtimes {
		r.Kill()
	}
}

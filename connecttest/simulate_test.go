package connecttest_test

import (
	"flag"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/connecttest"
)

var (
	seeds = flag.Int("seeds", 3000, "how many schedules TestSimulate runs")
	seed  = flag.Uint64("seed", 1, "the first of them")
	tally = flag.String("tally", "", "a file for what held under which fault, a line of JSON each")
)

// TestSimulate runs many schedules, each in one goroutine, on all processors.
func TestSimulate(t *testing.T) {
	t.Parallel()
	began := time.Now()
	sum := connecttest.NewTally()
	var counts connecttest.Verdict
	var mu sync.Mutex
	var next, ran atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(*seeds) && !t.Failed(); n = next.Add(1) - 1 {
				o := connecttest.Simulate(t, *seed+uint64(n))
				ran.Add(1)
				mu.Lock()
				sum.Add(o)
				counts.Offered += o.Offered
				counts.Committed += o.Committed
				counts.Duplicates += o.Duplicates
				counts.Forgotten += o.Forgotten
				counts.Missing += o.Missing
				counts.DeadLettered += o.DeadLettered
				mu.Unlock()
			}
		})
	}
	all.Wait()
	t.Logf("figure: %d schedules of the cores from -seed=%d in %v: %d records offered, %d committed, %d forgotten by brokers, %d dead letters, %d copies, %d acknowledged and lost where that is all that was asked for",
		ran.Load(), *seed, time.Since(began).Round(time.Millisecond), counts.Offered, counts.Committed, counts.Forgotten, counts.DeadLettered, counts.Duplicates, counts.Missing)
	for line := range strings.Lines(sum.String()) {
		t.Log(strings.TrimSpace(line))
	}
	if *tally != "" {
		write(t, sum, *tally)
	}
}

func write(t *testing.T, sum *connecttest.Tally, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.Write(f); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

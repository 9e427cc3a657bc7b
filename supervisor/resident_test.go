package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// residentBroker names, in the environment of a child process, the broker that the
// child is to fill its memory against.
const residentBroker = "CONNECT_TEST_RESIDENT_BROKER"

const (
	residentMiB    = 1 << 20
	residentBudget = 64 * residentMiB
	residentRecord = 16 << 10
	residentBatch  = 64
)

// Invariant 7, on what the kernel counts: the most resident memory that a process
// with two runtimes under full load ever takes behind a broker that does not answer.
// The process is one of its own, so nothing but the runtimes and Go is in it. The
// bound is the one docs/guarantees.md states: what is live, as much garbage again,
// and the program itself.
func TestResidentMemoryBehindABlackHole(t *testing.T) {
	if url := os.Getenv(residentBroker); url != "" {
		fillMemory(t, url)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("reads the peak of resident memory from /proc, which is Linux's")
	}
	if raceEnabled {
		t.Skip("the race detector takes several times the memory of the program")
	}
	broker, err := devbroker.Start(devbroker.Settings{})
	must(t, err)
	t.Cleanup(func() { _ = broker.Close() })
	broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	child.Env = append(os.Environ(), residentBroker+"="+broker.URL(), "GOGC=100")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	idle, peak := figure(t, out, "idle"), figure(t, out, "peak")
	const (
		poll     = 2 * residentBatch * residentRecord
		inFlight = 2 * 64 * residentRecord // one request a key and topic
		live     = residentBudget + poll + inFlight + 8*residentMiB
	)
	bound := idle + 2*live
	t.Logf("resident memory: %d MiB before, %d MiB at most with a budget of %d MiB; bound %d MiB",
		idle>>20, peak>>20, residentBudget>>20, bound>>20)
	if peak > bound {
		t.Errorf("%d MiB of resident memory, the bound is %d MiB", peak>>20, bound>>20)
	}
	if peak < idle+residentBudget/2 {
		t.Errorf("%d MiB of resident memory only; the test shows nothing", peak>>20)
	}
}

// figure finds what the child has printed.
func figure(t *testing.T, out []byte, name string) int {
	t.Helper()
	found := regexp.MustCompile(name + `_bytes=(\d+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("the child printed no %s:\n%s", name, out)
	}
	n, err := strconv.Atoi(string(found[1]))
	must(t, err)
	return n
}

// fillMemory is the child: two runtimes that share a budget by weight, sources that
// always have more, for as long as it takes to spend the budget and a while longer.
func fillMemory(t *testing.T, url string) {
	idle := resident(t)
	pool := supervisor.NewBudget(supervisor.BudgetSettings{Bytes: residentBudget})
	done := make(chan error, 2)
	var all []*supervisor.Runtime
	for i, weight := range []int{3, 1} {
		cfg := config.Defaults()
		cfg.DanubeServiceURL, cfg.ConnectorName = url, fmt.Sprintf("resident-%d", i)
		cfg.Delivery.BudgetBytes = residentBudget
		cfg.Delivery.WindowRecords = residentBudget / residentRecord
		source := &torrent{topic: fmt.Sprintf("/default/resident-%d", i), size: residentRecord, batch: residentBatch}
		rt := supervisor.New(source, cfg, supervisor.Options{Budget: pool, Weight: weight})
		all = append(all, rt)
		go func() { done <- rt.Run(context.Background()) }()
	}
	// The sources hold nothing back, so that the budget is spent within seconds.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline, full := time.Now().Add(time.Minute), time.Time{}
	for full.IsZero() || time.Since(full) < 2*time.Second {
		<-tick.C
		held, _ := pool.Held()
		if held > residentBudget {
			t.Fatalf("%d bytes held of %d", held, residentBudget)
		}
		if full.IsZero() && held > residentBudget-3*residentBatch*residentRecord {
			full = time.Now()
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d bytes held after a minute", held, residentBudget)
		}
	}
	fmt.Printf("idle_bytes=%d\npeak_bytes=%d\n", idle, peakResident(t))
	for _, rt := range all {
		rt.Kill()
	}
	for range all {
		if err := <-done; err == nil {
			t.Error(errors.New("a killed runtime ended without an error"))
		}
	}
}

func resident(t *testing.T) int     { return status(t, "VmRSS") }
func peakResident(t *testing.T) int { return status(t, "VmHWM") }

// status reads a size of this process, which the kernel gives in KiB.
func status(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	must(t, err)
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("/proc/self/status has no %s", name)
	}
	n, err := strconv.Atoi(string(found[1]))
	must(t, err)
	return n << 10
}

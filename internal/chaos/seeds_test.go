package chaos

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// few is how many seeds a plain run of the tests plays.
const few = 60

// again is how often a seed that fails is run once more.
const again = 5

// number is what the environment says, or what is usual.
func number(t *testing.T, name string, usual uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func sortSteps(all []step) {
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.at, b.at) })
}

// scripted skips what a real broker cannot be asked for.
func scripted(t *testing.T) {
	t.Helper()
	if os.Getenv("DANUBE_SERVICE_URL") != "" {
		t.Skipf("%s scripts faults, which a real broker does not take", t.Name())
	}
}

// TestSeeds runs the real stack under the faults of many seeds.
func TestSeeds(t *testing.T) {
	scripted(t)
	first, count := number(t, "CHAOS_FIRST", 1), number(t, "CHAOS_SEEDS", few)
	t.Logf("seeds %d to %d (CHAOS_FIRST, CHAOS_SEEDS)", first, first+count-1)
	sum := &tally{}
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for i := range count {
			t.Run(strconv.FormatUint(first+i, 10), func(t *testing.T) {
				t.Parallel()
				try(t, first+i, sum, count == 1)
			})
		}
	})
	// The words are those that internal/faults looks for.
	for _, name := range slices.Sorted(maps.Keys(sum.kinds)) {
		t.Logf("%d runs with %s, %d failed", sum.kinds[name][0], name, sum.kinds[name][1])
	}
	t.Logf("figure: %s; %v", sum, time.Since(began).Round(time.Second))
	if first == 1 && count >= few {
		sum.complete(t)
	}
}

// try runs a seed. One that fails is run again, to see how often it does.
func try(t *testing.T, seed uint64, sum *tally, loud bool) {
	p := draw(seed)
	log := slog.New(slog.DiscardHandler)
	if loud {
		t.Log(p)
		log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w := play(t, p, log)
	sum.add(w)
	if len(w.Violations) == 0 {
		return
	}
	came := 0
	for range again {
		if len(play(t, draw(seed), slog.New(slog.DiscardHandler)).Violations) > 0 {
			came++
		}
	}
	t.Errorf("%s\nfailed, and again in %d of %d further runs of the seed:\n  %s", p, came, again, strings.ReplaceAll(w.Verdict.String(), "\n", "\n  "))
}

// play is one run in a bubble of its own.
func play(t *testing.T, p *plan, log *slog.Logger) (w *world) {
	synctest.Test(t, func(t *testing.T) { w = run(t, p, log) })
	return w
}

// pass lets so much of a bubble's time pass.
func pass(d time.Duration) { time.Sleep(d) }

// tally sums up what the runs were like, so that a generator that has lost a fault,
// or a run without any records, does not go unnoticed.
type tally struct {
	mu                                                     sync.Mutex
	runs, lives, faults, records, messages, copies, forgot int
	kinds                                                  map[string][2]int // runs, and those that failed
	classes                                                map[class]int
	poison                                                 map[string]int // what became of records, by what was wrong with them
}

func (s *tally) add(w *world) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds, s.classes, s.poison = map[string][2]int{}, map[class]int{}, map[string]int{}
	}
	s.runs++
	s.lives += w.lives
	s.records += w.plan.records * w.plan.sources
	s.messages += w.messages
	s.copies += w.Duplicates
	s.forgot += w.forgotten
	s.classes[w.plan.class]++
	for fate, n := range w.fates() {
		s.poison[fate] += n
	}
	met := map[string]bool{}
	for _, e := range w.plan.events {
		s.faults++
		met[e.fault.name] = true
	}
	for name := range met {
		n := s.kinds[name]
		n[0]++
		if len(w.Violations) > 0 {
			n[1]++
		}
		s.kinds[name] = n
	}
}

func (s *tally) String() string {
	return fmt.Sprintf("%d runs, %d processes, %d faults of %d kinds, %d records, %d messages, %d of them duplicates, %d forgotten by brokers; undeliverable: %v",
		s.runs, s.lives, s.faults, len(s.kinds), s.records, s.messages, s.copies, s.forgot, s.poison)
}

// complete checks that everything has been met.
func (s *tally) complete(t *testing.T) {
	for _, c := range classes {
		if s.classes[c] == 0 {
			t.Errorf("no run has a source of the class %q", c)
		}
	}
	for _, f := range faults {
		if s.kinds[f.name][0] == 0 && (f.fits == nil || f.name != "disk fails" || diskFaults != nil) {
			t.Errorf("no run has the fault %q", f.name)
		}
	}
	for _, fate := range []string{"bad lettered", "encoding lettered", "refused lettered", "reset lettered", "halted", "told", "skipped"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(s.poison)), func(have string) bool { return strings.HasSuffix(have, fate) && s.poison[have] > 0 }) {
			t.Errorf("of the records that can never be delivered, none is %s", fate)
		}
	}
	if s.copies == 0 || s.forgot == 0 || s.lives == s.runs {
		t.Errorf("the runs were too calm to show anything: %s", s)
	}
}

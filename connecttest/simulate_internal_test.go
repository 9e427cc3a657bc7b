package connecttest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// traced runs a seed and returns all it has to say.
func traced(p plan, faults []fault) string {
	var all strings.Builder
	w := newWorld(p, faults)
	w.trace = func(line string) { all.WriteString(line + "\n") }
	v := w.run()
	all.WriteString(v.String())
	for _, s := range w.shards {
		for _, m := range s.log {
			all.WriteString(s.name + " " + m.at.String() + "\n")
		}
	}
	return all.String()
}

// TestReplayIsExact runs schedules twice: every message reaches its log at the same
// time, to the nanosecond.
func TestReplayIsExact(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 200; seed++ {
		first, again := traced(newPlan(seed), newFaults(seed)), traced(newPlan(seed), newFaults(seed))
		if first != again {
			t.Fatalf("seed %d went like this:\n%s\nand then like this:\n%s", seed, first, again)
		}
	}
}

// TestShrink gives brokers more time to write than the margin allows for, which
// loses records, and shrinks what shows it.
func TestShrink(t *testing.T) {
	t.Parallel()
	hopeless := func(seed uint64) plan {
		p := newPlan(seed)
		p.kind, p.settled, p.poison = retaining, true, 0
		p.flush, p.need, p.margin = time.Second, 3*time.Second, time.Millisecond
		return p
	}
	for seed := uint64(1); ; seed++ {
		p, faults := hopeless(seed), newFaults(seed)
		v := attempt(p, faults, nil)
		if len(faults) < 4 || !v.Broken("I2") {
			continue
		}
		less, fewer := shrink(p, faults, "I2")
		if v := attempt(less, fewer, nil); !v.Broken("I2") {
			t.Errorf("seed %d: what is left of it breaks nothing", seed)
		}
		if len(fewer) > 1 || less.each > p.each {
			t.Errorf("seed %d: %d faults and %d positions are left of %d and %d:\n%s", seed, len(fewer), less.each, len(faults), p.each, schedule(fewer))
		}
		return
	}
}

// TestAttemptSurvivesAPanic makes a panic a violation like others.
func TestAttemptSurvivesAPanic(t *testing.T) {
	t.Parallel()
	strike := func(*world, *fault) func() { panic("boom") }
	v := attempt(newPlan(1), []fault{{mishap: &mishap{row: "F7", strike: strike}}}, nil)
	if !v.Broken("panic") || !strings.Contains(v.String(), "boom") {
		t.Errorf("a panic is told as %q", v.String())
	}
}

// TestScheduleDrawsEverything looks for each kind of fault, source and setting.
func TestScheduleDrawsEverything(t *testing.T) {
	t.Parallel()
	names, kinds, policies := map[string]int{}, map[kind]int{}, map[letters.Policy]int{}
	for seed := range uint64(1000) {
		for _, f := range newFaults(seed) {
			names[f.name]++
			if !strings.Contains(f.String(), f.row) {
				t.Errorf("%s does not name its row", f.String())
			}
		}
		p := newPlan(seed)
		kinds[p.kind]++
		policies[p.policy]++
		if p.margin <= p.need || !strings.Contains(p.String(), p.kind.String()) {
			t.Errorf("seed %d: %s", seed, p.String())
		}
	}
	for _, m := range append(mishaps(), letterMishaps()...) {
		if names[m.name] == 0 {
			t.Errorf("%s is never drawn", m.name)
		}
	}
	if len(kinds) != 4 || len(policies) != 3 {
		t.Errorf("kinds of sources: %v; policies: %v", kinds, policies)
	}
}

// TestAgendaKeepsTime takes events out by time, and those of one time in the order
// in which they were put in.
func TestAgendaKeepsTime(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var a agenda
	for range 1000 {
		a.push(time.Duration(r.IntN(50)), nil)
	}
	var last event
	for i := range 1000 {
		e := a.pop()
		if i > 0 && (e.at < last.at || e.at == last.at && e.seq < last.seq) {
			t.Fatalf("%v comes after %v", e, last)
		}
		last = e
	}
}

// TestTally counts by fault, kind of source and invariant.
func TestTally(t *testing.T) {
	t.Parallel()
	tally := NewTally()
	tally.Add(Outcome{Source: "R"})
	tally.Add(Outcome{Source: "P", Faults: []string{"F15", "F2"}})
	tally.Add(Outcome{Source: "P", Faults: []string{"F2"}, Verdict: Verdict{Violations: []Violation{{"I5", ""}, {"I5", ""}}}})
	var out bytes.Buffer
	if err := tally.Write(&out); err != nil {
		t.Fatal(err)
	}
	var got []line
	for d := json.NewDecoder(&out); d.More(); {
		var l line
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if l.Invariant == "I5" {
			got = append(got, l)
		}
	}
	want := []line{{"F2", "P", "I5", 1, 1}, {"F15", "P", "I5", 1, 0}, {"none", "R", "I5", 1, 0}}
	if !slices.Equal(got, want) {
		t.Errorf("tally of I5: %+v, want %+v", got, want)
	}
	const lines = "2 runs with F2 on the cores, 1 failed\n1 runs with F15 on the cores, 0 failed\n1 runs with none on the cores, 0 failed\n"
	if tally.String() != lines {
		t.Errorf("tally:\n%s\nwant:\n%s", tally, lines)
	}
}

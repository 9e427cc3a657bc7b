package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A cell is a process of its own; what it says comes back whole.
func TestRunScale(t *testing.T) {
	t.Parallel()
	cells := []cell{{Name: "two", Topics: 2, Lanes: 4, Window: 64, Payload: 100}}
	s, err := runScale(t.Context(), cells, 1, 1, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Readings["two"][0]
	if r.Sample.Received == 0 || r.Sample.Elapsed < cellLength || r.MaxRSS < 1<<20 || r.Heap <= 0 || r.Goroutines < 8 {
		t.Errorf("reading %+v", r)
	}
	if want := (tally{Received: r.Tally.Received}); r.Tally != want || r.Lost != 0 {
		t.Errorf("tally %+v, lost %d; want nothing but messages received", r.Tally, r.Lost)
	}
}

func TestScaleOfACellThatCannotBe(t *testing.T) {
	t.Parallel()
	_, err := runScale(t.Context(), []cell{{Name: "tiny", Topics: 1, Lanes: 1, Window: 64, Payload: 1}}, 1, 1, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "tiny") {
		t.Errorf("a cell whose payload cannot hold its number: %v; want an error that names it", err)
	}
}

// measured makes a scale whose cells all did the same, but for what change does.
func measured(change func(name string, r *reading)) *scale {
	s := &scale{Cells: scaleCells(true), Readings: map[string][]reading{}, repeats: scaleRepeats}
	for _, c := range s.Cells {
		for range scaleRepeats {
			r := reading{
				Sample: sample{Received: 30000, Elapsed: time.Second, ClientCPU: 600 * time.Millisecond},
				MaxRSS: 30 << 20, Heap: 4 << 20, Goroutines: 145, Tally: tally{Received: 60000},
			}
			if change != nil {
				change(c.Name, &r)
			}
			s.Readings[c.Name] = append(s.Readings[c.Name], r)
		}
	}
	return s
}

func TestScaleGates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(name string, r *reading)
		want   map[string]verdict // where it differs from all passed
	}{
		{"all is well", nil, nil},
		{"many topics are slow", func(name string, r *reading) {
			if name == topicsMany {
				r.Sample.Elapsed = 1200 * time.Millisecond
			}
		}, map[string]verdict{"rate-1000-of-100-topics": fail}},
		{"many topics are dear", func(name string, r *reading) {
			if name == topicsMany {
				r.Sample.ClientCPU = 800 * time.Millisecond
			}
		}, map[string]verdict{"cpu-1000-of-100-topics": fail}},
		{"a wide window is slow", func(name string, r *reading) {
			if name == windowBig {
				r.Sample.Elapsed = 1100 * time.Millisecond
			}
		}, map[string]verdict{"rate-64k-of-4k-window": fail}},
		{"a wide window is large", func(name string, r *reading) {
			if name == windowBig {
				r.MaxRSS = 70 << 20
			}
		}, map[string]verdict{"rss-a-record": fail}},
		{"a noisy machine", func(name string, r *reading) {
			if name == topicsAgain || name == windowAgain {
				r.Sample.Elapsed = 1100 * time.Millisecond
			}
		}, map[string]verdict{
			"a/a-rate-topics": inconclusive, "a/a-rate-window": inconclusive, "rate-1000-of-100-topics": inconclusive, "rate-64k-of-4k-window": inconclusive,
		}},
		{"noisy CPU time", func(name string, r *reading) {
			if name == topicsAgain {
				r.Sample.ClientCPU = 700 * time.Millisecond
			}
		}, map[string]verdict{"cpu-1000-of-100-topics": inconclusive}},
		{"an inversion, a duplicate, a loss", func(name string, r *reading) {
			if name == topicsFew {
				r.Tally.Inversions, r.Tally.Duplicates, r.Lost = 1, 1, -1
			}
		}, map[string]verdict{"inversions": fail, "duplicates": fail, "lost": fail}},
	} {
		want := map[string]verdict{}
		for _, name := range []string{
			"a/a-rate-topics", "a/a-rate-window", "rate-1000-of-100-topics", "cpu-1000-of-100-topics", "rate-64k-of-4k-window",
			"rss-a-record", "inversions", "duplicates", "lost",
		} {
			want["scale:"+name] = pass
		}
		for name, v := range c.want {
			want["scale:"+name] = v
		}
		if diff := cmp.Diff(want, verdictsOf(measured(c.change).gates())); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

// A quick run has every cell a gate asks for, and the whole run has them too.
func TestScaleCells(t *testing.T) {
	t.Parallel()
	for _, quick := range []bool{true, false} {
		have := map[string]bool{}
		for _, c := range scaleCells(quick) {
			if have[c.Name] || c.Topics < 1 || c.Lanes < 1 || c.Payload < leastPayload {
				t.Errorf("cell %+v is there twice, or of no size", c)
			}
			have[c.Name] = true
		}
		for _, name := range []string{topicsFew, topicsAgain, topicsMany, windowSmall, windowAgain, windowBig} {
			if !have[name] {
				t.Errorf("quick %v: no cell %s", quick, name)
			}
		}
	}
}

func TestScaleTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	measured(nil).print(&b)
	for line := range strings.SplitSeq(b.String(), "\n") {
		if words := strings.Fields(line); len(words) > 0 && words[0] == topicsMany {
			if got, want := strings.Join(words, " "), "1000-topics 30000 20.0 145 30.0 4096"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			return
		}
	}
	t.Errorf("no line for %s in:\n%s", topicsMany, &b)
}

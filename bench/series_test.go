package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A series of short slices, with a seed: everybody runs as often as planned, and
// the order within a round changes.
//
// Not parallel: it counts the goroutines of the process.
func TestRunPlan(t *testing.T) {
	var told []string
	p := plan{Payload: 100, Lanes: 8, Rounds: 2, Seed: 1, names: []string{nameRaw, nameAgain, nameRuntime}, brief: brief{10 * time.Millisecond, 64}}
	o, err := runPlan(t.Context(), p, func(s string) { told = append(told, s) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.names, o.order); diff != "" {
		t.Errorf("order of contestants: -want +got:\n%s", diff)
	}
	for _, name := range p.names {
		if n := len(o.Samples[name]); n != p.Rounds {
			t.Errorf("%s: %d samples, want one for each of %d rounds", name, n, p.Rounds)
		}
		for _, s := range o.Samples[name] {
			if s.Received == 0 || s.Received != s.Acknowledged || s.Elapsed < p.brief.slice || s.ClientCPU <= 0 || s.Objects == 0 {
				t.Errorf("%s: sample %+v", name, s)
			}
		}
		if got, want := o.Tallies[name], (tally{Received: o.Claimed[name]}); got != want {
			t.Errorf("%s: the broker counts %+v over all rounds, want %+v", name, got, want)
		}
	}
	if len(told) != 3+warmUpRounds+p.Rounds {
		t.Errorf("told %q; want a line for each of 3 contestants and %d rounds", told, warmUpRounds+p.Rounds)
	}
	if d := o.Goroutines[nameRuntime]; d < 8 {
		t.Errorf("a runtime of 8 lanes adds %d goroutines", d)
	}
}

// A record of the source is its payload and its place in a batch. Not parallel:
// other tests allocate too.
func TestOwnCost(t *testing.T) {
	objects, bytes := ownCost(testMould(t), 8)
	if objects < 1 || objects > 1.1 || bytes < 100 || bytes > 500 {
		t.Errorf("the source allocates %v objects and %v bytes for a record of 100 bytes; want one of 112 and its share of the batch", objects, bytes)
	}
}

func TestRowsAreRatiosOfRaw(t *testing.T) {
	t.Parallel()
	rates, cpu := fair()
	rows := contest(usual, rates, cpu).rows()
	want := []row{
		{Name: nameRaw, Rate: all(40000), RateOf: all(1), CPUOf: all(1), Client: all(16)},
		{Name: nameAgain, Rate: all(40000), RateOf: all(1), CPUOf: all(1), Client: all(16)},
		{Name: nameSeq, Rate: all(8000), RateOf: all(0.2), CPUOf: all(4.375), Client: all(70)},
		{Name: nameFloor, Rate: all(41000), RateOf: all(1.025), CPUOf: all(0.9375), Client: all(15)},
		{Name: nameRuntime, Rate: all(38000), RateOf: all(0.95), CPUOf: all(1.0625), Client: all(17)},
	}
	for i := range want {
		want[i].Broker, want[i].Objects, want[i].Bytes = all(0), all(81), all(6000)
	}
	if diff := cmp.Diff(want, rows, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// all is the spread of three equal values.
func all(v float64) spread { return spread{v, v, v, v, 3} }

func TestTable(t *testing.T) {
	t.Parallel()
	rates, cpu := fair()
	var b bytes.Buffer
	printOutcome(&b, contest(usual, rates, cpu))
	lines := strings.Split(b.String(), "\n")
	for name, want := range map[string]string{
		nameRaw:     "raw 40000 40000 40000 1.00 (1.00–1.00) 16.0 1.00 0.0 81.0 6000 145",
		nameRuntime: "runtime 38000 38000 38000 0.95 (0.95–0.95) 17.0 1.06 0.0 81.0 6000 145",
	} {
		found := ""
		for _, line := range lines {
			if words := strings.Fields(line); len(words) > 0 && words[0] == name {
				found = strings.Join(words, " ")
			}
		}
		if found != want {
			t.Errorf("got  %q\nwant %q", found, want)
		}
	}

	b.Reset()
	printOutcome(&b, contest(usual, map[string]float64{nameFloor: 41000}, map[string]float64{nameFloor: 15}))
	if !strings.Contains(b.String(), " - ") || strings.Contains(b.String(), "NaN") {
		t.Errorf("without raw there is nothing to be a ratio of:\n%s", &b)
	}
}

func TestSampleOf(t *testing.T) {
	t.Parallel()
	at := time.Now()
	from := mark{report{usage{CPU: time.Second}, map[string]tally{"x": {Received: 100}, "y": {Received: 7}}}, heap{10, 1000}, usage{CPU: 2 * time.Second}, at}
	to := mark{report{usage{CPU: 3 * time.Second}, map[string]tally{"x": {Received: 300}, "y": {Received: 8}}}, heap{410, 9000}, usage{CPU: 5 * time.Second}, at.Add(4 * time.Second)}
	s := sampleOf("x", from, to, 199, 12)
	want := sample{Received: 200, Acknowledged: 199, Elapsed: 4 * time.Second, ClientCPU: 3 * time.Second, BrokerCPU: 2 * time.Second, Objects: 400, Bytes: 8000, goroutines: 12}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(sample{})); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"rate", s.rate(), 50},
		{"client µs", s.clientMicros(), 15000},
		{"broker µs", s.brokerMicros(), 10000},
		{"objects", s.objects(), 2},
		{"bytes", s.bytes(), 40},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
}

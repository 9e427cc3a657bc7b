package main

import (
	"maps"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGateLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   gate
		want string
	}{
		{judge("rate-of-raw", 0.9337, atLeast(0.90)), "gate rate-of-raw                           0.934 >=0.900      PASS"},
		{judge("bytes-a-record", 6110.62, atMost(5632)), "gate bytes-a-record                       6110.6 <=5632       FAIL"},
		{judge("lost", 0, atMost(0)), "gate lost                                      0 <=0          PASS"},
		{judgeControl("a/a-rate", spread{Median: 1.2}), "gate a/a-rate                              1.200 0.950..1.050 INCONCLUSIVE"},
	} {
		if got := c.of.String(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bound bound
		value float64
		want  bool
	}{
		{atLeast(0.9), 0.9, true},
		{atLeast(0.9), 0.8999, false},
		{atMost(1.15), 1.15, true},
		{atMost(1.15), 1.1501, false},
		{atMost(0), 0, true},
		{control, 0.95, true},
		{control, 1.05, true},
		{control, 0.949, false},
		{control, 1.051, false},
		{atLeast(0), math.NaN(), false},
		{atMost(0), math.NaN(), false},
	} {
		if got := c.bound.keeps(c.value); got != c.want {
			t.Errorf("%v keeps %v: %v, want %v", c.value, c.bound, got, c.want)
		}
	}
}

// quiet is a control that says the machine can be trusted.
var quiet = spread{Q25: 0.99, Median: 1, Q75: 1.01, N: 15}

var verdicts = []struct {
	name    string
	value   float64
	control spread
	want    verdict
}{
	{"kept, quiet", 0.95, quiet, pass},
	{"missed, quiet", 0.85, quiet, fail},
	{"kept, but the reference is not itself", 0.95, spread{Q25: 1.05, Median: 1.06, Q75: 1.07, N: 15}, inconclusive},
	{"missed, but the reference is not itself", 0.85, spread{Q25: 0.93, Median: 0.94, Q75: 0.95, N: 15}, inconclusive},
	{"missed, but the reference is itself by chance", 0.85, spread{Q25: 0.6, Median: 1, Q75: 1.4, N: 5}, inconclusive},
	{"the same spread over many rounds", 0.85, spread{Q25: 0.6, Median: 1, Q75: 1.4, N: 400}, fail},
	{"no control", 0.95, spreadOf(nil), inconclusive},
}

func TestRatiosNeedAControl(t *testing.T) {
	t.Parallel()
	for _, c := range verdicts {
		if got := judgeRatio("x", c.value, atLeast(0.9), c.control).Verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestControlsNeverFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   spread
		want verdict
	}{
		{quiet, pass},
		{spread{Q25: 1.5, Median: 2, Q75: 2.5, N: 15}, inconclusive},
		{spread{Q25: 0.5, Median: 1, Q75: 1.5, N: 4}, inconclusive},
		{spreadOf(nil), inconclusive},
	} {
		if got := judgeControl("x", c.of).Verdict; got != c.want {
			t.Errorf("control %+v: %s, want %s", c.of, got, c.want)
		}
	}
}

// contest makes an outcome of three like rounds: rates in messages a second, CPU
// time in µs a message.
func contest(p plan, rates, cpu map[string]float64) *outcome {
	o := &outcome{
		Plan: p, Samples: map[string][]sample{}, Tallies: map[string]tally{}, Claimed: map[string]uint64{},
		Goroutines: map[string]int{}, OwnObjects: 1, OwnBytes: 1200,
	}
	for _, e := range entrants() {
		rate, ok := rates[e.name]
		if !ok {
			continue
		}
		o.order = append(o.order, e.name)
		received := uint64(rate)
		for range 3 {
			o.Samples[e.name] = append(o.Samples[e.name], sample{
				Received: received, Acknowledged: received, Elapsed: time.Second,
				ClientCPU: time.Duration(cpu[e.name] * 1e3 * float64(received)), Objects: 81 * received, Bytes: 6000 * received,
			})
		}
		o.Tallies[e.name] = tally{Received: 3 * received}
		o.Claimed[e.name] = 3 * received
		o.Goroutines[e.name] = p.Lanes + 17
	}
	return o
}

var usual = plan{Payload: usualPayload, Lanes: usualLanes}

func fair() (rates, cpu map[string]float64) {
	return map[string]float64{nameRaw: 40000, nameAgain: 40000, nameSeq: 8000, nameFloor: 41000, nameRuntime: 38000},
		map[string]float64{nameRaw: 16, nameAgain: 16, nameSeq: 70, nameFloor: 15, nameRuntime: 17}
}

// verdictsOf is the gates by name.
func verdictsOf(gates []gate) map[string]verdict {
	all := map[string]verdict{}
	for _, g := range gates {
		all[g.Name] = g.Verdict
	}
	return all
}

func TestGatesOfTheUsualSeries(t *testing.T) {
	t.Parallel()
	all := map[string]verdict{
		"a/a-rate": pass, "a/a-cpu": pass, "rate-of-raw": pass, "rate-of-floor": pass, "rate-of-seq": pass, "cpu-of-raw": pass,
		"goroutines": pass, "objects-a-record": pass, "bytes-a-record": pass, "inversions": pass, "duplicates": pass, "lost": pass,
	}
	for _, c := range []struct {
		name   string
		change func(o *outcome, rates, cpu map[string]float64)
		want   map[string]verdict // where it differs from all passed
	}{
		{"all is well", nil, nil},
		{"slower than raw", func(_ *outcome, rates, _ map[string]float64) { rates[nameRuntime] = 35000 }, map[string]verdict{"rate-of-raw": fail, "rate-of-floor": fail}},
		{"slower than the floor", func(_ *outcome, rates, _ map[string]float64) { rates[nameFloor] = 43000 }, map[string]verdict{"rate-of-floor": fail}},
		{"no gain over one at a time", func(_ *outcome, rates, _ map[string]float64) { rates[nameSeq] = 10000 }, map[string]verdict{"rate-of-seq": fail}},
		{"too much CPU time", func(_ *outcome, _, cpu map[string]float64) { cpu[nameRuntime] = 19 }, map[string]verdict{"cpu-of-raw": fail}},
		{
			"a noisy machine", func(_ *outcome, rates, _ map[string]float64) { rates[nameAgain] = 30000 },
			map[string]verdict{"a/a-rate": inconclusive, "rate-of-raw": inconclusive, "rate-of-floor": inconclusive, "rate-of-seq": inconclusive},
		},
		{
			"noisy CPU time", func(_ *outcome, _, cpu map[string]float64) { cpu[nameAgain] = 18 },
			map[string]verdict{"a/a-cpu": inconclusive, "cpu-of-raw": inconclusive},
		},
		{"an inversion", func(o *outcome, _, _ map[string]float64) { o.Tallies[nameRuntime] = tally{Inversions: 1} }, map[string]verdict{"inversions": fail, "lost": fail}},
		{"a duplicate of raw's", func(o *outcome, _, _ map[string]float64) { o.Tallies[nameRaw] = tally{Received: 120000, Duplicates: 1} }, map[string]verdict{"duplicates": fail}},
		{"one acknowledged and not received", func(o *outcome, _, _ map[string]float64) { o.Claimed[nameFloor]++ }, map[string]verdict{"lost": fail}},
		{"one missing", func(o *outcome, _, _ map[string]float64) { o.Tallies[nameSeq] = tally{Received: 24000, Missing: 1} }, map[string]verdict{"lost": fail}},
		{"one goroutine too many", func(o *outcome, _, _ map[string]float64) { o.Goroutines[nameRuntime] = 128 + 18 }, map[string]verdict{"goroutines": fail}},
		{"careless allocations", func(o *outcome, _, _ map[string]float64) { o.OwnObjects, o.OwnBytes = -5, 300 }, map[string]verdict{"objects-a-record": fail, "bytes-a-record": fail}},
	} {
		rates, cpu := fair()
		if c.change != nil {
			c.change(contest(usual, rates, cpu), rates, cpu)
		}
		o := contest(usual, rates, cpu)
		if c.change != nil {
			c.change(o, map[string]float64{}, map[string]float64{})
		}
		want := map[string]verdict{}
		maps.Copy(want, all)
		maps.Copy(want, c.want)
		if diff := cmp.Diff(want, verdictsOf(o.gates())); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

func TestGatesOfOtherSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		plan plan
		only []string
		gate string
		want verdict // empty: no such gate
	}{
		{"1 ms, 128 lanes: 4 times is not enough", plan{Payload: 1024, Lanes: 128, Delay: time.Millisecond}, nil, "1ms:rate-of-seq", fail},
		{"1 ms, 512 lanes: nor here", plan{Payload: 1024, Lanes: 512, Delay: time.Millisecond}, nil, "512lanes,1ms:rate-of-seq", fail},
		{"other payloads are not gated by ratio", plan{Payload: 100, Lanes: 128}, nil, "100B:rate-of-raw", ""},
		{"nor by bytes", plan{Payload: 100, Lanes: 128}, nil, "100B:bytes-a-record", ""},
		{"but by order", plan{Payload: 100, Lanes: 128}, nil, "100B:inversions", pass},
		{"without seq, no gate of it", usual, []string{nameRaw, nameAgain, nameRuntime}, "rate-of-seq", ""},
		{"without the runtime, order only", usual, []string{nameRaw, nameAgain}, "goroutines", ""},
		{"without a control, nothing is certain", usual, []string{nameRaw, nameRuntime}, "rate-of-raw", inconclusive},
	} {
		rates, cpu := fair()
		if c.only != nil {
			some := map[string]float64{}
			for _, name := range c.only {
				some[name] = rates[name]
			}
			rates = some
		}
		if got := verdictsOf(contest(c.plan, rates, cpu).gates())[c.gate]; got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.gate, got, c.want)
		}
	}
}

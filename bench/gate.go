package main

import (
	"fmt"
	"math"
	"time"
)

// verdict is what a gate comes to.
type verdict string

const (
	pass verdict = "PASS"
	fail verdict = "FAIL"
	// inconclusive: the machine was not quiet enough to say. It is no failure.
	inconclusive verdict = "INCONCLUSIVE"
)

// gate is one figure and what it must keep to.
type gate struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Target  string  `json:"target"`
	Verdict verdict `json:"verdict"`
}

// String is the line that is printed: gate NAME VALUE TARGET VERDICT.
func (g gate) String() string {
	return fmt.Sprintf("gate %-34s %8s %-12s %s", g.Name, figure(g.Value), g.Target, g.Verdict)
}

// figure prints whole numbers as such, and others with three digits that mean
// something.
func figure(v float64) string {
	switch {
	case v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) < 10:
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// bound is what a figure must keep to, from lowest to highest, both included.
type bound struct{ lowest, highest float64 }

func atLeast(v float64) bound { return bound{v, math.Inf(1)} }
func atMost(v float64) bound  { return bound{math.Inf(-1), v} }

// String names the bound as gates print it, without spaces.
func (b bound) String() string {
	switch {
	case math.IsInf(b.highest, 1):
		return ">=" + figure(b.lowest)
	case math.IsInf(b.lowest, -1):
		return "<=" + figure(b.highest)
	}
	return figure(b.lowest) + ".." + figure(b.highest)
}

// keeps reports whether v is within the bound; NaN is not.
func (b bound) keeps(v float64) bool { return v >= b.lowest && v <= b.highest }

// control is how far the reference, measured against itself, may be from itself
// for a ratio to mean anything.
var control = bound{0.95, 1.05}

// mostDoubt is how uncertain that measurement may be: being right by chance proves
// nothing.
const mostDoubt = 0.05

// controls reports whether the reference measured against itself shows a machine
// that is quiet enough.
func (s spread) controls() bool { return control.keeps(s.Median) && s.doubt() <= mostDoubt }

// judge makes the gate of a figure that needs no control: a count.
func judge(name string, value float64, b bound) gate {
	v := fail
	if b.keeps(value) {
		v = pass
	}
	return gate{name, value, b.String(), v}
}

// judgeRatio makes the gate of a ratio, given what the control came to.
func judgeRatio(name string, value float64, b bound, controlled spread) gate {
	g := judge(name, value, b)
	if !controlled.controls() {
		g.Verdict = inconclusive
	}
	return g
}

// judgeControl makes the gate of a control itself, which cannot fail.
func judgeControl(name string, s spread) gate {
	g := gate{name, s.Median, control.String(), pass}
	if !s.controls() {
		g.Verdict = inconclusive
	}
	return g
}

// gates judges a series. Figures of contestants that did not run have no gate.
func (o *outcome) gates() []gate {
	rate := o.against(nameAgain, nameRaw, sample.rate)
	cpu := o.against(nameAgain, nameRaw, sample.clientMicros)
	all := []gate{judgeControl("a/a-rate", rate), judgeControl("a/a-cpu", cpu)}
	for _, r := range ratioGates {
		if r.when(o.Plan) {
			controlled := rate
			if r.cpu {
				controlled = cpu
			}
			all = append(all, judgeRatio(r.name, r.value(o), r.bound, controlled))
		}
	}
	all = append(all, o.countGates()...)
	var told []gate
	for _, g := range all {
		if !math.IsNaN(g.Value) {
			told = append(told, o.labelled(g))
		}
	}
	return told
}

// labelled puts the conditions of a series that is not the usual one before the
// name.
func (o *outcome) labelled(g gate) gate {
	if label := o.Plan.label(); label != "" {
		g.Name = label + ":" + g.Name
	}
	return g
}

// ratioGate is a gate for ratios of one series.
type ratioGate struct {
	name  string
	when  func(plan) bool
	value func(*outcome) float64
	bound bound
	cpu   bool // controlled by the ratio of CPU time
}

func usualPlan(p plan) bool { return p.label() == "" }

// delayed is the series of a broker that takes 1 ms, in which only messages under
// way at once help.
func delayed(lanes int) func(plan) bool {
	return func(p plan) bool {
		return p.Payload == usualPayload && p.Delay == time.Millisecond && p.Lanes == lanes
	}
}

func rateOf(other string) func(*outcome) float64 {
	return func(o *outcome) float64 { return o.against(nameRuntime, other, sample.rate).Median }
}

func cpuOf(other string) func(*outcome) float64 {
	return func(o *outcome) float64 { return o.against(nameRuntime, other, sample.clientMicros).Median }
}

var ratioGates = []ratioGate{
	{"rate-of-raw", usualPlan, rateOf(nameRaw), atLeast(0.90), false},
	{"rate-of-floor", usualPlan, rateOf(nameFloor), atLeast(0.90), false},
	{"rate-of-seq", usualPlan, rateOf(nameSeq), atLeast(4), false},
	{"rate-of-seq", delayed(128), rateOf(nameSeq), atLeast(45), false},
	{"rate-of-seq", delayed(512), rateOf(nameSeq), atLeast(55), false},
	{"cpu-of-raw", usualPlan, cpuOf(nameRaw), atMost(1.15), true},
}

// countGates are about what can be counted, whatever else the machine does.
func (o *outcome) countGates() []gate {
	if o.Samples[nameRuntime] == nil {
		return o.orderGates()
	}
	// One goroutine is the caller of Serve: that is the connector's own.
	all := []gate{judge("goroutines", float64(o.Goroutines[nameRuntime]-1), atMost(float64(16+o.Plan.Lanes)))}
	if o.Plan.Payload == usualPayload {
		all = append(all,
			judge("objects-a-record", spreadOf(o.column(nameRuntime, sample.objects)).Median-o.OwnObjects, atMost(85)),
			judge("bytes-a-record", spreadOf(o.column(nameRuntime, sample.bytes)).Median-o.OwnBytes, atMost(5632)))
	}
	return append(all, o.orderGates()...)
}

// orderGates sum over all contestants: each keeps the order of its lanes, and no
// fault excuses a loss.
func (o *outcome) orderGates() []gate {
	var sum tally
	var lost float64
	for _, name := range o.order {
		t := o.Tallies[name]
		sum.add(t)
		lost += math.Abs(float64(o.Claimed[name])-float64(t.Received)) + float64(t.Missing)
	}
	return []gate{
		judge("inversions", float64(sum.Inversions), atMost(0)),
		judge("duplicates", float64(sum.Duplicates), atMost(0)),
		judge("lost", lost, atMost(0)),
	}
}

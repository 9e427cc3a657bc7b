package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// printOutcome prints the table of a series and its gates.
func printOutcome(w io.Writer, o *outcome) {
	p := o.Plan
	fmt.Fprintf(w, "\n%d B, %d lanes, broker delay %v: medians of %d rounds of %v slices, seed %d\n", p.Payload, p.Lanes, p.Delay, p.Rounds, sliceLength, p.Seed)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tmsg/s\tq25\tq90\tof raw\t(q25–q75)\tclient µs\tof raw\tbroker µs\tallocs\tbytes\tgoroutines\t")
	for _, r := range o.rows() {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%s\t%s\t%.1f\t%s\t%.1f\t%.1f\t%.0f\t%d\t\n", r.Name,
			r.Rate.Median, r.Rate.Q25, r.Rate.Q90, ratio(r.RateOf.Median), between(r.RateOf),
			r.Client.Median, ratio(r.CPUOf.Median), r.Broker.Median, r.Objects.Median, r.Bytes.Median, o.Goroutines[r.Name])
	}
	_ = t.Flush() // fails only if w does
	fmt.Fprintf(w, "the source itself: %.1f allocs and %.0f bytes a record\n", o.OwnObjects, o.OwnBytes)
}

// ratio prints a ratio, nothing for one that nobody can tell.
func ratio(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.2f", v)
}

func between(s spread) string {
	if math.IsNaN(s.Q25) {
		return "-"
	}
	return fmt.Sprintf("(%.2f–%.2f)", s.Q25, s.Q75)
}

// printGates prints a line for each gate and reports whether none has failed.
func printGates(w io.Writer, gates []gate) bool {
	ok := true
	for _, g := range gates {
		fmt.Fprintln(w, g)
		ok = ok && g.Verdict != fail
	}
	return ok
}

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"
)

// scale asks whether more topics, or a wider window, cost more than they are
// worth. Topics have one lane each, windows one topic of the usual lanes and a
// small payload, so that it is the runtime's own memory that shows.
type scale struct {
	Cells    []cell               `json:"cells"`
	Readings map[string][]reading `json:"readings"` // by cell and repeat
	repeats  int
}

const (
	scaleRepeats = 3
	smallPayload = 100
	// The cells that gates compare. The smaller of each pair runs twice: it is the
	// control.
	topicsFew, topicsAgain, topicsMany  = "100-topics", "100-topics-again", "1000-topics"
	windowSmall, windowAgain, windowBig = "window-4k", "window-4k-again", "window-64k"
)

// scaleCells are the cells of a run; a quick one is of those the gates need.
func scaleCells(quick bool) []cell {
	topics := func(name string, n int) cell { return cell{name, n, 1, 0, usualPayload} }
	window := func(name string, n int) cell { return cell{name, 1, usualLanes, n, smallPayload} }
	gated := []cell{
		topics(topicsFew, 100), topics(topicsAgain, 100), topics(topicsMany, 1000),
		window(windowSmall, 4<<10), window(windowAgain, 4<<10), window(windowBig, 64<<10),
	}
	if quick {
		return gated
	}
	return append([]cell{
		topics("1-topic", 1), topics("10-topics", 10),
		window("window-64", 64), window("window-256", 256), window("window-1k", 1<<10), window("window-16k", 16<<10),
	}, gated...)
}

// runScale runs every cell so many times, in a random order each time.
func runScale(ctx context.Context, cells []cell, repeats int, seed uint64, told func(string)) (*scale, error) {
	s := &scale{Cells: cells, Readings: map[string][]reading{}, repeats: repeats}
	chance := rand.New(rand.NewPCG(seed, 1))
	for repeat := range repeats {
		for _, i := range chance.Perm(len(cells)) {
			c := cells[i]
			told(fmt.Sprintf("scale %d of %d: %s", repeat+1, repeats, c.Name))
			r, err := c.run(ctx)
			if err != nil {
				return nil, err
			}
			s.Readings[c.Name] = append(s.Readings[c.Name], r)
		}
	}
	return s, nil
}

// column returns one figure of a cell, by repeat.
func (s *scale) column(name string, figure func(reading) float64) []float64 {
	var all []float64
	for _, r := range s.Readings[name] {
		all = append(all, figure(r))
	}
	return all
}

func (s *scale) median(name string, figure func(reading) float64) float64 {
	return spreadOf(s.column(name, figure)).Median
}

func (s *scale) against(name, other string, figure func(reading) float64) spread {
	return spreadOf(ratios(s.column(name, figure), s.column(other, figure)))
}

func (r reading) rate() float64   { return r.Sample.rate() }
func (r reading) micros() float64 { return r.Sample.clientMicros() }
func (r reading) rss() float64    { return float64(r.MaxRSS) }
func (r reading) heap() float64   { return float64(r.Heap) }

// gates judges the cells. Where there are only as many repeats as here, the
// control's doubt says little beside its median.
func (s *scale) gates() []gate {
	const wider = 64<<10 - 4<<10
	all := []gate{
		judgeControl("scale:a/a-rate-topics", s.against(topicsAgain, topicsFew, reading.rate)),
		judgeControl("scale:a/a-rate-window", s.against(windowAgain, windowSmall, reading.rate)),
		judgeRatio("scale:rate-1000-of-100-topics", s.against(topicsMany, topicsFew, reading.rate).Median, atLeast(0.90),
			s.against(topicsAgain, topicsFew, reading.rate)),
		judgeRatio("scale:cpu-1000-of-100-topics", s.against(topicsMany, topicsFew, reading.micros).Median, atMost(1.25),
			s.against(topicsAgain, topicsFew, reading.micros)),
		judgeRatio("scale:rate-64k-of-4k-window", s.against(windowBig, windowSmall, reading.rate).Median, atLeast(0.95),
			s.against(windowAgain, windowSmall, reading.rate)),
		// A record's payload is held once live and may be held once more as garbage.
		judge("scale:rss-a-record", (s.median(windowBig, reading.rss)-s.median(windowSmall, reading.rss))/wider-smallPayload, atMost(512)),
	}
	return append(all, s.orderGates()...)
}

func (s *scale) orderGates() []gate {
	var sum tally
	var lost int64
	for _, c := range s.Cells {
		for _, r := range s.Readings[c.Name] {
			sum.add(r.Tally)
			lost += max(r.Lost, -r.Lost)
		}
	}
	return []gate{
		judge("scale:inversions", float64(sum.Inversions), atMost(0)),
		judge("scale:duplicates", float64(sum.Duplicates), atMost(0)),
		judge("scale:lost", float64(lost), atMost(0)),
	}
}

// print prints a line for each cell.
func (s *scale) print(w io.Writer) {
	fmt.Fprintf(w, "\nscale: medians of %d processes each, busy for %v\n", s.repeats, cellLength)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tmsg/s\tclient µs\tgoroutines\tRSS MiB\tlive KiB\t")
	for _, c := range s.Cells {
		fmt.Fprintf(t, "%s\t%.0f\t%.1f\t%.0f\t%.1f\t%.0f\t\n", c.Name, s.median(c.Name, reading.rate), s.median(c.Name, reading.micros),
			s.median(c.Name, func(r reading) float64 { return float64(r.Goroutines) }),
			s.median(c.Name, reading.rss)/(1<<20), s.median(c.Name, reading.heap)/(1<<10))
	}
	_ = t.Flush() // fails only if w does
}

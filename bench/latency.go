package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// The open loop: a record every millisecond, whether or not the last one has come
// back, each from a goroutine of its own. What is timed is the call that returns
// when the broker has acknowledged: Invoke for raw, Sender.Deliver for the runtime.
type loopPlan struct {
	every, length time.Duration
	repeats       int
}

// usualLoop is what the gates are about.
func usualLoop() loopPlan { return loopPlan{time.Millisecond, 3 * time.Second, 5} }

// deliverer makes single calls. It is safe for concurrent use.
type deliverer interface {
	// deliver returns when the broker has acknowledged the record of a call; calls
	// are numbered from 0.
	deliver(ctx context.Context, call int) error
	close() error
}

// delay is what one repeat came to, in µs.
type delay struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// latency is what all repeats of all contestants came to.
type latency struct {
	Delays map[string][]delay `json:"delays"`
	order  []string
	plan   loopPlan
}

const nameDeliver = "deliver"

// runLatency runs the loop for each contestant in turn.
func runLatency(ctx context.Context, p loopPlan, seed uint64, told func(string)) (l *latency, err error) {
	m, err := newMould(usualPayload)
	if err != nil {
		return nil, err
	}
	broker, err := startChild(0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, broker.close()) }()
	c := course{broker: broker.address, mould: m, lanes: usualLanes}
	l = &latency{Delays: map[string][]delay{}, order: []string{nameRaw, nameAgain, nameDeliver}, plan: p}
	stands := map[string]deliverer{}
	defer func() {
		for _, s := range stands {
			err = errors.Join(err, s.close())
		}
	}()
	for _, name := range l.order {
		if stands[name], err = newDeliverer(name, c); err != nil {
			return nil, err
		}
	}
	chance := rand.New(rand.NewPCG(seed, 2))
	for repeat := range p.repeats + 1 { // the first is to warm up
		for _, i := range chance.Perm(len(l.order)) {
			name := l.order[i]
			told(fmt.Sprintf("latency %d of %d: %s", repeat+1, p.repeats+1, name))
			d, err := p.run(ctx, stands[name])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if repeat > 0 {
				l.Delays[name] = append(l.Delays[name], d)
			}
		}
	}
	return l, nil
}

func newDeliverer(name string, c course) (deliverer, error) {
	if name == nameDeliver {
		return newTeller(name, c)
	}
	return newRaw(name, c, referenceLanes)
}

// run makes a call every p.every for p.length.
func (p loopPlan) run(ctx context.Context, d deliverer) (delay, error) {
	calls := int(p.length / p.every)
	took, errs := make([]float64, calls), make([]error, calls)
	var wait sync.WaitGroup
	defer wait.Wait()
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for call := range calls {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return delay{}, ctx.Err()
		}
		begun := time.Now()
		wait.Go(func() {
			errs[call] = d.deliver(ctx, call)
			took[call] = float64(time.Since(begun)) / 1e3
		})
	}
	wait.Wait()
	slices.Sort(took)
	return delay{quantile(took, 0.5), quantile(took, 0.99)}, errors.Join(errs...)
}

// column returns one figure of a contestant, by repeat.
func (l *latency) column(name string, figure func(delay) float64) []float64 {
	var all []float64
	for _, d := range l.Delays[name] {
		all = append(all, figure(d))
	}
	return all
}

func (l *latency) against(name, other string, figure func(delay) float64) spread {
	return spreadOf(ratios(l.column(name, figure), l.column(other, figure)))
}

func p50(d delay) float64 { return d.P50 }
func p99(d delay) float64 { return d.P99 }

// gates judges the loops. The control is the median alone: a tail differs from
// itself by more than any control would allow, which its wide target makes up for.
func (l *latency) gates() []gate {
	controlled := l.against(nameAgain, nameRaw, p50)
	return []gate{
		judgeControl("latency:a/a-p50", controlled),
		judgeRatio("latency:p50-of-raw", l.against(nameDeliver, nameRaw, p50).Median, atMost(1.15), controlled),
		judgeRatio("latency:p99-of-raw", l.against(nameDeliver, nameRaw, p99).Median, atMost(1.5), controlled),
	}
}

// print prints a line for each contestant.
func (l *latency) print(w io.Writer) {
	fmt.Fprintf(w, "\nlatency: a record every %v for %v, medians of %d repeats, µs from hand-over to acknowledgement\n", l.plan.every, l.plan.length, l.plan.repeats)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tp50\tof raw\tp99\tof raw\t")
	for _, name := range l.order {
		fmt.Fprintf(t, "%s\t%.0f\t%s\t%.0f\t%s\t\n", name,
			spreadOf(l.column(name, p50)).Median, ratio(l.against(name, nameRaw, p50).Median),
			spreadOf(l.column(name, p99)).Median, ratio(l.against(name, nameRaw, p99).Median))
	}
	_ = t.Flush() // fails only if w does
}

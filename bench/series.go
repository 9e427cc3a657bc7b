package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// plan is one series: all contestants under the same conditions.
type plan struct {
	Payload int           `json:"payload"`
	Lanes   int           `json:"lanes"`
	Delay   time.Duration `json:"delay_ns"`
	Rounds  int           `json:"rounds"`
	Seed    uint64        `json:"seed"`

	names []string // of the contestants; none means all
	brief brief
}

// brief makes a run too short for its figures to mean anything, for tests of the
// rest. No flag sets it.
type brief struct {
	slice  time.Duration // 0 means sliceLength
	window int           // of the runtimes; 0 means their default
}

// usual are the conditions whose gates are named without saying them.
const usualPayload, usualLanes = 1024, 128

// label tells a plan from the usual one, empty if there is nothing to tell.
func (p plan) label() string {
	var parts []string
	if p.Payload != usualPayload {
		parts = append(parts, fmt.Sprintf("%dB", p.Payload))
	}
	if p.Lanes != usualLanes {
		parts = append(parts, fmt.Sprintf("%dlanes", p.Lanes))
	}
	if p.Delay != 0 {
		parts = append(parts, p.Delay.String())
	}
	return strings.Join(parts, ",")
}

const (
	sliceLength  = 200 * time.Millisecond
	warmUpRounds = 2
)

// outcome is what came of a plan.
type outcome struct {
	Plan plan `json:"plan"`
	// Samples are by contestant and round, without the warm-up.
	Samples map[string][]sample `json:"samples"`
	// Tallies are over all rounds, warm-up included: order has no warm-up.
	Tallies map[string]tally `json:"tallies"`
	// Claimed is what the contestants say was acknowledged, over all rounds.
	Claimed map[string]uint64 `json:"claimed"`
	// Goroutines is how many a contestant adds to the process while it runs.
	Goroutines map[string]int `json:"goroutines"`
	// OwnObjects and OwnBytes are what making one record costs the source itself.
	OwnObjects float64 `json:"own_objects"`
	OwnBytes   float64 `json:"own_bytes"`

	order []string // of the contestants, as printed
}

// field is the contestants of a series, standing.
type field struct {
	broker *child
	names  []string
	stands map[string]contestant
	out    *outcome
}

// runPlan runs a series; told hears of progress.
func runPlan(ctx context.Context, p plan, told func(string)) (out *outcome, err error) {
	m, err := newMould(p.Payload)
	if err != nil {
		return nil, err
	}
	entered, err := chosen(p.names)
	if err != nil {
		return nil, err
	}
	f := &field{stands: map[string]contestant{}, out: &outcome{
		Plan: p, Samples: map[string][]sample{}, Claimed: map[string]uint64{}, Goroutines: map[string]int{},
	}}
	f.out.OwnObjects, f.out.OwnBytes = ownCost(m, p.Lanes)
	if f.broker, err = startChild(p.Delay); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	c := course{broker: f.broker.address, mould: m, lanes: p.Lanes, window: p.brief.window}
	for _, e := range entered {
		told("warming up " + e.name)
		if err := f.enter(ctx, e, c); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	f.out.order = f.names
	if err := f.race(ctx, p, told); err != nil {
		return nil, err
	}
	last, err := f.broker.ask(wordReport)
	f.out.Tallies = last.Tallies
	return f.out, err
}

// enter makes a contestant and runs it once, which opens its connections and
// shows how many goroutines it is worth.
func (f *field) enter(ctx context.Context, e entrant, c course) error {
	before := runtime.NumGoroutine()
	made, err := e.make(e.name, c)
	if err != nil {
		return err
	}
	f.names = append(f.names, e.name)
	f.stands[e.name] = made
	s, err := slice(ctx, f.broker, e.name, made, cmp.Or(f.out.Plan.brief.slice, sliceLength))
	f.out.Goroutines[e.name] = s.goroutines - before
	f.out.Claimed[e.name] += s.Acknowledged
	return err
}

// race runs all rounds, each in an order of its own.
func (f *field) race(ctx context.Context, p plan, told func(string)) error {
	chance := rand.New(rand.NewPCG(p.Seed, 0))
	names := append([]string(nil), f.names...)
	for round := range warmUpRounds + p.Rounds {
		told(fmt.Sprintf("round %d of %d, %d to warm up", round+1, warmUpRounds+p.Rounds, warmUpRounds))
		chance.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			s, err := slice(ctx, f.broker, name, f.stands[name], cmp.Or(p.brief.slice, sliceLength))
			if err != nil {
				return err
			}
			f.out.Claimed[name] += s.Acknowledged
			if round >= warmUpRounds {
				f.out.Samples[name] = append(f.out.Samples[name], s)
			}
		}
	}
	return nil
}

func (f *field) close() error {
	var errs []error
	for name, c := range f.stands {
		if err := c.close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", name, err))
		}
	}
	return errors.Join(append(errs, f.broker.close())...)
}

// ownCost measures what the source allocates for one record by itself.
func ownCost(m mould, lanes int) (objects, bytes float64) {
	r := newRecords(nameRuntime, course{mould: m, lanes: lanes}, polled, newTap())
	r.tap.open()
	source := r.source().(connect.Poller)
	var records float64
	before := heapNow()
	for range 16 {
		batch, _ := source.Poll(context.Background()) // never fails
		records += float64(len(batch))
	}
	after := heapNow()
	return float64(after.objects-before.objects) / records, float64(after.bytes-before.bytes) / records
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// cell is one size of a runtime, measured in a process of its own, with a broker
// of its own: what memory a process was given once does not go away again.
type cell struct {
	Name    string `json:"name"`
	Topics  int    `json:"topics"`
	Lanes   int    `json:"lanes"` // of each topic
	Window  int    `json:"window"`
	Payload int    `json:"payload"`
}

// reading is what came of a cell.
type reading struct {
	// Sample is taken while the runtime is busy, from one second to the next.
	Sample     sample `json:"sample"`
	Goroutines int    `json:"goroutines"`
	// Heap is the live bytes of a busy runtime less those of a process without one.
	Heap   int64 `json:"heap"`
	MaxRSS int64 `json:"max_rss"`
	Tally  tally `json:"tally"`
	Lost   int64 `json:"lost"`
}

// How long a cell runs before it is measured, and while it is.
const (
	cellWarmUp = 500 * time.Millisecond
	cellLength = time.Second
)

// runCell is the process of a cell.
func runCell(ctx context.Context, args []string, stdout io.Writer) error {
	c := cell{}
	flags := flag.NewFlagSet("bench cell", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&c.Topics, "topics", 1, "")
	flags.IntVar(&c.Lanes, "lanes", usualLanes, "")
	flags.IntVar(&c.Window, "window", 0, "")
	flags.IntVar(&c.Payload, "payload", usualPayload, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := c.measure(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(r)
}

// measure runs the cell in this process.
func (c cell) measure(ctx context.Context) (r reading, err error) {
	m, err := newMould(c.Payload)
	if err != nil {
		return r, err
	}
	broker, err := startChild(0)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, broker.close()) }()
	goroutines, heap := runtime.NumGoroutine(), liveHeap()
	s, err := newRuntime(nameRuntime, course{broker: broker.address, mould: m, lanes: c.Lanes, topics: c.Topics, window: c.Window}, polled)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var read error
	acknowledged, err := driven(s, func() { r, read = readBusy(ctx, broker) })
	if err := errors.Join(err, read); err != nil {
		return r, err
	}
	r.Goroutines -= goroutines + 2 // Serve's caller and run's
	r.Heap -= heap
	last, err := broker.ask(wordReport)
	r.Tally = last.Tallies[nameRuntime]
	r.Lost = int64(acknowledged) - int64(r.Tally.Received) + int64(r.Tally.Missing)
	return r, err
}

// driven runs c until while has returned.
func driven(c contestant, while func()) (acknowledged uint64, err error) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		acknowledged, err = c.run(stop)
	}()
	while()
	close(stop)
	<-done
	return acknowledged, err
}

// readBusy measures a runtime that is busy, with its window full.
func readBusy(ctx context.Context, broker *child) (r reading, err error) {
	for received := uint64(0); received == 0; { // until its sessions are open
		now, err := broker.ask(wordReport)
		if err != nil {
			return r, err
		}
		received = now.Tallies[nameRuntime].Received
		if !pause(ctx, cellWarmUp) {
			return r, ctx.Err()
		}
	}
	from, err := markNow(broker, wordReport)
	if err != nil {
		return r, err
	}
	if !pause(ctx, cellLength) {
		return r, ctx.Err()
	}
	to, err := markThen(broker)
	r.Goroutines = runtime.NumGoroutine()
	r.Sample = sampleOf(nameRuntime, from, to, 0, r.Goroutines)
	r.MaxRSS = to.client.MaxRSS
	r.Heap = liveHeap()
	return r, err
}

// liveHeap is what is reachable.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// run measures the cell in a new process.
func (c cell) run(ctx context.Context) (r reading, err error) {
	program, err := os.Executable()
	if err != nil {
		return r, err
	}
	command := exec.CommandContext(ctx, program, "cell",
		"-topics", fmt.Sprint(c.Topics), "-lanes", fmt.Sprint(c.Lanes), "-window", fmt.Sprint(c.Window), "-payload", fmt.Sprint(c.Payload))
	command.Stderr = os.Stderr
	answer, err := command.Output()
	if err == nil {
		err = json.Unmarshal(answer, &r)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", c.Name, err)
	}
	return r, nil
}

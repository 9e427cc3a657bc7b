package main

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// sample is what one contestant did in one slice.
type sample struct {
	// Received is counted by the broker, Acknowledged by the contestant.
	Received     uint64 `json:"received"`
	Acknowledged uint64 `json:"acknowledged"`
	// Elapsed runs until the last acknowledgement.
	Elapsed   time.Duration `json:"elapsed_ns"`
	ClientCPU time.Duration `json:"client_cpu_ns"`
	BrokerCPU time.Duration `json:"broker_cpu_ns"`
	// Objects and Bytes are what the client's heap gave out.
	Objects uint64 `json:"objects"`
	Bytes   uint64 `json:"bytes"`

	goroutines int // in mid-slice, of the whole process
}

// rate is in messages a second.
func (s sample) rate() float64 { return float64(s.Received) / s.Elapsed.Seconds() }

// each divides by the messages received.
func (s sample) each(n float64) float64 { return n / float64(s.Received) }

func (s sample) clientMicros() float64 { return s.each(float64(s.ClientCPU) / 1e3) }
func (s sample) brokerMicros() float64 { return s.each(float64(s.BrokerCPU) / 1e3) }
func (s sample) objects() float64      { return s.each(float64(s.Objects)) }
func (s sample) bytes() float64        { return s.each(float64(s.Bytes)) }

// mark is a moment's reading of everything that is measured.
type mark struct {
	broker report
	heap   heap
	client usage
	at     time.Time
}

// markNow begins what is timed: the moment is read last.
func markNow(b *child, word string) (m mark, err error) {
	if m.broker, err = b.ask(word); err != nil {
		return m, err
	}
	m.heap = heapNow()
	m.client, err = usageNow()
	m.at = time.Now()
	return m, err
}

// markThen ends what is timed: the moment is read first.
func markThen(b *child) (m mark, err error) {
	m.at = time.Now()
	if m.client, err = usageNow(); err != nil {
		return m, err
	}
	m.heap = heapNow()
	m.broker, err = b.ask(wordReport)
	return m, err
}

// slice runs one contestant for length and measures it. Both processes collect
// their garbage before, outside of what is timed.
func slice(ctx context.Context, b *child, name string, c contestant, length time.Duration) (sample, error) {
	runtime.GC()
	from, err := markNow(b, wordRest)
	if err != nil {
		return sample{}, err
	}
	acknowledged, goroutines, err := during(ctx, length, c.run)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", name, err)
	}
	to, err := markThen(b)
	if err != nil {
		return sample{}, err
	}
	s := sampleOf(name, from, to, acknowledged, goroutines)
	if s.Received == 0 && ctx.Err() == nil {
		return s, fmt.Errorf("%s: the broker received nothing in %v", name, s.Elapsed)
	}
	return s, ctx.Err()
}

// during calls run with a stop that is closed after length, or when ctx ends, and
// counts the goroutines when three quarters of it have passed.
func during(ctx context.Context, length time.Duration, run func(<-chan struct{}) (uint64, error)) (n uint64, goroutines int, err error) {
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		defer close(stop)
		if pause(ctx, length*3/4) {
			goroutines = runtime.NumGoroutine() - 1 // not this one
			pause(ctx, length/4)
		}
	}()
	n, err = run(stop)
	<-watched
	return n, goroutines, err
}

func sampleOf(name string, from, to mark, acknowledged uint64, goroutines int) sample {
	return sample{
		Received:     to.broker.Tallies[name].Received - from.broker.Tallies[name].Received,
		Acknowledged: acknowledged,
		Elapsed:      to.at.Sub(from.at),
		ClientCPU:    to.client.CPU - from.client.CPU,
		BrokerCPU:    to.broker.Usage.CPU - from.broker.Usage.CPU,
		Objects:      to.heap.objects - from.heap.objects,
		Bytes:        to.heap.bytes - from.heap.bytes,
		goroutines:   goroutines,
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
)

const (
	machineTopic = "/default/machine"
	networkTopic = "/default/network"
	// partition is the only one of this source: samples are numbered.
	partition = "samples"
	// timeFormat is RFC 3339 in milliseconds.
	timeFormat = "2006-01-02T15:04:05.000Z07:00"
)

var topics = []string{machineTopic, networkTopic}

// machine is a source that is polled for one sample of the machine at a time. All
// records of a sample stand at one offset, so they are committed together.
type machine struct {
	gauges []gauge
	every  time.Duration
	kept   *place.File
	stderr io.Writer

	number uint64          // of the last sample
	due    time.Time       // when the next one is
	silent map[string]bool // the gauges that were said to be without reading
}

func newMachine(every time.Duration, kept *place.File, stderr io.Writer) *machine {
	return &machine{gauges: gauges("/proc"), every: every, kept: kept, stderr: stderr, silent: map[string]bool{}}
}

// Initialize begins after the last sample that was committed.
func (m *machine) Initialize(context.Context, connect.Epoch) error {
	o, ok := m.kept.Offset(partition)
	if ok {
		_, _ = fmt.Fprintf(m.stderr, "counting on from sample %d\n", o.Value)
	}
	m.number, m.due = o.Value, time.Now()
	return nil
}

// Producers names both topics.
func (m *machine) Producers() []connect.Producer {
	return []connect.Producer{{Topic: machineTopic, Reliable: true}, {Topic: networkTopic, Reliable: true}}
}

// Poll waits for the time of the next sample and takes it.
func (m *machine) Poll(ctx context.Context) ([]connect.Envelope, error) {
	next := time.NewTimer(time.Until(m.due))
	defer next.Stop()
	select {
	case <-next.C:
	case <-ctx.Done():
		return nil, nil
	}
	now := time.Now()
	m.due = now.Add(m.every)
	m.number++
	at := connect.Offset{Partition: partition, Value: m.number}
	var envelopes []connect.Envelope
	for _, g := range m.gauges {
		readings, err := g.read()
		if err != nil && !m.silent[g.name] {
			m.silent[g.name] = true
			_, _ = fmt.Fprintf(m.stderr, "no %s here: %v\n", g.name, err)
		}
		for _, key := range slices.Sorted(maps.Keys(readings)) {
			values := readings[key]
			values["sample"], values["time"] = m.number, now.UTC().Format(timeFormat)
			envelopes = append(envelopes, connect.JSON(g.topic, values).WithKey(key).At(at))
		}
	}
	return envelopes, nil
}

// Commit saves which sample was the last.
func (m *machine) Commit(_ context.Context, offsets []connect.Offset) error {
	return m.kept.Save(offsets)
}

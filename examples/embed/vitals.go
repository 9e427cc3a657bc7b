package main

import (
	"context"
	"runtime"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

const vitalsTopic = "/default/vitals"

// vitals is a source that is asked: one measurement of the process at a time. What
// was not measured in time is gone, so it has no offsets.
type vitals struct {
	every time.Duration
	due   time.Time
}

var _ connect.Poller = (*vitals)(nil)

// Initialize makes the first measurement due.
func (v *vitals) Initialize(context.Context, connect.Epoch) error {
	v.due = time.Now()
	return nil
}

// Producers names the topic. Losing a measurement does no harm, so it is not
// reliable.
func (v *vitals) Producers() []connect.Producer { return []connect.Producer{{Topic: vitalsTopic}} }

// Poll measures when it is due.
func (v *vitals) Poll(ctx context.Context) ([]connect.Envelope, error) {
	next := time.NewTimer(time.Until(v.due))
	defer next.Stop()
	select {
	case <-next.C:
	case <-ctx.Done():
		return nil, nil
	}
	v.due = time.Now().Add(v.every)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	values := map[string]any{"goroutines": runtime.NumGoroutine(), "heap_bytes": m.HeapAlloc}
	return []connect.Envelope{connect.JSON(vitalsTopic, values).Envelope()}, nil
}

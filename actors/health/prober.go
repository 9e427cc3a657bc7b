package health

import (
	"context"
	"fmt"
	"time"
)

// Probe is what a Prober asks, and whom it tells.
type Probe struct {
	// Name of what is probed: "source" or "broker".
	Name string
	// Check asks once; ctx is bounded by Interval.
	Check func(ctx context.Context) error
	// Interval is the time between checks; 0 means 30 s.
	Interval time.Duration
	// Threshold is how many failures in a row make it unhealthy; 0 means 3.
	Threshold int
	// Report is told the outcome of every check and how many have failed in a row.
	// May be nil.
	Report func(err error, failures int)
	// Unhealthy is told once when the threshold is reached, and again after as
	// many failures more. May be nil.
	Unhealthy func(error)
}

// Prober checks one thing at an interval.
type Prober struct {
	probe    Probe
	failures int
}

// NewProber returns a prober ready to Serve.
func NewProber(p Probe) *Prober {
	if p.Interval <= 0 {
		p.Interval = 30 * time.Second
	}
	if p.Threshold <= 0 {
		p.Threshold = 3
	}
	return &Prober{probe: p}
}

// String names the actor.
func (p *Prober) String() string { return "prober of the " + p.probe.Name }

// Serve checks, at once and then at every interval, until ctx ends.
func (p *Prober) Serve(ctx context.Context) error {
	ticker := time.NewTicker(p.probe.Interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		p.once(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return ctx.Err()
}

func (p *Prober) once(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, p.probe.Interval)
	defer cancel()
	err := p.probe.Check(bounded)
	if ctx.Err() != nil {
		return // a check cut short says nothing
	}
	if err == nil {
		p.failures = 0
	} else {
		p.failures++
	}
	if p.probe.Report != nil {
		p.probe.Report(err, p.failures)
	}
	if err != nil && p.failures%p.probe.Threshold == 0 && p.probe.Unhealthy != nil {
		p.probe.Unhealthy(fmt.Errorf("%d health checks in a row have failed, the last one with: %w", p.failures, err))
	}
}

package session

import (
	"fmt"
	"sync"
	"time"

	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// progress tells every second how far things have come and how fast they go.
type progress struct {
	over    chan struct{}
	telling sync.WaitGroup
}

// report begins to tell.
func (s Settings) report(runtime *supervisor.Runtime, hall *audience) *progress {
	p := &progress{over: make(chan struct{})}
	p.telling.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		before, began := supervisor.Totals{}, time.Now()
		for {
			select {
			case now := <-tick.C:
				if t := runtime.Totals(); t != before {
					_, _ = fmt.Fprintln(s.Stderr, rates(before, t, now.Sub(began)), hall.sight())
					before = t
				}
				began = now
			case <-p.over:
				return
			}
		}
	})
	return p
}

func (p *progress) end() {
	close(p.over)
	p.telling.Wait()
}

// rates compares the totals at both ends of a stretch of time.
func rates(before, after supervisor.Totals, took time.Duration) string {
	each := func(name string, from, to uint64) string {
		return fmt.Sprintf("%s %d (%.0f/s)", name, to, float64(to-from)/took.Seconds())
	}
	return fmt.Sprintf("%s, %s, %s, in flight %d",
		each("read", before.Read, after.Read), each("published", before.Published, after.Published),
		each("committed", before.Committed, after.Committed), after.InFlight)
}

// sight says what has arrived; nothing without an audience.
func (a *audience) sight() string {
	if a == nil {
		return ""
	}
	n, _ := a.received()
	return fmt.Sprintf("| received %d", n)
}

package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// asked is what the session was asked to do: end soon, or end now.
type asked struct {
	soon, now context.Context

	endSoon, endNow context.CancelCauseFunc
	timer           *time.Timer
	over            chan struct{}
	hearing         sync.WaitGroup
}

var (
	errTime = errors.New("the time is up")
	errOver = errors.New("the session is over")
)

// listen hears the signals until end is called.
func (s Settings) listen() *asked {
	a := &asked{over: make(chan struct{})}
	a.now, a.endNow = context.WithCancelCause(context.Background())
	a.soon, a.endSoon = context.WithCancelCause(a.now)
	a.hearing.Go(func() {
		for _, end := range []context.CancelCauseFunc{a.endSoon, a.endNow} {
			select {
			case signal := <-s.Signals:
				_, _ = fmt.Fprintf(s.Stderr, "%v\n", signal)
				end(fmt.Errorf("signal: %v", signal))
			case <-a.over:
				return
			}
		}
	})
	return a
}

// within asks for the end when d has passed; 0 means never.
func (a *asked) within(d time.Duration) {
	if d > 0 {
		a.timer = time.AfterFunc(d, func() { a.endSoon(errTime) })
	}
}

// end hears no more.
func (a *asked) end() {
	close(a.over)
	a.hearing.Wait()
	if a.timer != nil {
		a.timer.Stop()
	}
	a.endNow(errOver)
}

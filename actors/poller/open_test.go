package poller

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// counting is a source that counts its polls.
type counting struct{ polls atomic.Int64 }

func (*counting) Initialize(context.Context, connect.Epoch) error { return nil }
func (*counting) Producers() []connect.Producer                   { return nil }

func (c *counting) Poll(context.Context) ([]connect.Envelope, error) {
	c.polls.Add(1)
	return nil, nil
}

// The source is polled while it is open, and Stop ends the waiting.
func TestOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gate atomic.Pointer[chan struct{}]
		shut := make(chan struct{})
		gate.Store(&shut)
		source := &counting{}
		stop, cancel := context.WithCancel(t.Context())
		a := New(Settings{Source: source, Stop: stop, Interval: time.Second, Open: func() <-chan struct{} { return *gate.Load() }})
		ended := make(chan error, 1)
		go func() { ended <- a.Serve(t.Context()) }()
		time.Sleep(time.Minute)
		if n := source.polls.Load(); n != 0 {
			t.Errorf("polled %d times before it was open", n)
		}
		close(shut)
		time.Sleep(time.Minute)
		if n := source.polls.Load(); n < 50 {
			t.Errorf("polled %d times in a minute", n)
		}
		again := make(chan struct{})
		gate.Store(&again)
		time.Sleep(time.Minute)
		n := source.polls.Load()
		time.Sleep(time.Minute)
		if more := source.polls.Load() - n; more != 0 {
			t.Errorf("polled %d times while shut", more)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

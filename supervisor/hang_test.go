package supervisor_test

import (
	"context"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// deaf is a ledger one call of which does not return, whatever its context says,
// until it is let go.
type deaf struct {
	*ledger
	in     string
	inside chan struct{} // closed when it has begun
	let    chan struct{}
	hung   bool
}

// hang hangs in the call of that name, the first time it comes there.
func (d *deaf) hang(call string) {
	d.mu.Lock()
	first := d.in == call && !d.hung
	d.hung = d.hung || first
	d.mu.Unlock()
	if first {
		close(d.inside)
		<-d.let
	}
}

func (d *deaf) Initialize(ctx context.Context, e connect.Epoch) error {
	d.hang("Initialize")
	return d.ledger.Initialize(ctx, e)
}

func (d *deaf) Producers() []connect.Producer {
	d.hang("Producers")
	return d.ledger.Producers()
}

func (d *deaf) Poll(ctx context.Context) ([]connect.Envelope, error) {
	d.hang("Poll")
	return d.ledger.Poll(ctx)
}

func (d *deaf) Commit(ctx context.Context, o []connect.Offset) error {
	d.hang("Commit")
	return d.ledger.Commit(ctx, o)
}

func (d *deaf) HealthCheck(ctx context.Context) error {
	d.hang("HealthCheck")
	return d.ledger.HealthCheck(ctx)
}

func (d *deaf) Shutdown(ctx context.Context) error {
	d.hang("Shutdown")
	return d.ledger.Shutdown(ctx)
}

// told is deaf as a source that tells.
type toldDeaf struct{ d *deaf }

func (t *toldDeaf) Initialize(ctx context.Context, e connect.Epoch) error {
	return t.d.Initialize(ctx, e)
}
func (t *toldDeaf) Producers() []connect.Producer { return t.d.Producers() }

func (t *toldDeaf) Stream(context.Context, connect.Sender) error {
	t.d.hang("Stream")
	return nil
}

// hanging runs a source that hangs in a call, and waits until it does.
func hanging(s *stand, call string) (*running, *deaf) {
	d := &deaf{ledger: newLedger(s.topic()), in: call, inside: make(chan struct{}), let: make(chan struct{})}
	d.every = 50 * time.Millisecond
	var source connect.Source = d
	if call == "Stream" {
		source = &toldDeaf{d}
	}
	r := s.start(source, s.config("[processing]\nhealth_check_interval_ms = 1000\n[delivery]\ncommit_after = \"acknowledged\"\ndrain_timeout = \"10s\"\n"))
	if call == "Shutdown" {
		s.pass(5 * time.Second)
		r.cancel()
	}
	<-d.inside
	s.pass(time.Second)
	return r, d
}

var hangs = []string{"Initialize", "Producers", "Poll", "Stream", "Commit", "HealthCheck", "Shutdown"}

// A stop returns within its deadline and a breath, whichever call of the source
// hangs, and says which one; what could be committed is.
func TestStopWhileACallHangs(t *testing.T) {
	for _, call := range hangs {
		t.Run(call, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				r, d := hanging(s, call)
				began := time.Now()
				err := r.stop()
				took := time.Since(began)
				close(d.let)
				if took > 14*time.Second {
					t.Errorf("stop took %v with a drain timeout of 10 s", took)
				}
				if !contains(err, call) {
					t.Errorf("Run = %v, want it to name %s", err, call)
				}
				s.judge(d.ledger)
			})
		})
	}
}

// Kill returns soon, whichever call of the source hangs, before and during a stop.
func TestKillWhileACallHangs(t *testing.T) {
	for _, call := range hangs {
		for _, stopping := range []bool{false, true} {
			t.Run(call, func(t *testing.T) {
				faulty(t, devbroker.Settings{}, func(s *stand) {
					r, d := hanging(s, call)
					if stopping {
						r.cancel()
						s.pass(time.Second)
					}
					began := time.Now()
					r.Kill()
					_ = r.wait()
					took := time.Since(began)
					close(d.let)
					if took > 4*time.Second {
						t.Errorf("Kill took %v", took)
					}
					s.judge(d.ledger)
				})
			})
		}
	}
}

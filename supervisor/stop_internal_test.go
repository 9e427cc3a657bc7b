package supervisor

import (
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// What the drain deadline cut off is named with the reason, also when the reason
// is older than the stop, or came up during it.
func TestUnresolvedNamesItsReasons(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	rt.contract.Replayable = true
	if err := rt.topics.declare(reliable("/default/a"), reliable("/default/b")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := hand(t, rt, "/default/b"); err != nil {
			t.Fatal(err)
		}
	}
	for _, topic := range rt.topics.snapshot() {
		rt.board.Start(topic.publisher.String())
		rt.topics.report(topic, 0, publisher.Open, nil)
	}
	rt.board.Start(brokerName)
	rt.probed(errors.New("no route"), 1)
	rt.stopping()
	rt.topics.report(rt.topics.snapshot()[1], 0, publisher.Opening, errors.New("connection refused"))
	err := rt.unresolved(time.Minute)
	if !says(err, "not drained within 1m0s", "3 records", "3 for /default/b", "read again", "publisher /default/b: connection refused", "broker: no route") {
		t.Errorf("error is %v", err)
	}
	if says(err, "/default/a") {
		t.Errorf("error names a topic that is well: %v", err)
	}
	for _, c := range rt.board.Components() {
		if c.State != health.Stopping {
			t.Errorf("%s is %s while the runtime stops", c.Name, c.State)
		}
	}
}

// A source that cannot go back reads nothing again, and is owed more than an
// acknowledgement.
func TestUnsettledIsNamed(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	if err := rt.topics.declare(reliable("/default/a"), reliable("/default/b")); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := hand(t, rt, "/default/b"); err != nil {
			t.Fatal(err)
		}
	}
	rt.budget.Retain(1, flow.Published, 3, 30)
	if err := rt.unresolved(time.Minute); !says(err, "2 records in flight", "2 for /default/b", "lost") || says(err, "read again") {
		t.Errorf("error is %v", err)
	}
	if err := rt.unsettled(time.Minute); !says(err, "not settled within 1m0s", "3 records are acknowledged", "3 for /default/b") || says(err, "/default/a") {
		t.Errorf("error is %v", err)
	}
}

// The first fatal error begins the stop; the others are returned with it.
func TestFailures(t *testing.T) {
	t.Parallel()
	var log written
	rt := standing(t, &idle{}, &log)
	select {
	case <-rt.failed:
		t.Fatal("failed before anything went wrong")
	default:
	}
	rt.fail(connect.Fatal(errBoom))
	<-rt.failed
	rt.fail(connect.ConfigError("second"))
	err := errors.Join(rt.causes()...)
	if !errors.Is(err, errBoom) || !says(err, "boom", "second") {
		t.Errorf("causes are %v", err)
	}
	if !log.has("level=ERROR", "fatal error; stopping", "boom") || log.has("second") {
		t.Errorf("the first is logged, the others are returned:\n%s", &log)
	}
}

// A probe of the broker changes its state and nothing else.
func TestProbesOfTheBroker(t *testing.T) {
	t.Parallel()
	rt := standing(t, &idle{}, new(written))
	rt.board.Start(brokerName)
	for _, step := range []struct {
		err      error
		failures int
		want     health.State
	}{
		{nil, 0, health.Running},
		{errBoom, 1, health.Degraded},
		{errBoom, 2, health.Degraded},
		{errBoom, 3, health.Unhealthy},
		{errBoom, 4, health.Unhealthy},
		{nil, 0, health.Running},
	} {
		rt.probed(step.err, step.failures)
		if got := at(rt.board, brokerName).State; got != step.want {
			t.Errorf("after %d failures: %s, want %s", step.failures, got, step.want)
		}
	}
	if len(rt.causes()) != 0 {
		t.Error("a probe has stopped the runtime")
	}
}

package danube

import (
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	connect "github.com/danube-messaging/danube-connect-go"
)

// How long an answer may go on that most likely means a wrong configuration.
// What was open before gets more time: its cluster may be starting again.
const (
	firstGrace = 10 * time.Second
	laterGrace = time.Minute
)

// patience decides, failure by failure, whether an opening goes on. It is a pure
// value: time comes in as an argument.
type patience struct {
	// first is true if the session was never open.
	first bool
	// deniedGrace is how long a session that was open may be denied.
	deniedGrace time.Duration

	last  verdict   // of the previous attempt
	since time.Time // when verdicts of that kind began to come in a row
}

// wait is what to do after a failure.
type wait uint8

const (
	backOff wait = iota // try again after a pause
	atOnce              // try again now
	giveUp              // the error judge returned is final
)

// judge weighs the failure err, of kind v, at the time now. With giveUp comes
// err marked ClassConfig or ClassFatal.
func (p *patience) judge(now time.Time, v verdict, err error) (wait, error) {
	repeated := v == p.last
	if !repeated {
		p.last, p.since = v, now
	}
	lasted := now.Sub(p.since)
	switch v {
	case misconfigured:
		return giveUp, connect.ConfigError("%w", err)
	case absent:
		if p.first {
			return giveUp, connect.ConfigError("%w; create it first", err)
		}
		return p.doubt(lasted, err)
	case doubtful:
		return p.doubt(lasted, err)
	case race:
		if !repeated {
			return atOnce, err
		}
	case denied:
		return p.deny(repeated, lasted, err)
	}
	return backOff, err
}

// doubt gives a grace to what is most likely a wrong configuration.
func (p *patience) doubt(lasted time.Duration, err error) (wait, error) {
	grace := laterGrace
	if p.first {
		grace = firstGrace
	}
	if lasted < grace {
		return backOff, err
	}
	return giveUp, connect.ConfigError("%w; unchanged for %s", err, grace)
}

// deny asks once more at once, for which the token is read again. After that a
// session never open is refused for good, one that was open has its grace.
func (p *patience) deny(repeated bool, lasted time.Duration, err error) (wait, error) {
	switch {
	case !repeated:
		return atOnce, err
	case p.first:
		return giveUp, connect.Fatal(err)
	case lasted < p.deniedGrace:
		return backOff, err
	}
	return giveUp, connect.Fatal(fmt.Errorf("%w; denied for %s", err, p.deniedGrace))
}

// newBackOff returns the pauses between attempts to reach a broker: growing,
// jittered, without end. Each loop needs its own.
func newBackOff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMultiplier(1.7),
		backoff.WithRandomizationFactor(0.3),
		backoff.WithMaxInterval(3*time.Second),
		backoff.WithMaxElapsedTime(0),
	)
}

// pause waits for d, or reports false when done is closed first.
func pause(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}

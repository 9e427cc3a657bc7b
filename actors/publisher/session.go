package publisher

import (
	"errors"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// State is how a topic partition stands with the broker.
type State uint8

const (
	// Opening: there is no session, or it is suspect; nothing is sent.
	Opening State = iota
	// Open: every idle lane may send.
	Open
	// Probing: the broker takes requests and does not answer them, or has trouble
	// of its own; one request at a time finds out when that ends.
	Probing
	// Failed: the session cannot be opened as configured; nothing will be sent.
	Failed
)

// String names the state.
func (s State) String() string {
	return [...]string{"opening", "open", "stalled", "failed"}[s]
}

// session is a pure core: one producer id of one topic partition, and what the
// outcomes of sends say about it. It decides when to ask for a new session and how
// many sends may start.
type session struct {
	state   State
	id      uint64
	cause   error
	since   time.Time // when the state began
	tries   int       // probes in a row that failed
	probeAt time.Time
	probing bool      // a probe is in flight
	denied  time.Time // when a row of denials began; zero when none
	losses  int       // sessions in a row that were lost before a send succeeded
	openAt  time.Time // not to be opened before; zero means at once
	pause   func(tries int) time.Duration
}

// deniedGrace is how long sends may be refused for want of permission, while
// sessions open, before that is fatal: as long as the client waits for a token.
const deniedGrace = 5 * time.Minute

// steady is how long a session must have stood for its loss to be the first of a
// row.
const steady = time.Minute

// opened takes the answer of CreateProducer. It is adopted at once: every session
// counts as clean, and what is at the head of the lanes is sent again.
func (s *session) opened(id uint64, now time.Time) {
	s.id, s.cause, s.tries, s.probing = id, nil, 0, false
	s.become(Open, now)
}

// failed takes the news that no session can be had.
func (s *session) failed(err error, now time.Time) {
	s.cause = err
	s.become(Failed, now)
}

func (s *session) become(state State, now time.Time) {
	if s.state != state || s.since.IsZero() {
		s.state, s.since = state, now
	}
}

// sent notes that a send has started.
func (s *session) sent() {
	s.probing = s.state == Probing
}

// permits returns how many sends may start now: none, one, or as many as lanes.
func (s *session) permits(now time.Time, flying int) int {
	switch s.state {
	case Open:
		return int(^uint(0) >> 1)
	case Probing:
		if flying == 0 && !s.probeAt.After(now) {
			return 1
		}
	}
	return 0
}

// outcome takes what became of a send made under id. It reports whether a session
// must be opened.
func (s *session) outcome(o flow.Outcome, id uint64, err error, now time.Time) (open bool) {
	if id != s.id || s.state == Failed {
		return false // news of a session that is over
	}
	switch o {
	case flow.OK, flow.Refused:
		s.answered(o, now)
	case flow.Unclear, flow.Reset:
		if s.state == Probing { // no sign that the trouble is over
			s.stall(err, now)
		}
	case flow.Stalled, flow.Busy:
		s.stall(err, now)
	case flow.Unknown, flow.Lost, flow.Denied, flow.Unadopted:
		return s.suspect(o, err, now)
	}
	return false
}

// answered takes any answer that shows the broker at work on this topic.
func (s *session) answered(o flow.Outcome, now time.Time) {
	if o == flow.OK {
		s.denied, s.losses = time.Time{}, 0
	}
	if s.state == Probing {
		s.cause, s.tries, s.probing = nil, 0, false
		s.become(Open, now)
	}
}

// stall lets one request at a time through. Requests already in flight may still
// end the same way; only a probe's failure makes the pause grow.
func (s *session) stall(err error, now time.Time) {
	if s.state == Opening {
		return
	}
	if s.state == Open || s.probing {
		s.tries++
		s.probeAt = now.Add(s.pause(s.tries))
	}
	s.cause, s.probing = err, false
	s.become(Probing, now)
}

// suspect stops sending until CreateProducer has answered. A session lost before it
// took a record is replaced after a growing pause: opening one may succeed as often
// as sending fails.
func (s *session) suspect(o flow.Outcome, err error, now time.Time) (open bool) {
	if s.state == Opening {
		return false
	}
	if o == flow.Denied {
		if s.denied.IsZero() {
			s.denied = now
		} else if now.Sub(s.denied) > deniedGrace {
			s.failed(connect.Fatal(fmt.Errorf("sending has been refused for %v: %w", now.Sub(s.denied), err)), now)
			return false
		}
	}
	s.cause, s.openAt = err, time.Time{}
	if now.Sub(s.since) > steady {
		s.losses = 0
	}
	if s.losses++; s.losses > 1 {
		s.openAt = now.Add(s.pause(s.losses - 1))
	}
	s.become(Opening, now)
	return true
}

// closed takes a health check's word that the broker does not know id.
func (s *session) closed(id uint64, now time.Time) (open bool) {
	if id != s.id {
		return false
	}
	return s.outcome(flow.Lost, id, errors.New("health check: the broker does not know the producer"), now)
}

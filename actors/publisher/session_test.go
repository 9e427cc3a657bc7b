package publisher

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

var (
	dawn    = time.Unix(1_000_000, 0)
	errDown = errors.New("broker is down")
)

// doubling is a pause that can be foretold: 1 s, 2 s, 4 s …
func doubling(tries int) time.Duration { return time.Second << (tries - 1) }

// inState returns a session under id 7 that has come to a state.
func inState(s State) *session {
	made := &session{pause: doubling}
	if s == Opening {
		return made
	}
	made.opened(7, dawn)
	switch s {
	case Probing:
		made.outcome(flow.Stalled, 7, errDown, dawn)
	case Failed:
		made.failed(errDown, dawn)
	}
	return made
}

// moves say where an outcome leads from each state, and whether a session is asked
// for: open, probing, opening, failed.
var moves = []struct {
	outcome                        flow.Outcome
	open, probing, opening, failed State
	asks                           bool // from open and probing
}{
	{flow.OK, Open, Open, Opening, Failed, false},
	{flow.Refused, Open, Open, Opening, Failed, false},
	{flow.Unclear, Open, Probing, Opening, Failed, false},
	{flow.Reset, Open, Probing, Opening, Failed, false},
	{flow.Stalled, Probing, Probing, Opening, Failed, false},
	{flow.Busy, Probing, Probing, Opening, Failed, false},
	{flow.Unknown, Opening, Opening, Opening, Failed, true},
	{flow.Lost, Opening, Opening, Opening, Failed, true},
	{flow.Denied, Opening, Opening, Opening, Failed, true},
	{flow.Unadopted, Opening, Opening, Opening, Failed, true},
}

func TestSessionMoves(t *testing.T) {
	t.Parallel()
	for _, m := range moves {
		for from, want := range map[State]State{Open: m.open, Probing: m.probing, Opening: m.opening, Failed: m.failed} {
			s := inState(from)
			asks := s.outcome(m.outcome, s.id, errDown, dawn)
			if s.state != want || asks != (m.asks && (from == Open || from == Probing)) {
				t.Errorf("%s while %s: %s, asks for a session: %v; want %s", m.outcome, from, s.state, asks, want)
			}
			other := inState(from)
			if other.outcome(m.outcome, 6, errDown, dawn) || other.state != from {
				t.Errorf("%s of a session that is over led from %s to %s", m.outcome, from, other.state)
			}
		}
	}
	if len(moves) != int(flow.Unadopted) {
		t.Errorf("the table has %d outcomes of %d", len(moves), flow.Unadopted)
	}
}

func TestSessionOpensFromEveryState(t *testing.T) {
	t.Parallel()
	for _, from := range []State{Opening, Open, Probing, Failed} {
		s := inState(from)
		s.opened(9, dawn)
		if s.state != Open || s.id != 9 || s.cause != nil || s.permits(dawn, 1000) == 0 {
			t.Errorf("opened while %s: %+v", from, s)
		}
	}
}

// One request at a time, after a pause that grows with each failed probe, and none
// while an earlier one is under way.
func TestSessionProbes(t *testing.T) {
	t.Parallel()
	s := inState(Open)
	s.outcome(flow.Stalled, 7, errDown, dawn)
	s.outcome(flow.Stalled, 7, errDown, dawn.Add(time.Millisecond)) // was in flight with it
	now := dawn
	for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if s.permits(now.Add(pause-1), 0) != 0 || s.permits(now.Add(pause), 0) != 1 || s.permits(now.Add(pause), 1) != 0 {
			t.Fatalf("probe at %v with %+v: want one after %v, and none while one flies", now, s, pause)
		}
		now = now.Add(pause)
		s.sent()
		s.outcome(flow.Busy, 7, errDown, now)
	}
	s.sent()
	s.outcome(flow.OK, 7, nil, now)
	if s.state != Open || s.cause != nil {
		t.Errorf("after a probe that succeeded: %+v", s)
	}
	s.outcome(flow.Stalled, 7, errDown, now)
	if s.permits(now.Add(time.Second), 0) != 1 {
		t.Error("the pause did not begin anew after a success")
	}
	s.sent()
	s.outcome(flow.Unknown, 7, errDown, now)
	s.opened(8, now)
	s.outcome(flow.Stalled, 8, errDown, now)
	if s.permits(now.Add(time.Second), 0) != 1 {
		t.Error("the pause did not begin anew in a new session")
	}
}

// A session that is lost again before it has taken a record is replaced after a
// growing pause; one that has worked, or stood for a while, at once.
func TestSessionPacesItsReplacement(t *testing.T) {
	t.Parallel()
	s := inState(Open)
	now := dawn
	for _, pause := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second} {
		if !s.outcome(flow.Denied, s.id, errDown, now) {
			t.Fatal("no session was asked for")
		}
		if got := max(s.openAt.Sub(now), 0); got != pause {
			t.Errorf("asks again after %v, want %v", got, pause)
		}
		s.opened(s.id+1, now)
	}
	s.outcome(flow.OK, s.id, nil, now)
	s.outcome(flow.Lost, s.id, errDown, now)
	if s.openAt.After(now) {
		t.Error("a session that has worked is not replaced at once")
	}
	s.opened(s.id+1, now)
	now = now.Add(2 * steady)
	if !s.closed(s.id, now) || s.openAt.After(now) {
		t.Error("a session that has stood for a while is not replaced at once")
	}
}

// Denials while sessions open are fatal when they have lasted for the grace, and a
// success in between ends the row.
func TestSessionDeniedForGood(t *testing.T) {
	t.Parallel()
	s := inState(Open)
	deny := func(after time.Duration) {
		s.outcome(flow.Denied, s.id, errDown, dawn.Add(after))
		if s.state == Opening {
			s.opened(s.id, dawn.Add(after))
		}
	}
	deny(0)
	deny(deniedGrace - time.Second)
	s.outcome(flow.OK, s.id, nil, dawn.Add(deniedGrace))
	deny(deniedGrace + time.Second)
	deny(2 * deniedGrace)
	if s.state != Open {
		t.Fatalf("%s within the grace", s.state)
	}
	deny(2*deniedGrace + 2*time.Second)
	if s.state != Failed || connect.ClassOf(s.cause) != connect.ClassFatal || !errors.Is(s.cause, errDown) {
		t.Errorf("%s because of %v, want failed with a fatal cause", s.state, s.cause)
	}
}

// A health check speaks of the session it names, and asks once.
func TestSessionClosedByHealthCheck(t *testing.T) {
	t.Parallel()
	s := inState(Open)
	if s.closed(6, dawn) || s.state != Open {
		t.Error("the end of another session ended this one")
	}
	if !s.closed(7, dawn) || s.state != Opening || s.cause == nil {
		t.Errorf("closed: %+v, want a session asked for", s)
	}
	if s.closed(7, dawn) {
		t.Error("asked twice")
	}
}

// Whatever happens, nothing is sent but in a session, one probe at a time while
// probing; and a session that is lost is always asked for.
func TestSessionInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &session{pause: doubling}
		now, flying, asked := dawn, 0, true
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				if s.permits(now, flying) == 0 {
					t.Skip("nothing may start")
				}
				if s.state != Open && (s.state != Probing || flying > 0) {
					t.Fatalf("%s permits a send beside %d", s.state, flying)
				}
				flying++
				s.sent()
			},
			"outcome": func(t *rapid.T) {
				if flying == 0 {
					t.Skip("nothing flies")
				}
				flying--
				id := s.id - uint64(rapid.IntRange(0, 1).Draw(t, "old"))
				before := s.state
				o := flow.Outcome(rapid.IntRange(int(flow.OK), int(flow.Unadopted)).Draw(t, "outcome"))
				opens := s.outcome(o, id, errDown, now)
				if opens != (s.state == Opening && before != Opening) {
					t.Fatalf("from %s to %s, asks: %v", before, s.state, opens)
				}
				asked = asked || opens
			},
			"opened": func(t *rapid.T) {
				if s.state != Opening || s.openAt.After(now) {
					t.Skip("nobody asked")
				}
				s.opened(s.id+uint64(rapid.IntRange(0, 1).Draw(t, "new")), now)
				asked = false
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "time")) * 250 * time.Millisecond)
			},
			"": func(t *rapid.T) {
				if s.state == Opening && !asked {
					t.Fatal("there is no session, and nobody was asked for one")
				}
				if s.state == Probing && s.probeAt.IsZero() {
					t.Fatal("probing without a time to probe at")
				}
			},
		})
	})
}

func TestStatesHaveNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]string{Opening: "opening", Open: "open", Probing: "stalled", Failed: "failed"} {
		if s.String() != want {
			t.Errorf("state %d is called %q, want %q", s, s, want)
		}
	}
}

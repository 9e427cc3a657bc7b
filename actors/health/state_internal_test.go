package health

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// all is every state there is.
var all = []State{Stopped, Running, Starting, Paused, Stopping, Degraded, Stalled, Unhealthy, Failing, Failed, Stuck}

// forbidden lists the moves nobody may make, each row with its reason, apart from
// the table it judges.
var forbidden = []struct {
	from State
	to   string
	why  string
}{
	{Stopped, "running paused stopping degraded stalled unhealthy failing failed stuck", "it must be started first"},
	{Starting, "stuck", "it has not been asked to end"},
	{Running, "stuck", "it has not been asked to end"},
	{Paused, "stalled stuck", "it takes nothing, so nothing of it waits, and it has not been asked to end"},
	{Stopping, "running starting paused degraded stalled unhealthy failing", "the report comes late"},
	{Degraded, "stuck", "it has not been asked to end"},
	{Stalled, "paused stuck", "a topic is not paused, and it has not been asked to end"},
	{Unhealthy, "degraded stalled stuck", "one failure more does not make it better"},
	{Failing, "running paused degraded stalled unhealthy stuck", "it is not running"},
	{Failed, "stopped running starting paused stopping degraded stalled unhealthy failing", "it is given up for good"},
	{Stuck, "running starting paused stopping degraded stalled unhealthy failing failed", "it did not come back"},
}

// routes lead from Starting to every state.
var routes = map[State][]State{
	Stopped: {Stopped}, Running: {Running}, Starting: nil, Paused: {Paused}, Stopping: {Stopping}, Degraded: {Degraded},
	Stalled: {Stalled}, Unhealthy: {Unhealthy}, Failing: {Failing}, Failed: {Failed}, Stuck: {Stopping, Stuck},
}

// at returns a board whose component c is in state s.
func at(t *testing.T, s State) *Board {
	t.Helper()
	b := NewBoard(nil)
	b.Start("c")
	for _, step := range routes[s] {
		if !b.Set("c", step, nil) {
			t.Fatalf("cannot get to %s by %s", s, step)
		}
	}
	return b
}

func TestEveryMove(t *testing.T) {
	t.Parallel()
	for what, n := range map[string]int{"rows here": len(forbidden), "names": len(names), "moves": len(moves), "routes": len(routes)} {
		if n != len(all) {
			t.Fatalf("%d %s for %d states", n, what, len(all))
		}
	}
	for _, row := range forbidden {
		for _, to := range all {
			banned := slices.Contains(strings.Fields(row.to), to.String())
			b := at(t, row.from)
			took := b.Set("c", to, errors.New("why"))
			got := b.Components()[0]
			switch {
			case took == banned:
				t.Errorf("from %s to %s: allowed is %t, want %t (%s)", row.from, to, took, !banned, row.why)
			case took && (got.State != to || got.Cause != "why"):
				t.Errorf("from %s to %s: the board has %s (%s)", row.from, to, got.State, got.Cause)
			case !took && got.State != row.from:
				t.Errorf("from %s to %s: refused, and the board has %s", row.from, to, got.State)
			}
		}
	}
}

func TestUnknownStateIsRefused(t *testing.T) {
	t.Parallel()
	for _, from := range all {
		if b := at(t, from); b.Set("c", Stuck+1, nil) {
			t.Errorf("from %s to a state that does not exist is allowed", from)
		}
	}
	if got := State(200).String(); got != "state 200" {
		t.Errorf("State(200) is called %q", got)
	}
}

// Names are what users alert on, in the order of gravity.
func TestStateNames(t *testing.T) {
	t.Parallel()
	var got []string
	for s := range State(len(names)) {
		got = append(got, s.String())
	}
	want := "stopped running starting paused stopping degraded stalled unhealthy failing failed stuck"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("states are %s, want %s", text, want)
	}
}

// A notice may look at the board and change it.
func TestNotifyHoldsNoLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b *Board
		told := 0
		b = NewBoard(func(Component) {
			told++
			if !b.mu.TryLock() {
				t.Error("the board is locked while it tells of a change")
				return
			}
			b.mu.Unlock()
		})
		b.Start("c")
		b.Set("c", Running, nil)
		if told != 1 {
			t.Errorf("told %d times, want once: Start of a new component changes nothing", told)
		}
	})
}

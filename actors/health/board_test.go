package health_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// line returns the board's line about name.
func line(t *testing.T, b *health.Board, name string) health.Component {
	t.Helper()
	i := slices.IndexFunc(b.Components(), func(c health.Component) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("%s is not on the board", name)
	}
	return b.Components()[i]
}

func TestComponentNobodyStarted(t *testing.T) {
	t.Parallel()
	b := health.NewBoard(func(c health.Component) { t.Errorf("told of %v", c) })
	if b.Set("ghost", health.Running, nil) {
		t.Error("a component that was never started is taken")
	}
	if got := b.Components(); len(got) != 0 {
		t.Errorf("the board has %v", got)
	}
}

func TestStartCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := health.NewBoard(nil)
		began := time.Now()
		for n := range uint64(3) {
			b.Start("c")
			want := health.Component{Name: "c", State: health.Starting, Since: time.Now(), Starts: n + 1}
			if got := line(t, b, "c"); got != want {
				t.Errorf("after start %d: %+v, want %+v", n+1, got, want)
			}
			time.Sleep(time.Second)
			b.Set("c", health.Failing, errors.New("again"))
			time.Sleep(time.Second)
		}
		if got := line(t, b, "c"); got.Cause != "again" || got.Since.Sub(began) != 5*time.Second {
			t.Errorf("%+v; want it failing for the last second", got)
		}
	})
}

// Since is when the state began, not when it was last confirmed.
func TestSinceOutlivesReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := health.NewBoard(nil)
		b.Start("c")
		b.Set("c", health.Degraded, errors.New("first"))
		began := time.Now()
		time.Sleep(time.Minute)
		b.Set("c", health.Degraded, errors.New("second"))
		if got := line(t, b, "c"); !got.Since.Equal(began) || got.Cause != "second" {
			t.Errorf("%+v; want the newest cause since %v", got, began)
		}
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	var told []string
	b := health.NewBoard(func(c health.Component) { told = append(told, fmt.Sprintf("%s %s %s", c.Name, c.State, c.Cause)) })
	why := errors.New("why")
	b.Start("c")
	b.Set("c", health.Running, nil)
	b.Set("c", health.Running, nil)
	b.Set("c", health.Degraded, why)
	b.Set("c", health.Degraded, errors.New("another"))
	b.Set("c", health.Stuck, why)
	b.Start("c")
	b.Set("c", health.Stopping, nil)
	b.Set("c", health.Running, nil)
	b.Set("c", health.Stopped, nil)
	want := []string{"c running ", "c degraded why", "c starting ", "c stopping ", "c stopped "}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// What a component that stops still struggles with is what keeps the stop from
// ending.
func TestCauseWhileStopping(t *testing.T) {
	t.Parallel()
	b := health.NewBoard(nil)
	b.Start("c")
	for _, step := range []struct {
		to    health.State
		cause error
		state health.State
		says  string
	}{
		{health.Degraded, errors.New("refused"), health.Degraded, "refused"},
		{health.Stopping, nil, health.Stopping, "refused"},
		{health.Degraded, errors.New("no route"), health.Stopping, "no route"},
		{health.Running, nil, health.Stopping, ""},
		{health.Stopping, errors.New("asked twice"), health.Stopping, "asked twice"},
		{health.Stopped, nil, health.Stopped, ""},
		{health.Running, errors.New("late"), health.Stopped, ""},
	} {
		b.Set("c", step.to, step.cause)
		if got := line(t, b, "c"); got.State != step.state || got.Cause != step.says {
			t.Errorf("after a report of %s (%v): %s (%s), want %s (%s)", step.to, step.cause, got.State, got.Cause, step.state, step.says)
		}
	}
}

func TestFailedStaysOnTheBoard(t *testing.T) {
	t.Parallel()
	b := health.NewBoard(nil)
	b.Start("c")
	b.Set("c", health.Failed, errors.New("password rejected"))
	b.Set("c", health.Stopping, nil)
	b.Start("c") // a publisher drains the rest
	b.Set("c", health.Stopped, nil)
	if got := line(t, b, "c"); got.State != health.Failed || got.Cause != "password rejected" || got.Starts != 2 {
		t.Errorf("%+v; want it failed, with its cause, started twice", got)
	}
	if b.Live() {
		t.Error("alive with a component that failed for good")
	}
}

var judgements = []struct {
	states      []health.State
	worst       health.State
	live, ready bool
}{
	{nil, health.Starting, true, false},
	{[]health.State{health.Running, health.Running}, health.Running, true, true},
	{[]health.State{health.Running, health.Degraded}, health.Degraded, true, true},
	{[]health.State{health.Stalled, health.Degraded}, health.Stalled, true, true},
	{[]health.State{health.Running, health.Starting}, health.Starting, true, false},
	{[]health.State{health.Running, health.Stopped}, health.Running, true, false},
	{[]health.State{health.Stopping, health.Running}, health.Stopping, true, false},
	{[]health.State{health.Unhealthy, health.Stalled}, health.Unhealthy, true, false},
	{[]health.State{health.Failing, health.Unhealthy}, health.Failing, true, false},
	{[]health.State{health.Failing, health.Failed}, health.Failed, false, false},
	{[]health.State{health.Stuck, health.Running}, health.Stuck, false, false},
	{[]health.State{health.Stopped}, health.Stopped, true, false},
}

// boardOf returns a board with a component for each state.
func boardOf(states ...health.State) *health.Board {
	b := health.NewBoard(nil)
	for i, s := range states {
		name := fmt.Sprintf("part %d", i)
		b.Start(name)
		if s == health.Stuck {
			b.Set(name, health.Stopping, nil)
		}
		b.Set(name, s, nil)
	}
	return b
}

func TestWholeBoard(t *testing.T) {
	t.Parallel()
	for _, j := range judgements {
		b := boardOf(j.states...)
		if b.Worst() != j.worst || b.Live() != j.live || b.Ready() != j.ready {
			t.Errorf("%v: worst %s, live %t, ready %t; want %s, %t, %t", j.states, b.Worst(), b.Live(), b.Ready(), j.worst, j.live, j.ready)
		}
	}
}

func TestComponentsAreSortedCopies(t *testing.T) {
	t.Parallel()
	b := health.NewBoard(nil)
	for _, name := range []string{"source", "broker", "publisher /b", "publisher /a"} {
		b.Start(name)
	}
	first := b.Components()
	first[0].State = health.Stuck
	var got []string
	for _, c := range b.Components() {
		got = append(got, c.Name)
		if c.State != health.Starting {
			t.Errorf("%s is %s: a caller changed the board", c.Name, c.State)
		}
	}
	if want := []string{"broker", "publisher /a", "publisher /b", "source"}; !slices.Equal(got, want) {
		t.Errorf("order is %q, want %q", got, want)
	}
}

// Reports come from many goroutines while pages are read.
func TestConcurrentReports(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	told := 0
	b := health.NewBoard(func(health.Component) { mu.Lock(); told++; mu.Unlock() })
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			name := fmt.Sprintf("part %d", i%4)
			for range 200 {
				b.Start(name)
				b.Set(name, health.Running, nil)
				b.Set(name, health.Failing, errors.New("why"))
				_ = b.Worst()
			}
		})
	}
	wait.Wait()
	if told == 0 {
		t.Error("nobody was told of any change")
	}
	for _, c := range b.Components() {
		if c.Starts != 400 {
			t.Errorf("%s: %d starts, want 400", c.Name, c.Starts)
		}
	}
}

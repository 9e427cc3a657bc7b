package supervisor

import (
	"errors"
	"fmt"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var phases = []phase{down, spoiled, up}

// same says that an event leaves the phase as it is.
const same = phase(9)

// events, each with the phase it leads to from down, spoiled and up, and whether
// the source has ended by it.
var events = []struct {
	name  string
	tell  func(*lifecycle)
	to    [3]phase
	ended bool
}{
	{"opening", func(l *lifecycle) { l.opening() }, [3]phase{spoiled, spoiled, spoiled}, false},
	{"opened", func(l *lifecycle) { l.opened(nil) }, [3]phase{up, up, up}, false},
	{"opening failed", func(l *lifecycle) { l.opened(errBoom) }, [3]phase{same, same, same}, false},
	{"running", func(l *lifecycle) { l.running() }, [3]phase{spoiled, spoiled, spoiled}, false},
	{"asked to stop", func(l *lifecycle) { l.ran(nil) }, [3]phase{up, up, up}, false},
	{"end", func(l *lifecycle) { l.ran(connect.ErrEnd) }, [3]phase{up, up, up}, true},
	{"wrapped end", func(l *lifecycle) { l.ran(fmt.Errorf("file: %w", connect.ErrEnd)) }, [3]phase{up, up, up}, true},
	{"intake failed", func(l *lifecycle) { l.ran(errBoom) }, [3]phase{same, same, same}, false},
	{"closed", func(l *lifecycle) { l.closed() }, [3]phase{down, down, down}, false},
}

func TestLifecycleEvents(t *testing.T) {
	t.Parallel()
	for _, e := range events {
		for i, from := range phases {
			for _, ended := range []bool{false, true} {
				l := lifecycle{phase: from, ended: ended}
				e.tell(&l)
				want := lifecycle{phase: e.to[i], ended: ended || e.ended}
				if want.phase == same {
					want.phase = from
				}
				if l != want {
					t.Errorf("%s in %+v leads to %+v, want %+v", e.name, lifecycle{from, ended}, l, want)
				}
			}
		}
	}
}

func TestLifecycleActions(t *testing.T) {
	t.Parallel()
	for i, p := range phases {
		for _, stopping := range []bool{false, true} {
			for _, ended := range []bool{false, true} {
				want := [3]action{openEpoch, closeEpoch, runIntake}[i]
				if stopping || ended {
					want = finish
				}
				l := lifecycle{phase: p, ended: ended}
				if got := l.next(stopping); got != want {
					t.Errorf("phase %d, stopping %t, ended %t: action %d, want %d", p, stopping, ended, got, want)
				}
			}
		}
	}
}

// stories are lives of a source: after each thing told, what is done next.
var stories = []struct {
	name string
	told []string
	next []action
}{
	{"well, then asked to stop", []string{"opening", "opened", "running", "asked to stop"}, []action{closeEpoch, runIntake, closeEpoch, runIntake}},
	{"Initialize failed", []string{"opening", "opening failed", "closed"}, []action{closeEpoch, closeEpoch, openEpoch}},
	{"Initialize panicked", []string{"opening", "closed", "opening"}, []action{closeEpoch, openEpoch, closeEpoch}},
	{"intake failed", []string{"opening", "opened", "running", "intake failed", "closed"}, []action{closeEpoch, runIntake, closeEpoch, closeEpoch, openEpoch}},
	{"end", []string{"opening", "opened", "running", "end", "closed"}, []action{closeEpoch, runIntake, closeEpoch, finish, finish}},
}

func TestLifecycleStories(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		var l lifecycle
		if l.next(false) != openEpoch {
			t.Fatalf("a new source is not opened: %+v", l)
		}
		for i, name := range s.told {
			for _, e := range events {
				if e.name == name {
					e.tell(&l)
				}
			}
			if got := l.next(false); got != s.next[i] {
				t.Errorf("%s: after %q action %d, want %d", s.name, name, got, s.next[i])
			}
		}
	}
}

// Why intake ended is known to whoever asks.
func TestReopenIsItsCause(t *testing.T) {
	t.Parallel()
	err := error(&errReopen{cause: errBoom})
	if !errors.Is(err, errBoom) || !says(err, "re-opened", "boom") || isFinal(err) {
		t.Errorf("%v must answer to its cause and be no end", err)
	}
	if err := error(&errReopen{cause: connect.Fatal(errBoom)}); !isFinal(err) {
		t.Errorf("%v must be as final as its cause", err)
	}
}

// Every move between modes, as whoever pauses, resumes or stops may expect it.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to mode
		want     bool
	}{
		{taking, taking, true},
		{taking, paused, true},
		{taking, stopping, true},
		{paused, taking, true},
		{paused, paused, true},
		{paused, stopping, true},
		{stopping, taking, false},
		{stopping, paused, false},
		{stopping, stopping, false},
	} {
		if got := c.from.may(c.to); got != c.want {
			t.Errorf("from %d to %d: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}

package danube

import (
	"errors"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// failure is one step of an opening: a verdict, when it came, and what to do.
type failure struct {
	at      time.Duration
	verdict verdict
	want    wait
}

var openingsInTime = map[string]struct {
	first bool
	steps []failure
	class connect.Class // of the last step's error, if it gives up
}{
	"an outage is never final": {
		true, []failure{{0, transient, backOff}, {time.Hour, transient, backOff}, {1000 * time.Hour, transient, backOff}}, 0,
	},
	"a wrong configuration is final at once": {
		false, []failure{{0, transient, backOff}, {time.Second, misconfigured, giveUp}}, connect.ClassConfig,
	},
	"a topic never seen that does not exist": {
		true, []failure{{0, absent, giveUp}}, connect.ClassConfig,
	},
	"a topic once open that does not exist": {
		false, []failure{{0, absent, backOff}, {59 * time.Second, absent, backOff}, {time.Minute, absent, giveUp}}, connect.ClassConfig,
	},
	"doubt at first": {
		true, []failure{{0, doubtful, backOff}, {9 * time.Second, doubtful, backOff}, {10 * time.Second, doubtful, giveUp}}, connect.ClassConfig,
	},
	"doubt later": {
		false, []failure{{0, doubtful, backOff}, {59 * time.Second, doubtful, backOff}, {61 * time.Second, doubtful, giveUp}}, connect.ClassConfig,
	},
	"doubt in between begins anew": {
		true, []failure{{0, doubtful, backOff}, {9 * time.Second, transient, backOff}, {11 * time.Second, doubtful, backOff}, {20 * time.Second, doubtful, backOff}, {21 * time.Second, doubtful, giveUp}}, connect.ClassConfig,
	},
	"a race is run once more at once": {
		true, []failure{{0, race, atOnce}, {time.Second, race, backOff}, {2 * time.Second, transient, backOff}, {3 * time.Second, race, atOnce}}, 0,
	},
	"denied at first": {
		true, []failure{{0, denied, atOnce}, {time.Millisecond, denied, giveUp}}, connect.ClassFatal,
	},
	"denied at first, after an outage": {
		true, []failure{{0, transient, backOff}, {time.Hour, denied, atOnce}, {time.Hour, denied, giveUp}}, connect.ClassFatal,
	},
	"denied later": {
		false, []failure{{0, denied, atOnce}, {time.Second, denied, backOff}, {299 * time.Second, denied, backOff}, {300 * time.Second, denied, giveUp}}, connect.ClassFatal,
	},
	"denied later, with an outage in between": {
		false, []failure{{0, denied, atOnce}, {299 * time.Second, denied, backOff}, {300 * time.Second, transient, backOff}, {301 * time.Second, denied, atOnce}, {400 * time.Second, denied, backOff}}, 0,
	},
}

func TestPatience(t *testing.T) {
	t.Parallel()
	for name, tc := range openingsInTime {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := patience{first: tc.first, deniedGrace: 5 * time.Minute}
			start, cause := time.Now(), errors.New("the broker's words")
			for i, step := range tc.steps {
				have, err := p.judge(start.Add(step.at), step.verdict, cause)
				if have != step.want {
					t.Fatalf("step %d: %d, want %d", i, have, step.want)
				}
				if !errors.Is(err, cause) {
					t.Fatalf("step %d: %v hides its cause", i, err)
				}
				if have == giveUp && connect.ClassOf(err) != tc.class {
					t.Errorf("step %d: class %s, want %s", i, connect.ClassOf(err), tc.class)
				}
			}
		})
	}
}

func TestBackOffGrowsAndNeverStops(t *testing.T) {
	t.Parallel()
	b := newBackOff()
	var longest time.Duration
	for range 10_000 {
		d := b.NextBackOff()
		if d <= 0 {
			t.Fatalf("pause of %s", d)
		}
		longest = max(longest, d)
	}
	if longest < 3*time.Second || longest > 4*time.Second {
		t.Errorf("longest pause %s, want 3s and its jitter", longest)
	}
}

func TestPauseEndsWithDone(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	close(done)
	if pause(done, time.Hour) {
		t.Error("paused for an hour")
	}
	if !pause(nil, time.Nanosecond) {
		t.Error("did not pause")
	}
}

package letters

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// event is one thing a tolerance was told.
type event struct {
	at    time.Duration
	reads int
	place Place
	life  life
	fail  bool
}

// naive counts what happened since a time, the long way.
func naive(events []event, since time.Duration) (reads, fails int) {
	for _, e := range events {
		if e.at < since {
			continue
		}
		reads += e.reads
		if e.fail {
			fails++
		}
	}
	return reads, fails
}

// TestToleranceCountsAWindow: whatever happens when, the verdict is that of a count
// over the window, which is never longer than it should be, and shorter by less than a
// step. rapid prints the seed of a failure
// and takes it again.
func TestToleranceCountsAWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := Limits{
			Window: time.Duration(rapid.IntRange(1, 3).Draw(t, "window")) * time.Minute,
			Max:    rapid.IntRange(0, 8).Draw(t, "max"),
			Ratio:  rapid.SampledFrom([]float64{0, 0.01, 0.1, 0.5, 1}).Draw(t, "ratio"),
		}
		core, part := newTolerance(l), l.Window/steps
		var all []event
		now := time.Duration(0)
		for range rapid.IntRange(1, 120).Draw(t, "events") {
			now += rapid.SampledFrom([]time.Duration{0, 1, time.Second, part, part - 1, l.Window / 3, l.Window, 3 * l.Window}).Draw(t, "pause")
			e := event{at: now, fail: rapid.Bool().Draw(t, "fails")}
			if !e.fail {
				e.reads = rapid.IntRange(0, 300).Draw(t, "read")
				core.read(now, e.reads)
				all = append(all, e)
				continue
			}
			e.place = Place{Partition: rapid.SampledFrom([]string{"", "a", "a"}).Draw(t, "partition"), Position: uint64(rapid.IntRange(0, 1).Draw(t, "position"))}
			e.life = life{uint64(len(all) / 40), int32(rapid.IntRange(0, 1).Draw(t, "source"))}
			err := core.fail(now, e.place, e.life)
			all = append(all, e)
			// The window is whole steps: it begins where its first step does.
			begins := (now/part - (steps - 1)) * part
			reads, fails := naive(all, begins)
			distinct := distinctIn(all, begins, part)
			want := l.Max > 0 && distinct > l.Max ||
				l.Ratio > 0 && reads >= sample && float64(fails) > l.Ratio*float64(reads)
			if (err != nil) != want {
				t.Fatalf("at %v: %v; %d of %d failed, %d distinct; limits %+v", now, err, fails, reads, distinct, l)
			}
			if now-begins > l.Window || now-begins < l.Window-part {
				t.Fatalf("the window is %v long, that of the configuration %v", now-begins, l.Window)
			}
		}
	})
}

// distinctIn counts failures. Of a place that counts as often as the most failures of
// one life: one more of a life counts unless so many have counted already and are
// within the window.
func distinctIn(all []event, begins, part time.Duration) (n int) {
	counted := map[Place][]time.Duration{} // when
	lives, met := map[Place]life{}, map[Place]int{}
	for _, e := range all {
		if !e.fail {
			continue
		}
		if e.place.Partition == "" {
			if e.at >= begins {
				n++
			}
			continue
		}
		from, kept := (e.at/part-(steps-1))*part, []time.Duration(nil)
		for _, at := range counted[e.place] {
			if at >= from {
				kept = append(kept, at)
			}
		}
		met[e.place] = min(met[e.place], len(kept))
		if lives[e.place] != e.life {
			lives[e.place], met[e.place] = e.life, 0
		}
		if met[e.place]++; met[e.place] > len(kept) {
			kept = append(kept, e.at)
		}
		counted[e.place] = kept
	}
	for _, kept := range counted {
		for _, at := range kept {
			if at >= begins {
				n++
			}
		}
	}
	return n
}

func TestToleranceInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tol := NewTolerance(Limits{Max: 2, Window: time.Minute})
		epoch := uint64(0)
		fail := func(n int) error { epoch++; return tol.Fail(Place{Partition: "p", Position: uint64(n)}, epoch, 0) }
		for _, n := range []int{1, 1, 1, 2} {
			if err := fail(n); err != nil {
				t.Errorf("two places are two failures, however often they are read: %v", err)
			}
		}
		if err := fail(3); err == nil || !strings.Contains(err.Error(), "[errors] max allows 2") {
			t.Errorf("the third = %v", err)
		}
		time.Sleep(time.Minute)
		if err := fail(4); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

// Records that share a position, as the rows of a transaction do, count one by one; the
// same ones read again, or handed over once more because there was no room, do not.
func TestRecordsOfOnePositionAreMany(t *testing.T) {
	t.Parallel()
	tol := NewTolerance(Limits{Max: 3, Window: time.Hour})
	at, source := Place{Partition: "p", Position: 7}, int32(0)
	none := (*Tolerance)(nil)
	none.Again(at, 1, source)
	tol.Again(at, 1, source)
	for n := range 3 {
		for range 5 {
			if err := tol.Fail(at, 1, source); err != nil {
				t.Fatalf("record %d of three: %v", n+1, err)
			}
			tol.Again(at, 1, source)
		}
		if err := tol.Fail(at, 1, source); err != nil {
			t.Fatalf("record %d of three: %v", n+1, err)
		}
	}
	for range 2 {
		source++
		for range 3 {
			if err := tol.Fail(at, 1, source); err != nil {
				t.Fatalf("read again: %v", err)
			}
		}
	}
	if err := tol.Fail(at, 1, source); err == nil || !strings.Contains(err.Error(), "[errors] max allows 3") {
		t.Errorf("the fourth = %v", err)
	}
}

// What has left the window is not made up for by what is read again.
func TestPlacesLeaveTheWindow(t *testing.T) {
	t.Parallel()
	core := newTolerance(Limits{Max: 3, Window: time.Minute})
	at := Place{Partition: "p"}
	for i, step := range []struct {
		at  time.Duration
		in  life
		few bool
	}{
		{0, life{}, true},
		{0, life{}, true},
		{30 * time.Second, life{}, true},
		{61 * time.Second, life{}, true}, // the first two have left
		{62 * time.Second, life{epoch: 1}, true},
		{62 * time.Second, life{epoch: 1}, true},
		{62 * time.Second, life{epoch: 1}, true},
		{62 * time.Second, life{epoch: 1}, false},
	} {
		if err := core.fail(step.at, at, step.in); (err == nil) != step.few {
			t.Errorf("failure %d: %v", i+1, err)
		}
	}
}

func TestRatioWantsASample(t *testing.T) {
	t.Parallel()
	tol := NewTolerance(Limits{Ratio: 0.5, Window: time.Hour})
	tol.Read(sample - 1)
	for range sample - 1 {
		if err := tol.Fail(Place{}, 1, 0); err != nil {
			t.Fatalf("%v, although fewer than %d were read", err, sample)
		}
	}
	tol.Read(1)
	if err := tol.Fail(Place{}, 1, 0); err == nil || !strings.Contains(err.Error(), "max_ratio") {
		t.Errorf("all of %d = %v", sample, err)
	}
}

func TestNoTolerance(t *testing.T) {
	t.Parallel()
	var none *Tolerance
	none.Read(1)
	unlimited := NewTolerance(Limits{Window: time.Second})
	for range 1000 {
		if none.Fail(Place{}, 1, 0) != nil || unlimited.Fail(Place{Partition: "p"}, 1, 0) != nil {
			t.Fatal("no limit is exceeded")
		}
	}
	if n := len(unlimited.core.known); n > 0 {
		t.Errorf("%d places are remembered for nothing", n)
	}
}

// What is remembered is bounded by Max.
func TestToleranceForgets(t *testing.T) {
	t.Parallel()
	core := newTolerance(Limits{Max: 10, Window: time.Minute})
	for n := range 10_000 {
		_ = core.fail(time.Duration(n)*10*time.Second, Place{Partition: "p", Position: uint64(n)}, life{})
	}
	if n := len(core.known); n > 7 {
		t.Errorf("%d places are remembered; six are within the window", n)
	}
}

package flow

import (
	"testing"

	"pgregory.net/rapid"
)

// What is read and not committed is bounded, whatever is acknowledged; a runtime with
// nothing to commit reads any call, or one call that is larger would wait for ever.
func TestUnsettledBoundsReading(t *testing.T) {
	t.Parallel()
	b := &budget{limits: Limits{Records: 10, Bytes: 100, Unsettled: 6}}
	judged := func(n int, want verdict) {
		t.Helper()
		if got := b.judge(call(0, n, 0, n), &line{}); got != want {
			t.Errorf("verdict %d on %d records with %d ahead of the commit, want %d", got, n, b.ahead(), want)
		}
	}
	judged(8, fits) // nothing is ahead
	b.take(call(0, 4, 0, 4))
	judged(2, fits)
	judged(3, waitAll)
	b.give(0, 4, 4)
	judged(2, fits)
	judged(3, waitAll) // nothing is in flight but behind a hole
	b.settled(0, 4)
	b.reached(0, 4) // acknowledged, and not committed
	judged(2, fits)
	judged(3, waitAll)
	b.stored(0, 1)
	judged(3, fits)
	skips := call(0, 2, 0, 2)
	if skips.Skipped = 1; b.judge(skips, &line{}) != fits {
		t.Error("two records and one that is skipped wait, with three ahead of the commit")
	}
	if skips.Skipped = 2; b.judge(skips, &line{}) != waitAll {
		t.Error("two records and two that are skipped are let in, with three ahead of the commit")
	}
	b.caution.rewound(0)
	b.caution.rewound(0)
	judged(1, waitAll) // one ahead of the commit, and three are
	b.stored(0, 4)
	judged(8, fits)
}

// sums is the slow reference of what is resolved and not committed: it adds up all
// source partitions each time.
type sums struct{ reached, stored, gone map[int32]uint64 }

func (y *sums) unsettled() (n uint64) {
	for i, reached := range y.reached {
		if _, gone := y.gone[i]; !gone {
			n += reached - min(y.stored[i], reached)
		}
	}
	return n
}

func TestUnsettledAgainstATally(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, epoch := NewBudget(Limits{Records: 1 << 20, Bytes: 1 << 20}), uint64(0)
		var y sums
		begin := func() {
			epoch++
			b.Begin(epoch)
			y = sums{map[int32]uint64{}, map[int32]uint64{}, map[int32]uint64{}}
		}
		begin()
		committed := uint64(0)
		source := func(t *rapid.T) int32 { return rapid.Int32Range(0, 3).Draw(t, "source") }
		t.Repeat(map[string]func(*rapid.T){
			"advance": func(t *rapid.T) {
				i := source(t)
				n := y.reached[i] + rapid.Uint64Range(0, 9).Draw(t, "more")
				b.Advance(epoch, i, n, n)
				y.reached[i] = n
			},
			"commit": func(t *rapid.T) {
				by := map[int32]uint64{}
				for i, reached := range y.reached {
					if _, gone := y.gone[i]; !gone && rapid.Bool().Draw(t, "has moved") {
						by[i] = rapid.Uint64Range(0, reached).Draw(t, "up to")
						committed += by[i] - min(y.stored[i], by[i])
						y.stored[i] = max(y.stored[i], by[i])
					}
				}
				b.Commit(epoch, by)
			},
			"revoke": func(t *rapid.T) { i := source(t); b.Revoke(epoch, i); y.gone[i] = 1 },
			"late": func(t *rapid.T) {
				b.Advance(epoch-1, source(t), 99, 99)
				b.Commit(epoch-1, map[int32]uint64{source(t): 99})
				b.Revoke(epoch-1, source(t))
			},
			"begin": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "now") == 0 {
					begin()
				}
			},
			"": func(t *rapid.T) {
				if got, want := b.Unsettled(), y.unsettled(); got != want || b.Totals().Committed != committed {
					t.Fatalf("%d unsettled, %d committed; want %d and %d", got, b.Totals().Committed, want, committed)
				}
			},
		})
	})
}

// A rewind is counted once, a commit of many source partitions too, and one that
// stores nothing new is none. Whoever waits is let in by a commit.
func TestBudgetIsCautious(t *testing.T) {
	t.Parallel()
	b := NewBudget(Limits{Records: 100, Bytes: 100, Unsettled: 1000})
	b.Begin(1)
	b.Advance(1, 0, 64, 64)
	b.Advance(1, 1, 64, 64)
	for range 2 {
		b.Rewound()
	}
	if got := b.Caution(); got != 8 {
		t.Fatalf("reading may go %d ahead, want a sixteenth of 128", got)
	}
	b.Commit(1, map[int32]uint64{0: 0, 1: 0})
	b.Commit(2, map[int32]uint64{0: 5}) // of another epoch
	if got := b.Caution(); got != 8 {
		t.Errorf("reading may go %d ahead after nothing was stored, want 8", got)
	}
	waits, err := b.enter(1, call(0, 1, 2, 1), errQuit)
	if waits == nil || waits.in {
		t.Fatalf("let in with 128 records ahead of the commit: %v", err)
	}
	b.Commit(1, map[int32]uint64{0: 64, 1: 62})
	if got := b.Caution(); got != 16 {
		t.Errorf("reading may go %d ahead after one commit, want 16", got)
	}
	if !waits.in {
		t.Error("waits with two records ahead of the commit")
	}
	b.Revoke(1, 1)
	if got := b.Unsettled(); got != 0 {
		t.Errorf("%d unsettled after the rest was revoked", got)
	}
}

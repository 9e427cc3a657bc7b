package committer

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// list is the slow reference for ring: the slots that are open, sorted.
type list struct {
	next, low uint64
	open      []uint64
}

func (l *list) resolve(slot uint64) bool {
	i, ok := slices.BinarySearch(l.open, slot)
	if ok {
		l.open = slices.Delete(l.open, i, i+1)
	}
	return ok
}

// advance returns the slots that are passed.
func (l *list) advance() (passed []uint64) {
	for l.low < l.next && !slices.Contains(l.open, l.low) {
		passed = append(passed, l.low)
		l.low++
	}
	return passed
}

// drive takes the same random steps with a ring and a list. Spans reach beyond
// several doublings of the ring.
func drive(t *rapid.T) {
	var r ring
	var l list
	t.Repeat(map[string]func(*rapid.T){
		"admit": func(t *rapid.T) {
			for range rapid.SampledFrom([]int{1, 2, 63, 64, 65, 200}).Draw(t, "slots") {
				mark := rapid.IntRange(0, 9).Draw(t, "mark") == 0
				r.admit(l.next, entry{value: l.next, mark: mark})
				if !mark {
					l.open = append(l.open, l.next)
				}
				l.next++
			}
		},
		"resolve oldest": func(*rapid.T) {
			for range min(len(l.open), 70) {
				if !r.resolve(l.open[0]) {
					t.Fatalf("slot %d is open and cannot be resolved", l.open[0])
				}
				l.open = l.open[1:]
			}
		},
		"resolve any": func(t *rapid.T) {
			if len(l.open) == 0 {
				t.Skip("nothing is open")
			}
			slot := rapid.SampledFrom(l.open).Draw(t, "slot")
			if !r.resolve(slot) || !l.resolve(slot) {
				t.Fatalf("slot %d is open and cannot be resolved", slot)
			}
		},
		"resolve again, or what never was": func(t *rapid.T) {
			slot := rapid.Uint64Range(0, l.next+100).Draw(t, "slot")
			if got, want := r.resolve(slot), l.resolve(slot); got != want {
				t.Fatalf("resolve %d = %v, want %v", slot, got, want)
			}
		},
		"advance": func(t *rapid.T) {
			var passed []uint64
			moved := r.advance(func(e *entry) { passed = append(passed, e.value) })
			want := l.advance()
			if !slices.Equal(passed, want) || moved != (len(want) > 0) {
				t.Fatalf("passed %v (moved: %v), want %v", passed, moved, want)
			}
		},
		"": func(t *rapid.T) {
			if r.low != l.low || r.next != l.next {
				t.Fatalf("ring from %d to %d, want %d to %d", r.low, r.next, l.low, l.next)
			}
		},
	})
}

func TestRingAgainstASortedList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, drive)
}

// A ring that is never more than a word wide never grows, however many slots pass.
func TestRingDoesNotGrowWithoutNeed(t *testing.T) {
	t.Parallel()
	var r ring
	for slot := range uint64(10_000) {
		r.admit(slot, entry{value: slot})
		if slot >= 40 {
			r.resolve(slot - 40)
		}
		r.advance(func(*entry) {})
	}
	if len(r.entries) != leastRing || r.low != 9960 {
		t.Errorf("%d entries with low at %d, want %d at 9960", len(r.entries), r.low, leastRing)
	}
}

// A slot that takes the place of one long passed begins unresolved.
func TestRingForgetsOldEntries(t *testing.T) {
	t.Parallel()
	var r ring
	for slot := range uint64(130) {
		r.admit(slot, entry{value: 1})
		r.resolve(slot)
	}
	r.advance(func(*entry) {})
	for slot := uint64(130); slot < 260; slot++ {
		r.admit(slot, entry{value: 2})
	}
	if r.advance(func(*entry) {}) {
		t.Error("a slot counts as resolved because an earlier one in its place was")
	}
}

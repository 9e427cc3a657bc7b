package main

import (
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var arrivals = []struct {
	name string
	seqs []uint64
	want tally
}{
	{"nothing", nil, tally{}},
	{"in order", []uint64{0, 1, 2, 3}, tally{Received: 4}},
	{"two swapped", []uint64{0, 2, 1, 3}, tally{Received: 4, Inversions: 1}},
	{"the first comes last", []uint64{1, 2, 3, 0}, tally{Received: 4, Inversions: 1}},
	{"backwards", []uint64{3, 2, 1, 0}, tally{Received: 4, Inversions: 3}},
	{"one is lost", []uint64{0, 1, 3, 4}, tally{Received: 4, Missing: 1}},
	{"three are lost, one comes late", []uint64{0, 4, 2}, tally{Received: 3, Missing: 2, Inversions: 1}},
	{"the last again", []uint64{0, 1, 1}, tally{Received: 3, Duplicates: 1}},
	{"an early one again", []uint64{0, 1, 2, 0}, tally{Received: 4, Duplicates: 1}},
	{"late, and again", []uint64{1, 0, 0}, tally{Received: 3, Inversions: 1, Duplicates: 1}},
	{"all again", []uint64{0, 1, 0, 1}, tally{Received: 4, Duplicates: 2}},
}

func TestOrderOfOneLane(t *testing.T) {
	t.Parallel()
	for _, c := range arrivals {
		b := &book{}
		for _, seq := range c.seqs {
			if err := b.enter(0, seq); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if diff := cmp.Diff(c.want, b.tally()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

// Lanes have no order among each other.
func TestLanesAreApart(t *testing.T) {
	t.Parallel()
	b := &book{}
	for _, m := range []struct {
		lane int
		seq  uint64
	}{{2, 0}, {0, 0}, {2, 1}, {1, 0}, {0, 1}, {2, 2}} {
		if err := b.enter(m.lane, m.seq); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(tally{Received: 6}, b.tally()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLedgerRefusesWhatNobodySent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lane  int
		first []uint64
		seq   uint64
	}{
		{"a negative lane", -1, nil, 0},
		{"a lane beyond the last", mostLanes, nil, 0},
		{"a number out of all proportion", 0, nil, math.MaxUint64},
		{"one hole too many", 0, []uint64{1 << 16, 1<<16 + 2}, 1<<16 + 4},
	} {
		b := &book{}
		for _, seq := range c.first {
			_ = b.enter(c.lane, seq) // what comes of it is asked below
		}
		if err := b.enter(c.lane, c.seq); err == nil {
			t.Errorf("%s was counted", c.name)
		}
	}
}

func TestLedgerSumsByContestant(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	first, second, other := l.open("/runtime/0"), l.open("/runtime/1"), l.open("/raw/0")
	var wait sync.WaitGroup
	for _, id := range []uint64{first, second, other} {
		for lane := range 4 {
			wait.Go(func() {
				for seq := range uint64(100) {
					if err := l.book(id).enter(lane, seq); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	if diff := cmp.Diff(map[string]tally{"runtime": {Received: 800}, "raw": {Received: 400}}, l.tallies()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, id := range []uint64{0, other + 1, math.MaxUint64} {
		if l.book(id) != nil {
			t.Errorf("there is a book for producer %d, which nobody opened", id)
		}
	}
}

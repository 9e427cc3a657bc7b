package flow

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHeldYieldsWhatItHasAndThenWhatThePipeHas(t *testing.T) {
	t.Parallel()
	p, h := NewPipe[int](), Held[int]{}
	p.Put(1, 2, 3)
	var got []int
	for v := range h.All(p) {
		got = append(got, *v)
		if *v == 2 {
			p.Put(4) // comes after the refill: it has a wake-up of its own
			break
		}
	}
	if h.Len() != 1 {
		t.Errorf("Len = %d after leaving two of three, want 1", h.Len())
	}
	for v := range h.All(p) {
		got = append(got, *v)
	}
	if want := []int{1, 2, 3, 4}; !slices.Equal(got, want) || h.Len() != 0 {
		t.Errorf("yielded %v with %d held, want %v with none", got, h.Len(), want)
	}
}

func TestHeldTakesFromThePipeOnce(t *testing.T) {
	t.Parallel()
	p, h := NewPipe[int](), Held[int]{}
	p.Put(1)
	rounds := 0
	for range h.All(p) {
		if rounds++; rounds > 1 {
			break
		}
		p.Put(2) // a sender that is always faster must not keep the actor here
	}
	if rounds != 1 || p.Len() != 1 {
		t.Errorf("yielded %d values and left %d in the pipe, want 1 and 1", rounds, p.Len())
	}
}

// A panic loses at most the value that was being dealt with; the next round goes
// on behind it, in order, whatever was put meanwhile.
func TestHeldSurvivesPanics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, h := NewPipe[int](), Held[int]{}
		var put, dealt, lost []int
		round := func(failAt int) {
			defer func() {
				if r := recover(); r != nil {
					lost = append(lost, r.(int))
				}
			}()
			n := 0
			for v := range h.All(p) {
				if n++; n == failAt {
					panic(*v)
				}
				dealt = append(dealt, *v)
			}
		}
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, 5).Draw(t, "puts") {
				put = append(put, len(put))
				p.Put(len(put) - 1)
			}
			round(rapid.IntRange(0, 6).Draw(t, "fail at"))
		}
		round(0)
		all := slices.Concat(dealt, lost)
		slices.Sort(all)
		if !slices.Equal(all, put) || !slices.IsSorted(dealt) || h.Len() != 0 {
			t.Fatalf("put %v, dealt with %v, lost %v, held %d", put, dealt, lost, h.Len())
		}
	})
}

// What has been dealt with is let go of as soon as more is taken.
func TestHeldForgetsWhatWasDealtWith(t *testing.T) {
	t.Parallel()
	p, h := NewPipe[*int](), Held[*int]{}
	p.Put(new(int))
	var seen **int
	for v := range h.All(p) {
		seen = v
	}
	for range h.All(p) {
		t.Error("an empty pipe yielded a value")
	}
	if *seen != nil {
		t.Error("a value dealt with is still referred to")
	}
}

func ExampleHeld() {
	pipe := NewPipe[string]()
	var held Held[string]
	pipe.Put("first", "poison", "last")

	serve := func() {
		defer func() {
			if r := recover(); r != nil {
				fmt.Println("restarted after", r)
			}
		}()
		for v := range held.All(pipe) {
			if *v == "poison" {
				panic(*v)
			}
			fmt.Println(*v)
		}
	}
	serve()
	serve()
	// Output:
	// first
	// restarted after poison
	// last
}

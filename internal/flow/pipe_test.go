package flow

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestPipeKeepsOrderAndEmpties(t *testing.T) {
	t.Parallel()
	p := NewPipe[int]()
	p.Put()
	if p.Len() != 0 {
		t.Errorf("an empty Put left %d values", p.Len())
	}
	p.Put(1, 2)
	p.Put(3)
	if p.Len() != 3 {
		t.Errorf("Len = %d, want 3", p.Len())
	}
	if got := p.Take(nil); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("Take = %v, want [1 2 3]", got)
	}
	if got := p.Take(nil); len(got) != 0 || p.Len() != 0 {
		t.Errorf("a second Take = %v with %d left, want nothing", got, p.Len())
	}
}

func TestPipeReusesAndForgetsWhatWasTaken(t *testing.T) {
	t.Parallel()
	p := NewPipe[*int]()
	p.Put(new(int), new(int))
	taken := p.Take(nil)
	old := taken
	p.Put(new(int))
	taken = p.Take(taken)
	if old[0] != nil || old[1] != nil {
		t.Error("storage given back still refers to the values it held")
	}
	p.Put(new(int))
	again := p.Take(taken)
	if &again[:1][0] != &old[0] {
		t.Error("storage given back was not used again")
	}
}

// An empty Put must not wake: the receiver would spin on nothing.
func TestPipeWakesOnceForManyPuts(t *testing.T) {
	t.Parallel()
	p := NewPipe[int]()
	p.Put()
	select {
	case <-p.Wake():
		t.Error("an empty Put woke the receiver")
	default:
	}
	p.Put(1)
	p.Put(2)
	select {
	case <-p.Wake():
	default:
		t.Fatal("a Put woke nobody")
	}
	select {
	case <-p.Wake():
		t.Error("two Puts before the receiver looked left two tokens")
	default:
	}
}

// Whoever waits for Wake and then takes sees every value, each sender's in order:
// no wake-up is lost between a Take and the next Put. A receiver left asleep makes
// the bubble deadlock, which fails the test.
func TestPipeLosesNoWakeUp(t *testing.T) {
	t.Parallel()
	const senders, rounds = 8, 2000
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe[[2]int]()
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				for i := 0; i < rounds; i += 2 {
					p.Put([2]int{s, i}, [2]int{s, i + 1})
				}
			})
		}
		var next [senders]int
		var storage [][2]int
		for got := 0; got < senders*rounds; {
			<-p.Wake()
			storage = p.Take(storage)
			for i, v := range storage {
				if v[1] != next[v[0]] {
					t.Fatalf("sender %d: got value %d, want %d", v[0], v[1], next[v[0]])
				}
				if v[1]%2 == 1 && storage[i-1] != [2]int{v[0], v[1] - 1} {
					t.Fatalf("values of one Put were parted: %v before %v", storage[i-1], v)
				}
				next[v[0]]++
				got++
			}
		}
		wg.Wait()
	})
}

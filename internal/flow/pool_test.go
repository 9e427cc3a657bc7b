package flow

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sharing returns budgets that share a pool of so many bytes, one for each weight.
func sharing(bytes int, weights ...int) (*Pool, []*Budget) {
	p := NewPool(bytes, 0)
	var all []*Budget
	for _, w := range weights {
		b := NewBudget(p.Cap(Limits{Records: 1 << 20, Bytes: bytes}))
		b.Join(p, w)
		all = append(all, b)
	}
	return p, all
}

// sized is a call of so many records and bytes for topic 0.
func sized(records, bytes int) *Call {
	return &Call{Records: records, Bytes: bytes, Topics: []Use{{0, records, bytes}}}
}

// admit asks for bytes in the background and tells when it has them.
func admit(t *testing.T, b *Budget, bytes int) (in func() bool) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- b.Admit(t.Context(), nil, errQuit, 0, sized(1, bytes)) }()
	synctest.Wait()
	return func() bool {
		synctest.Wait()
		return len(done) > 0
	}
}

// What one gives back is what the other waits for.
func TestPoolWakesTheNeighbour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, b := sharing(100, 1, 1)
		for range 2 {
			if !admit(t, b[0], 40)() {
				t.Fatal("what nobody uses is not lent")
			}
		}
		own := admit(t, b[1], 30)
		more := admit(t, b[0], 10)
		if own() || more() {
			t.Fatal("admitted without room")
		}
		b[0].Resolve(0, Published, 1, 40)
		if !own() {
			t.Error("what the neighbour gave back is not had")
		}
		if !more() {
			t.Error("back within its share, it is kept waiting")
		}
		b[1].Leave()
		if !admit(t, b[0], 50)() {
			t.Error("alone, it does not have it all")
		}
	})
}

// A caller that gives up waiting makes way.
func TestPoolForgetsWhoLeavesTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, b := sharing(100, 1, 1, 2)
		admit(t, b[0], 25)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		if !admit(t, b[2], 50)() {
			t.Fatal("its share is not had")
		}
		go func() { gone <- b[1].Admit(ctx, nil, errQuit, 0, sized(1, 60)) }() // larger than its share
		synctest.Wait()
		waits := admit(t, b[0], 1)
		if waits() {
			t.Fatal("a borrower passes a large call")
		}
		cancel()
		if <-gone == nil || !waits() {
			t.Error("whoever waited for it still waits")
		}
	})
}

// A runtime that comes and goes changes the shares of the others.
func TestPoolShares(t *testing.T) {
	t.Parallel()
	p, b := sharing(100, 3, 1)
	if x, y := b[0].Fair().Bytes, b[1].Fair().Bytes; x != 75 || y != 25 {
		t.Errorf("shares %d and %d", x, y)
	}
	if b[0].Fair().Records != 1<<20 || b[0].Limits().Bytes != 100 {
		t.Error("what is not shared is its own")
	}
	b[1].Leave()
	b[1].Leave()
	if x, y := b[0].Fair().Bytes, b[1].Fair().Bytes; x != 100 || y != 100 {
		t.Errorf("afterwards %d and %d", x, y)
	}
	if bytes, records := p.Held(); bytes != 0 || records != 0 {
		t.Errorf("%d bytes, %d records held by nobody", bytes, records)
	}
	if l := NewPool(10, 5).Cap(Limits{Records: 9, Bytes: 99, Unsettled: 7}); l != (Limits{Records: 5, Bytes: 10, Unsettled: 7}) {
		t.Errorf("capped to %+v", l)
	}
}

// In a pool, one topic holds at most half of what its runtime need not share.
func TestPoolTopicsKeepToHalfOfTheShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, b := sharing(100, 1, 1)
		b[0].Declare(0)
		b[0].Declare(1)
		if !admit(t, b[0], 20)() || admit(t, b[0], 10)() {
			t.Error("the topic holds more than half of the share, or less")
		}
	})
}

// Many runtimes, callers, resolvers and cancellations at once: the pool is never
// overdrawn, everybody is served, and in the end everything is given back. Every
// third runtime leaves half-way and comes back.
func TestPoolUnderLoad(t *testing.T) {
	t.Parallel()
	for _, records := range []int{0, 12} {
		t.Run(fmt.Sprintf("records=%d", records), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := NewPool(200, records)
				var served sync.Map
				var wg sync.WaitGroup
				for i := range 6 {
					wg.Go(func() {
						for life := range 1 + i%3/2*2 {
							b := NewBudget(p.Cap(Limits{Records: 20, Bytes: 200}))
							b.Join(p, 1+i)
							load(t, b, p, i, life, &served)
							b.Leave()
						}
					})
				}
				wg.Wait()
				if bytes, n := p.Held(); bytes != 0 || n != 0 {
					t.Errorf("%d bytes and %d records are left over", bytes, n)
				}
				for i := range 6 {
					if _, ok := served.Load(i); !ok {
						t.Errorf("runtime %d was never served", i)
					}
				}
			})
		})
	}
}

// load is one life of one runtime with three callers.
func load(t *testing.T, b *Budget, p *Pool, i, life int, served *sync.Map) {
	sizes := []int{1, 40, 7, 150, 9}
	var wg sync.WaitGroup
	for caller := range 3 {
		wg.Go(func() {
			for round := range 60 {
				n := sizes[(i+round+caller)%len(sizes)]
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i*round)%50)*time.Millisecond)
				if b.Admit(ctx, nil, errQuit, 0, sized(1+round%3, n)) == nil {
					if bytes, records := p.Held(); bytes > 200 || p.core.total.records > 0 && records > p.core.total.records {
						t.Errorf("%d bytes and %d records of the pool", bytes, records)
					}
					time.Sleep(time.Duration(1+(round+life)%3) * time.Millisecond)
					b.Resolve(0, Published, 1+round%3, n)
					served.Store(i, true)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

package flow

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Many callers, resolvers and cancellations at once: for the race detector, and for
// the sum at the end.
func TestBudgetUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 20, Bytes: 200})
		sizes := []int{1, 2, 5, 9}
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for round := range 100 {
					n := sizes[(i+round)%len(sizes)]
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i*round)%7)*time.Millisecond)
					c := call(int32(i%3), n, int32(i%4), 0)
					if b.Admit(ctx, nil, errQuit, 0, c) == nil {
						time.Sleep(time.Duration(1+round%3) * time.Millisecond)
						b.Resolve(int32(i%3), Published, n, n)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		got := b.Totals()
		if got.InFlight != 0 || got.Read != got.Published+got.Withdrawn || got.Published == 0 {
			t.Errorf("totals %+v do not reconcile", got)
		}
		if bytes, waiting := b.Held(); bytes != 0 || waiting != 0 {
			t.Errorf("%d bytes and %d calls are left over", bytes, waiting)
		}
		if slices.ContainsFunc(b.core.topics, func(u Use) bool { return u.Records != 0 || u.Bytes != 0 }) {
			t.Errorf("topics hold %+v after everything is resolved", b.core.topics)
		}
	})
}

package danube

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// echo is the work of a pool: it holds each job for a second.
type echo struct {
	running, most, done atomic.Int64
}

func (e *echo) work(jobs <-chan job, done func()) {
	for range jobs {
		now := e.running.Add(1)
		for {
			most := e.most.Load()
			if now <= most || e.most.CompareAndSwap(most, now) {
				break
			}
		}
		time.Sleep(time.Second)
		e.running.Add(-1)
		done()
		e.done.Add(1)
	}
}

func TestPoolGrowsAsNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := new(echo)
		p := newPool(8, e.work)
		for range 5 { // one at a time: one goroutine
			p.start(job{})
			time.Sleep(2 * time.Second)
		}
		if p.workers != 1 {
			t.Errorf("%d goroutines for one job at a time", p.workers)
		}
		began := time.Now()
		for range 8 {
			p.start(job{})
		}
		p.close()
		if took := time.Since(began); took != time.Second {
			t.Errorf("8 jobs in a pool for 8 took %s: one waited for another", took)
		}
		if p.workers != 8 || e.done.Load() != 13 {
			t.Errorf("%d goroutines, %d jobs done", p.workers, e.done.Load())
		}
	})
}

// TestPoolNeverBlocks is given more than it was made for.
func TestPoolNeverBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := new(echo)
		p := newPool(2, e.work)
		began := time.Now()
		for range 10 {
			if !p.start(job{}) {
				t.Fatal("refused")
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("start blocked for %s", time.Since(began))
		}
		p.close()
		if e.done.Load() != 10 {
			t.Errorf("%d of 10 jobs done", e.done.Load())
		}
	})
}

func TestPoolFinishesWhatItHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := new(echo)
		p := newPool(4, e.work)
		for range 4 {
			p.start(job{})
		}
		var closing sync.WaitGroup
		closing.Go(p.close)
		closing.Go(p.close)
		synctest.Wait()
		if p.start(job{}) {
			t.Error("a closed pool takes jobs")
		}
		closing.Wait()
		if e.done.Load() != 4 || p.busy.Load() != 0 {
			t.Errorf("%d jobs done, %d still busy", e.done.Load(), p.busy.Load())
		}
	})
}

// TestPoolReusesAFreeGoroutine starts a job as soon as the one before is told of.
func TestPoolReusesAFreeGoroutine(t *testing.T) {
	t.Parallel()
	told := make(chan struct{}, 1)
	p := newPool(4, func(jobs <-chan job, done func()) {
		for range jobs {
			done()
			told <- struct{}{}
		}
	})
	for range 1000 {
		p.start(job{})
		<-told
	}
	p.close()
	if p.workers != 1 {
		t.Errorf("%d goroutines for one job at a time", p.workers)
	}
}

package danube

import (
	"sync"
	"sync/atomic"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// job is one message on its way out in a session, which it has a use of.
type job struct {
	message *flow.Message
	session *session
}

// pool is the goroutines that send for one topic. They are started as needed and
// kept, since a call grows a stack deeply; a job never waits for another one as
// long as no more are under way than the pool was made for.
type pool struct {
	work func(jobs <-chan job, done func()) // runs in each goroutine until jobs is closed
	jobs chan job
	busy atomic.Int64 // jobs given and not done

	mu      sync.Mutex
	workers int
	closed  bool
	wg      sync.WaitGroup
}

// newPool returns a pool for size jobs at once.
func newPool(size int, work func(<-chan job, func())) *pool {
	return &pool{work: work, jobs: make(chan job, size)}
}

// start hands j to a goroutine. It never blocks: the channel has room for all
// that may be under way, and a caller who exceeds that gets goroutines beyond
// the pool. It reports false when the pool is closed, and j was not taken.
func (p *pool) start(j job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if busy := int(p.busy.Add(1)); busy > p.workers && p.workers < cap(p.jobs) {
		p.workers++
		p.wg.Go(func() { p.work(p.jobs, p.done) })
	}
	select {
	case p.jobs <- j:
	default:
		alone := make(chan job, 1)
		alone <- j
		close(alone)
		p.wg.Go(func() { p.work(alone, p.done) })
	}
	return true
}

// done is called once for each job, before its outcome is told: whoever hears of
// it may start the next at once and finds this goroutine free.
func (p *pool) done() { p.busy.Add(-1) }

// close lets what was started finish and waits for the goroutines to end.
func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.jobs)
	}
	p.mu.Unlock()
	p.wg.Wait()
}

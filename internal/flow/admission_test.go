package flow

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// caller is one Admit in its own goroutine.
type caller struct {
	call *Call
	done chan error
}

func (c *caller) waits() bool {
	synctest.Wait()
	select {
	case err := <-c.done:
		c.done <- err
		return false
	default:
		return true
	}
}

func ask(ctx context.Context, b *Budget, quit chan struct{}, epoch uint64, c *Call) *caller {
	asked := &caller{call: c, done: make(chan error, 1)}
	go func() { asked.done <- b.Admit(ctx, quit, errQuit, epoch, c) }()
	synctest.Wait() // so that calls queue in the order in which they are made
	return asked
}

func TestAdmitWaitsForRoomInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 10, Bytes: 1000})
		quit := make(chan struct{})
		first := ask(t.Context(), b, quit, 0, call(0, 8, 0, 8))
		if first.waits() {
			t.Fatal("the first call waits for an empty budget")
		}
		large := ask(t.Context(), b, quit, 0, call(0, 9, 1, 9))
		small := ask(t.Context(), b, quit, 0, call(0, 1, 2, 1))
		if !large.waits() || !small.waits() {
			t.Error("a call passed one that waits for the runtime as a whole")
		}
		if bytes, waiting := b.Held(); bytes != 8 || waiting != 2 {
			t.Errorf("Held = %d bytes, %d waiting; want 8 and 2", bytes, waiting)
		}
		b.Resolve(0, Published, 8, 8)
		if large.waits() || small.waits() {
			t.Error("there is room for both, and one waits")
		}
		if got, want := b.Totals(), (Totals{Read: 18, Published: 8, InFlight: 10}); got != want {
			t.Errorf("totals %+v, want %+v", got, want)
		}
	})
}

func TestAdmitAnswersAtOnce(t *testing.T) {
	t.Parallel()
	b := NewBudget(Limits{Records: 10, Bytes: 1000})
	b.Begin(3)
	if err := b.Admit(t.Context(), nil, errQuit, 3, call(0, 11, 0, 11)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("larger than the budget: %v, want ErrTooLarge", err)
	}
	for _, epoch := range []uint64{2, 4} {
		if err := b.Admit(t.Context(), nil, errQuit, epoch, call(0, 1, 0, 1)); !errors.Is(err, errQuit) {
			t.Errorf("epoch %d while 3 is running: %v, want errQuit", epoch, err)
		}
	}
	if got := b.Totals(); got != (Totals{}) {
		t.Errorf("refused calls were counted: %+v", got)
	}
}

// stops are the ways in which a waiting call is told to give up.
var stops = []struct {
	name string
	stop func(cancel context.CancelCauseFunc, quit chan struct{})
	want error
}{
	{"ctx", func(cancel context.CancelCauseFunc, _ chan struct{}) { cancel(errCause) }, errCause},
	{"quit", func(_ context.CancelCauseFunc, quit chan struct{}) { close(quit) }, errQuit},
}

var errCause = errors.New("cause")

// A call that gives up frees its place in the queue for those behind it.
func TestAdmitGivesUp(t *testing.T) {
	t.Parallel()
	for _, c := range stops {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := NewBudget(Limits{Records: 10, Bytes: 1000})
				b.take(call(0, 5, 0, 5))
				ctx, cancel := context.WithCancelCause(t.Context())
				quit := make(chan struct{})
				large := ask(ctx, b, quit, 0, call(0, 9, 1, 9))
				small := ask(t.Context(), b, make(chan struct{}), 0, call(0, 1, 2, 1))
				if !large.waits() || !small.waits() {
					t.Fatal("a call did not wait")
				}
				c.stop(cancel, quit)
				if err := <-large.done; !errors.Is(err, c.want) {
					t.Errorf("Admit = %v, want %v", err, c.want)
				}
				if small.waits() {
					t.Error("the call behind one that gave up still waits")
				}
				if got, want := b.Totals(), (Totals{Read: 6, InFlight: 6}); got != want {
					t.Errorf("totals %+v, want %+v", got, want)
				}
			})
		})
	}
}

// A call that gives up at the very moment at which it is let in gives back what it
// took, and says so; one that does not notice keeps it. Which of the two happens is
// the scheduler's choice; the books are right either way.
func TestAdmitGivesUpWhileLetIn(t *testing.T) {
	t.Parallel()
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(Limits{Records: 10, Bytes: 1000})
			b.Begin(1)
			b.take(call(0, 10, 0, 10))
			ctx, cancel := context.WithCancelCause(t.Context())
			w := ask(ctx, b, nil, 1, call(0, 3, 1, 3))
			go b.Resolve(0, Published, 10, 10)
			go cancel(errCause)
			want := Totals{Read: 13, Published: 10, InFlight: 3}
			err := <-w.done
			if err != nil {
				synctest.Wait()
				want = b.Totals()
				want.InFlight = 0
				if want.Withdrawn != want.Read-10 {
					t.Errorf("totals %+v do not reconcile", want)
				}
				if n := b.core.source(1); n.next != 0 {
					t.Errorf("the call left %d slots in the window", n.next)
				}
			}
			synctest.Wait()
			if got := b.Totals(); got != want {
				t.Errorf("Admit = %v with totals %+v, want %+v", err, got, want)
			}
		})
	}
}

// A new epoch begins while calls of the old one wait: they must neither be let in
// nor leave anything in the windows of the new one.
func TestBeginLeavesOldCallsToTheirQuit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 10, Bytes: 1000})
		b.Begin(1)
		quit := make(chan struct{})
		b.take(call(0, 10, 0, 10))
		old := ask(t.Context(), b, quit, 1, call(0, 3, 0, 3))
		b.Begin(2)
		b.Resolve(0, Withdrawn, 10, 10)
		b.Advance(1, 0, 10, 10)
		if !old.waits() {
			t.Error("a call of the old epoch was let in")
		}
		fresh := ask(t.Context(), b, nil, 2, call(0, 10, 0, 10))
		if fresh.waits() {
			t.Error("the new epoch has the whole window, and its call waits")
		}
		close(quit)
		if err := <-old.done; !errors.Is(err, errQuit) {
			t.Errorf("the old call = %v, want errQuit", err)
		}
		if got, want := b.Totals(), (Totals{Read: 20, Withdrawn: 10, InFlight: 10}); got != want {
			t.Errorf("totals %+v, want %+v", got, want)
		}
	})
}

// A stream of small calls for one topic must not keep a large one out: topic 0 never
// falls idle, and still the large call gets its turn.
func TestAdmitStarvesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 100, Bytes: 1000})
		b.Declare(0)
		b.Declare(1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				for ctx.Err() == nil {
					if b.Admit(ctx, nil, errQuit, 0, call(0, 5, int32(i), 0)) == nil {
						time.Sleep(time.Duration(i+1) * time.Millisecond)
						b.Resolve(0, Published, 5, 5)
					}
				}
			})
		}
		time.Sleep(time.Second)
		begun := time.Now()
		if err := b.Admit(t.Context(), nil, errQuit, 0, call(0, 45, 99, 0)); err != nil {
			t.Errorf("Admit = %v", err)
		}
		if took := time.Since(begun); took > 20*time.Millisecond {
			t.Errorf("the large call waited %v, longer than every call before it took", took)
		}
		b.Resolve(0, Published, 45, 45)
		cancel()
		wg.Wait()
		if got := b.Totals(); got.InFlight != 0 || got.Read != got.Published+got.Withdrawn {
			t.Errorf("totals %+v do not reconcile", got)
		}
	})
}

// A topic the broker has stalled keeps half of the budget, and a large call that
// waits for it keeps nobody out of the other half.
func TestAdmitFlowsAroundAStalledTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(Limits{Records: 100, Bytes: 1000})
		b.Declare(0)
		b.Declare(1)
		b.take(call(0, 50, 0, 50))
		b.take(call(1, 30, 1, 30))
		stalled := ask(t.Context(), b, nil, 0, call(0, 60, 0, 0))
		if !stalled.waits() {
			t.Fatal("the stalled topic was given more")
		}
		for range 100 {
			if next := ask(t.Context(), b, nil, 0, call(1, 10, 2, 0)); next.waits() {
				t.Fatal("a call for the topic that flows waits behind the stalled one")
			}
			b.Resolve(1, Published, 10, 10)
		}
		b.Resolve(1, Published, 30, 30)
		b.Resolve(0, Published, 50, 50)
		if stalled.waits() {
			t.Error("the topic flows again, and its call waits")
		}
	})
}

func TestCommitStandsApart(t *testing.T) {
	t.Parallel()
	b := NewBudget(Limits{Records: 10, Bytes: 10})
	b.Begin(1)
	b.Commit(1, map[int32]uint64{0: 7, 1: 2})
	b.Commit(1, map[int32]uint64{0: 9}) // of which 7 are counted
	b.Commit(1, map[int32]uint64{0: 8}) // a late one
	b.Commit(0, map[int32]uint64{0: 5}) // of an epoch that is over
	if got, want := b.Totals(), (Totals{Committed: 11}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	if got := b.Topic(5); got != (Totals{}) {
		t.Errorf("a topic nobody used has %+v", got)
	}
	if got := b.Limits(); got != (Limits{Records: 10, Bytes: 10}) {
		t.Errorf("limits %+v", got)
	}
}

package offset

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// slowDisk takes its time for everything, and says what it was told to.
type slowDisk struct {
	delay  time.Duration
	err    error
	busy   sync.Mutex
	writes atomic.Int64
	closed atomic.Int64
}

func (d *slowDisk) write(*change) error {
	d.alone(func() { time.Sleep(d.delay) })
	d.writes.Add(1)
	return d.err
}

func (d *slowDisk) close() error {
	d.alone(func() {})
	d.closed.Add(1)
	return d.err
}

func (d *slowDisk) alone(do func()) {
	if !d.busy.TryLock() {
		panic("two use the disk at a time")
	}
	defer d.busy.Unlock()
	do()
}

// on returns a store on a disk.
func on(d disk) *Store {
	s := Memory()
	s.path, s.disk, s.shut = "slow", d, sync.OnceValue(d.close)
	return s
}

func offsetAt(value uint64) []connect.Offset { return []connect.Offset{{Partition: "a", Value: value}} }

func within(t *testing.T, limit time.Duration, do func(context.Context) error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begun := time.Now()
	err := do(ctx)
	return time.Since(begun), err
}

// TestSlowDiskDoesNotHoldTheCaller: a caller waits as long as it wants to, the
// write goes on, and the next one comes after it.
func TestSlowDiskDoesNotHoldTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &slowDisk{}
		s := on(d)
		if err := s.Begin(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		d.delay = time.Minute
		took, err := within(t, 10*time.Second, func(ctx context.Context) error { return s.Commit(ctx, 1, offsetAt(5)) })
		if took != 10*time.Second || connect.ClassOf(err) != connect.ClassRetryable || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		if all := s.Resume(); len(all) != 0 {
			t.Errorf("%v, while nothing is stored", all)
		}
		took, err = within(t, 10*time.Second, func(ctx context.Context) error { return s.Commit(ctx, 1, offsetAt(5)) })
		if took != 10*time.Second || d.writes.Load() != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while another write is under way: %v after %v, %d writes", err, took, d.writes.Load())
		}
		// The same again comes to a disk that has it by now; more is written.
		took, err = within(t, time.Hour, func(ctx context.Context) error { return s.Commit(ctx, 1, offsetAt(5)) })
		if took != 40*time.Second || err != nil || d.writes.Load() != 2 {
			t.Errorf("the third time: %v after %v, %d writes", err, took, d.writes.Load())
		}
		took, err = within(t, time.Hour, func(ctx context.Context) error { return s.Commit(ctx, 1, offsetAt(6)) })
		if took != time.Minute || err != nil || len(s.Resume()) != 1 || s.Resume()[0].Value != 6 {
			t.Errorf("%v after %v: %v", err, took, s.Resume())
		}
		if err := s.Close(); err != nil || d.closed.Load() != 1 {
			t.Errorf("%v, closed %d times", err, d.closed.Load())
		}
	})
}

// TestWhatComesLateCounts: a write nobody waited for becomes the state once it is
// stored, and a commit behind it is refused.
func TestWhatComesLateCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &slowDisk{delay: time.Minute}
		s := on(d)
		if err := s.Begin(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := within(t, time.Second, func(ctx context.Context) error { return s.Commit(ctx, 1, offsetAt(9)) }); err == nil {
			t.Error("stored in a second")
		}
		if err := s.Commit(t.Context(), 1, offsetAt(8)); connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "go back from 9 to 8") {
			t.Errorf("behind what was stored meanwhile: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestFailedWriteChangesNothing: the state is that of the disk, and the disk is
// asked again.
func TestFailedWriteChangesNothing(t *testing.T) {
	t.Parallel()
	d := &slowDisk{}
	s := on(d)
	if err := errors.Join(s.Begin(t.Context(), 1), s.Commit(t.Context(), 1, offsetAt(1))); err != nil {
		t.Fatal(err)
	}
	before := s.Snapshot().Generation
	d.err = connect.Retryable(errors.New("no room"))
	for range 3 {
		if err := s.Commit(t.Context(), 1, offsetAt(2)); !errors.Is(err, d.err) {
			t.Error(err)
		}
		if err := s.Begin(t.Context(), 2); !errors.Is(err, d.err) {
			t.Error(err)
		}
	}
	if shot := s.Snapshot(); shot.Generation != before || shot.Epoch != 1 || shot.Positions[0].Offset.Value != 1 {
		t.Errorf("%+v", shot)
	}
	d.err = nil
	if err := s.Commit(t.Context(), 1, offsetAt(2)); err != nil || s.Resume()[0].Value != 2 || d.writes.Load() != 9 {
		t.Errorf("%v, %v, %d writes", err, s.Resume(), d.writes.Load())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloseWaits for the write that is under way.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &slowDisk{delay: 3 * time.Second}
		s := on(d)
		_, _ = within(t, time.Second, func(ctx context.Context) error { return s.Begin(ctx, 1) }) // goes on without us
		took, err := within(t, time.Hour, func(context.Context) error { return s.Close() })
		if err != nil || took != 2*time.Second || d.writes.Load() != 1 || d.closed.Load() != 1 {
			t.Errorf("%v after %v, %d writes, closed %d times", err, took, d.writes.Load(), d.closed.Load())
		}
	})
}

// TestCloseDoesNotWaitForEver: the write that hangs closes the disk in the end, and
// who waits for its turn meanwhile is told.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &slowDisk{delay: time.Hour}
		s := on(d)
		_, _ = within(t, time.Second, func(ctx context.Context) error { return s.Begin(ctx, 1) }) // goes on without us
		queued := make(chan error, 1)
		go func() { queued <- s.Begin(t.Context(), 2) }()
		synctest.Wait()
		took, err := within(t, time.Hour, func(context.Context) error { return s.Close() })
		if took != 5*time.Second || connect.ClassOf(err) != connect.ClassRetryable || !strings.Contains(err.Error(), "stays locked until it ends") {
			t.Errorf("%v after %v", err, took)
		}
		if d.closed.Load() != 0 {
			t.Error("the disk was closed under the write")
		}
		if err := <-queued; !errors.Is(err, ErrClosed) {
			t.Errorf("who waited for its turn: %v", err)
		}
		if err := s.Close(); err != nil || d.closed.Load() != 1 || d.writes.Load() != 1 {
			t.Errorf("%v, closed %d times, %d writes", err, d.closed.Load(), d.writes.Load())
		}
	})
}

// TestManyCallers go one after the other.
func TestManyCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &slowDisk{delay: time.Millisecond}
		s := on(d)
		if err := s.Begin(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				o := []connect.Offset{{Partition: string(rune('A' + i)), Value: 1}}
				if err := s.Commit(t.Context(), 1, o); err != nil {
					t.Error(err)
				}
				_, _, _ = s.Resume(), s.Epoch(), s.Snapshot()
			})
		}
		wg.Wait()
		if err := s.Close(); err != nil || len(s.Resume()) != 50 || s.Snapshot().Generation != 51 {
			t.Errorf("%v, %d, %d", err, len(s.Resume()), s.Snapshot().Generation)
		}
	})
}

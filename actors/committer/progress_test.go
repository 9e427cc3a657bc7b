package committer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// at is a position that has come so many slots.
func at(slots uint64) Position { return Position{Slots: slots} }

// await waits for marks in a goroutine of its own.
func await(ctx context.Context, p *Progress, epoch uint64, marks map[string]uint64) chan error {
	done := make(chan error, 1)
	go func() { done <- p.Wait(ctx, epoch, marks) }()
	synctest.Wait()
	return done
}

func pending(done chan error) bool {
	synctest.Wait()
	return len(done) == 0
}

func TestProgressWaitsForEveryMark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress()
		done := await(t.Context(), p, 1, map[string]uint64{"p": 3, "q": 1, "idle": 0})
		p.advance(1, map[string]Position{"p": at(2), "q": at(1)}, nil)
		if !pending(done) {
			t.Fatalf("Wait = %v before p has 3 slots", <-done)
		}
		p.advance(1, map[string]Position{"p": at(3)}, nil)
		if err := <-done; err != nil {
			t.Errorf("Wait = %v", err)
		}
		if err := p.Wait(t.Context(), 1, map[string]uint64{"p": 2}); err != nil {
			t.Errorf("Wait for what has been = %v", err)
		}
		if err := p.Wait(t.Context(), 7, nil); err != nil {
			t.Errorf("Wait for nothing = %v", err)
		}
	})
}

func TestProgressEndsAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress()
		ctx, cancel := context.WithCancelCause(t.Context())
		cut := await(ctx, p, 1, map[string]uint64{"p": 1})
		stale := await(t.Context(), p, 1, map[string]uint64{"p": 1})
		early := await(t.Context(), p, 3, map[string]uint64{"p": 1})
		cause := errors.New("cause")
		cancel(cause)
		if err := <-cut; !errors.Is(err, cause) {
			t.Errorf("Wait = %v, want the cause of ctx", err)
		}
		p.advance(2, map[string]Position{"p": at(9)}, nil)
		if err := <-stale; !errors.Is(err, ErrStale) {
			t.Errorf("Wait = %v, want ErrStale: a later epoch commits", err)
		}
		p.advance(1, map[string]Position{"q": at(9)}, nil) // late news
		if later := await(t.Context(), p, 2, map[string]uint64{"q": 1}); !pending(later) {
			t.Fatalf("Wait = %v by news of an earlier epoch", <-later)
		}
		if !pending(early) {
			t.Fatalf("Wait = %v for an epoch that has not begun to commit", <-early)
		}
		p.advance(3, map[string]Position{"p": at(1)}, nil)
		if err := <-early; err != nil {
			t.Errorf("Wait = %v", err)
		}
	})
}

// Whoever waits for a partition that is revoked waits for nothing; its next life
// must be committed by itself.
func TestProgressCountsTheRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress()
		p.advance(1, map[string]Position{"p": at(2)}, nil)
		old := await(t.Context(), p, 1, map[string]uint64{"p": 5})
		fresh := await(t.Context(), p, 1, map[string]uint64{"p": 6})
		p.advance(0, nil, []gone{{name: "p", epoch: 1, slots: 5}})
		if err := <-old; err != nil {
			t.Errorf("Wait = %v", err)
		}
		if !pending(fresh) {
			t.Fatalf("Wait = %v for a life that has committed nothing", <-fresh)
		}
		p.advance(1, map[string]Position{"p": at(4)}, nil) // of the old life, late
		if again := await(t.Context(), p, 1, map[string]uint64{"p": 5}); pending(again) {
			t.Fatal("what was revoked is waited for again")
		}
		p.advance(1, map[string]Position{"p": at(6)}, nil)
		if err := <-fresh; err != nil {
			t.Errorf("Wait = %v", err)
		}
	})
}

func TestLatestKeepsTheNewest(t *testing.T) {
	t.Parallel()
	l := NewLatest()
	l.put("p", at(1), 1)
	l.put("p", at(3), 2)
	l.put("q", at(1), 1)
	if got := l.waiting(); got != 4 {
		t.Errorf("%d slots are waiting, want 4", got)
	}
	select {
	case <-l.wake:
	default:
		t.Error("nobody was woken")
	}
	positions, _ := l.take()
	if len(positions) != 2 || positions["p"] != at(3) {
		t.Errorf("took %v, want the newest of p and q", positions)
	}
	if again, _ := l.take(); len(again) != 0 || l.waiting() != 0 {
		t.Errorf("took %v again, with %d slots waiting", again, l.waiting())
	}
}

// What is revoked takes only the position of that life away.
func TestLatestForgetsOneLife(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		position Position
		kept     bool
	}{
		{Position{Epoch: 2, Source: 1}, false},
		{Position{Epoch: 2, Source: 4}, true},
		{Position{Epoch: 3, Source: 1}, true},
	} {
		l := NewLatest()
		l.put("p", c.position, 1)
		l.forget(gone{name: "p", epoch: 2, source: 1, slots: 1})
		positions, revoked := l.take()
		if _, kept := positions["p"]; kept != c.kept || len(revoked) != 1 {
			t.Errorf("revoking source 1 of epoch 2 keeps %+v: %v, want %v", c.position, kept, c.kept)
		}
	}
}

package offset_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// kinds is every Store there is; each test of behaviour holds for all.
var kinds = []struct {
	name string
	make func(*testing.T) *offset.Store
}{
	{"file", func(t *testing.T) *offset.Store { return opened(t, fresh(t)) }},
	{"memory", func(*testing.T) *offset.Store { return offset.Memory() }},
}

func each(t *testing.T, do func(*testing.T, *offset.Store)) {
	t.Helper()
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			do(t, k.make(t))
		})
	}
}

func TestNewStoreIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		holds(t, s)
		if s.Epoch() != 0 || s.Snapshot().Generation != 0 {
			t.Errorf("epoch %d, %+v", s.Epoch(), s.Snapshot())
		}
	})
}

func TestCommitsAreKept(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		must(t, s.Begin(ctx, 7))
		must(t, s.Commit(ctx, 7, []connect.Offset{at("b", 5), {Partition: "a", Value: 1, Metadata: "m"}}))
		must(t, s.Commit(ctx, 7, []connect.Offset{at("b", 9)}))
		must(t, s.Commit(ctx, 7, nil))
		holds(t, s, connect.Offset{Partition: "a", Value: 1, Metadata: "m"}, at("b", 9))
		if s.Epoch() != 7 {
			t.Errorf("epoch %d", s.Epoch())
		}
	})
}

func TestNothingOfARefusedCommitIsKept(t *testing.T) {
	bad := map[string][]connect.Offset{
		"without a partition": {at("a", 9), {Value: 3}},
		"go back from 5 to 4": {at("a", 9), at("b", 4)},
		"named twice":         {at("a", 9), at("c", 1), at("c", 2)},
		"at most 32768":       {at("a", 9), at(strings.Repeat("x", 32769), 1)},
		"at most 1048576":     {at("a", 9), {Partition: "c", Metadata: strings.Repeat("x", 1<<20+1)}},
	}
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		must(t, s.Begin(ctx, 1))
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5), at("b", 5)}))
		before := s.Snapshot()
		for words, offsets := range bad {
			err := s.Commit(ctx, 1, offsets)
			refused(t, err, connect.ClassFatal, words)
			if errors.Is(err, offset.ErrFenced) {
				t.Errorf("%v: is about the offsets, not about the epoch", err)
			}
		}
		holds(t, s, at("a", 5), at("b", 5))
		if after := s.Snapshot(); after.Generation != before.Generation {
			t.Errorf("generation %d, then %d", before.Generation, after.Generation)
		}
	})
}

func TestEpochsFence(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		refused(t, s.Commit(ctx, 0, nil), connect.ClassFatal, "has not begun")
		refused(t, s.Commit(ctx, 3, []connect.Offset{at("a", 1)}), connect.ClassFatal, "epoch 3, which has not begun")
		must(t, s.Begin(ctx, 3))
		must(t, s.Begin(ctx, 3))
		must(t, s.Commit(ctx, 3, []connect.Offset{at("a", 8)}))
		for _, old := range []uint64{0, 2} {
			if err := s.Begin(ctx, old); !errors.Is(err, offset.ErrFenced) || connect.ClassOf(err) != connect.ClassFatal {
				t.Errorf("beginning %d after 3: %v", old, err)
			}
		}
		must(t, s.Begin(ctx, 4))
		if err := s.Commit(ctx, 3, []connect.Offset{at("a", 9)}); !errors.Is(err, offset.ErrFenced) {
			t.Errorf("a commit of epoch 3 after 4 has begun: %v", err)
		}
		must(t, s.Commit(ctx, 4, []connect.Offset{at("a", 2)})) // a new epoch may begin further back
		refused(t, s.Commit(ctx, 4, []connect.Offset{at("a", 1)}), connect.ClassFatal, "go back from 2 to 1")
		refused(t, s.Commit(ctx, 5, []connect.Offset{at("a", 9)}), connect.ClassFatal, "epoch 5")
		refused(t, s.Begin(ctx, math.MaxUint64), connect.ClassFatal, "none could follow")
		holds(t, s, at("a", 2))
	})
}

func TestRevokedPartitionsMayBeginAnew(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		refused(t, s.Revoke(ctx, 1, "a"), connect.ClassFatal, "has not begun")
		must(t, s.Begin(ctx, 1))
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5), at("b", 5)}))
		before := s.Snapshot().Generation
		must(t, s.Revoke(ctx, 1, "a", "unknown"))
		holds(t, s, at("a", 5), at("b", 5))
		if after := s.Snapshot().Generation; after != before {
			t.Errorf("generation %d, then %d", before, after)
		}
		refused(t, s.Commit(ctx, 1, []connect.Offset{at("a", 3), at("b", 3)}), connect.ClassFatal, `"b" would go back`)
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 3)})) // the refused commit has not used it up
		refused(t, s.Commit(ctx, 1, []connect.Offset{at("a", 2)}), connect.ClassFatal, "go back from 3 to 2")
		holds(t, s, at("a", 3), at("b", 5))
		must(t, s.Revoke(ctx, 1, "b"))
		must(t, s.Begin(ctx, 2))
		must(t, s.Commit(ctx, 2, []connect.Offset{at("b", 1)}))
		refused(t, s.Commit(ctx, 2, []connect.Offset{at("b", 0)}), connect.ClassFatal, "go back") // that was in epoch 1
		if err := s.Revoke(ctx, 1, "b"); !errors.Is(err, offset.ErrFenced) {
			t.Errorf("revoked by an epoch that is over: %v", err)
		}
	})
}

func TestEqualPositions(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		must(t, s.Begin(ctx, 1))
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5)}))
		before := s.Snapshot().Generation
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5)}))
		if after := s.Snapshot().Generation; after != before {
			t.Errorf("a commit of nothing new is generation %d after %d", after, before)
		}
		noted := connect.Offset{Partition: "a", Value: 5, Metadata: "later"}
		must(t, s.Commit(ctx, 1, []connect.Offset{noted}))
		holds(t, s, noted)
	})
}

func TestSetAndReset(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		must(t, s.Set(ctx, 0, at("a", 5), at("b", 6), at("c", 7)))
		must(t, s.Set(ctx, 1, at("a", 2)))
		holds(t, s, at("a", 2), at("b", 6), at("c", 7))
		if err := s.Set(ctx, 1, at("a", 9)); !errors.Is(err, offset.ErrChanged) {
			t.Errorf("set at a generation that is over: %v", err)
		}
		if err := s.Reset(ctx, 9); !errors.Is(err, offset.ErrChanged) {
			t.Errorf("reset at a generation that has not been: %v", err)
		}
		refused(t, s.Set(ctx, 2, connect.Offset{Value: 1}), connect.ClassConfig, "without a partition")
		refused(t, s.Reset(ctx, 2, "a", "z"), connect.ClassConfig, `"z"`, `"a", "b", "c"`)
		refused(t, s.Reset(ctx, 2, "a", "a"), connect.ClassConfig, `"a"`)
		must(t, s.Reset(ctx, 2, "a", "c"))
		holds(t, s, at("b", 6))
		must(t, s.Reset(ctx, 3))
		holds(t, s)
		refused(t, s.Reset(ctx, 4, "b"), connect.ClassConfig, "there is none")
		if s.Epoch() != 4 {
			t.Errorf("epoch %d after four changes by hand", s.Epoch())
		}
		must(t, s.Begin(ctx, 5))
		refused(t, s.Set(ctx, 5, at("a", 1)), connect.ClassConfig, "epoch 5 is running")
		refused(t, s.Reset(ctx, 5), connect.ClassConfig, "while their connector is stopped")
	})
}

func TestClosedStoreRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		ctx := t.Context()
		must(t, s.Begin(ctx, 1))
		must(t, s.Commit(ctx, 1, []connect.Offset{at("a", 5)}))
		must(t, s.Close())
		must(t, s.Close())
		for what, err := range map[string]error{
			"Begin": s.Begin(ctx, 2), "Commit": s.Commit(ctx, 1, []connect.Offset{at("a", 6)}),
			"Set": s.Set(ctx, 2, at("a", 1)), "Reset": s.Reset(ctx, 2),
		} {
			if !errors.Is(err, offset.ErrClosed) || connect.ClassOf(err) != connect.ClassFatal {
				t.Errorf("%s of a closed store: %v", what, err)
			}
		}
		holds(t, s, at("a", 5))
	})
}

func TestEndedContext(t *testing.T) {
	each(t, func(t *testing.T, s *offset.Store) {
		must(t, s.Begin(t.Context(), 1))
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		refused(t, s.Commit(ctx, 1, []connect.Offset{at("a", 1)}), connect.ClassRetryable, "enough", "not known to be stored")
		holds(t, s)
	})
}

func TestFileKeepsEverything(t *testing.T) {
	t.Parallel()
	path, ctx := fresh(t), t.Context()
	s := opened(t, path)
	must(t, s.Begin(ctx, 41))
	odd := connect.Offset{Partition: "\xff\x00\n", Value: math.MaxUint64, Metadata: "\x00\xfe"}
	long := connect.Offset{Partition: strings.Repeat("p", 32<<10), Value: 1, Metadata: strings.Repeat("m", 1<<20)}
	must(t, s.Commit(ctx, 41, []connect.Offset{odd, at("zero", 0), long}))
	shot := s.Snapshot()
	must(t, s.Close())

	s = opened(t, path)
	holds(t, s, long, at("zero", 0), odd)
	if again := s.Snapshot(); again.Epoch != 41 || again.Generation != shot.Generation || again.Connector != "orders" {
		t.Errorf("%d, %d, %q", again.Epoch, again.Generation, again.Connector)
	}
	if err := s.Begin(ctx, 41); !errors.Is(err, offset.ErrFenced) {
		t.Errorf("another process begins the same epoch: %v", err)
	}
	refused(t, s.Commit(ctx, 41, nil), connect.ClassFatal, "has not begun")
	must(t, s.Begin(ctx, 42))
}

// TestManyPartitions takes the file through branches, growth and free pages.
func TestManyPartitions(t *testing.T) {
	t.Parallel()
	path, ctx := fresh(t), t.Context()
	s := opened(t, path)
	must(t, s.Begin(ctx, 1))
	var want []connect.Offset
	for i := range 2000 {
		want = append(want, at("partition-"+string(rune('a'+i/26/26%26))+string(rune('a'+i/26%26))+string(rune('a'+i%26)), uint64(i)))
	}
	must(t, s.Commit(ctx, 1, want))
	for i := range 20 {
		for j := i; j < len(want); j += 97 {
			want[j].Value += 1000
		}
		must(t, s.Commit(ctx, 1, want))
	}
	must(t, s.Close())
	s = opened(t, path)
	holds(t, s, want...)
	must(t, s.Reset(ctx, s.Snapshot().Generation))
	must(t, s.Close())
	holds(t, opened(t, path))
}

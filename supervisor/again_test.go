package supervisor_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// rebalanced is a source whose progress waits for commits, and which loses p0 while
// the first commit of it is under way.
type rebalanced struct {
	*ledger
	epoch connect.Epoch
	lost  atomic.Bool
	again []connect.Offset // what the second epoch was told of before anything else
}

func (r *rebalanced) Contract() connect.Contract {
	return connect.Contract{Replayable: true, AckGatesProgress: true}
}

func (r *rebalanced) Initialize(ctx context.Context, e connect.Epoch) error {
	r.epoch = e
	return r.ledger.Initialize(ctx, e)
}

func (r *rebalanced) Commit(ctx context.Context, offsets []connect.Offset) error {
	if r.inits == 2 && r.again == nil {
		r.again = slices.Clone(offsets)
	}
	isLost := func(o connect.Offset) bool { return o.Partition == "p0" }
	if !r.lost.Load() && slices.ContainsFunc(offsets, isLost) {
		r.epoch.Revoke("p0")
		r.mu.Lock()
		r.partitions = []string{"p1", "p2"}
		r.mu.Unlock()
		r.lost.Store(true)
	}
	return r.ledger.Commit(ctx, offsets)
}

// A partition that is revoked while a commit of it is under way belongs to somebody
// else: the next epoch is told of the others alone.
func TestRevokedDuringACommitIsNotGivenAgain(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		source := &rebalanced{ledger: newLedger(s.topic())}
		source.every = 50 * time.Millisecond
		var sick atomic.Bool
		source.healthy = func() error {
			if sick.Load() {
				return context.DeadlineExceeded
			}
			return nil
		}
		source.initialize = func(int) error { sick.Store(false); return nil }
		cfg := s.config("[delivery]\ncommit_after = \"acknowledged\"\n")
		cfg.Processing.HealthCheckIntervalMS = 1000
		r := s.start(source, cfg)
		s.eventually("p0 is lost", time.Minute, source.lost.Load)
		sick.Store(true)
		s.pass(5 * time.Minute)
		must(t, r.stop())
		if source.inits != 2 || len(source.again) != 2 || source.again[0].Partition != "p1" || source.again[1].Partition != "p2" {
			t.Errorf("initialized %d times, told again of %v; want 2 times, and p1 and p2", source.inits, source.again)
		}
	})
}

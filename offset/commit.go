package offset

import (
	"context"
	"maps"
	"slices"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Epoch returns the number of the last epoch that has begun, 0 before the first.
func (s *Store) Epoch() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.epoch
}

// Resume returns the last commit: one offset per partition, sorted by partition.
func (s *Store) Resume() []connect.Offset {
	s.mu.Lock()
	defer s.mu.Unlock()
	offsets := make([]connect.Offset, 0, len(s.state.positions))
	for _, name := range slices.Sorted(maps.Keys(s.state.positions)) {
		offsets = append(offsets, s.state.positions[name].offset)
	}
	return offsets
}

// Begin starts an epoch, durably: from now on commits of any other are refused.
// Its number must be above Epoch, else ErrFenced; beginning the current epoch
// again does nothing. Errors are as for Commit.
func (s *Store) Begin(ctx context.Context, epoch uint64) error {
	return s.change(ctx, func(held *state) (*change, error) { return held.begin(epoch) })
}

// Commit stores offsets, at most one per partition, of the epoch that has begun.
// It stores all of them or none; nil means that they are on the disk.
//
// An error of ClassFatal is one that a repetition cannot change: an offset without
// a partition or named twice, a position that would go back within the epoch, an
// epoch that is over (ErrFenced) or has not begun, a closed store (ErrClosed), a
// disk that does not confirm what it was given, a file that was taken away. All
// else is retryable, and the last commit still stands. When ctx ends first, the
// write goes on: it may yet be stored, and the next call waits for its end; the
// same offsets may be given again.
func (s *Store) Commit(ctx context.Context, epoch uint64, offsets []connect.Offset) error {
	return s.change(ctx, func(held *state) (*change, error) { return held.commit(epoch, offsets, time.Now()) })
}

// Revoke is for source partitions that were taken away (connect.Epoch): when they
// come back within the epoch, their next commit may be further back than the last.
// Until then, and after a crash, the last commit stands. It writes nothing, and an
// epoch that is over or has not begun is an error as for Commit.
func (s *Store) Revoke(ctx context.Context, epoch uint64, partitions ...string) error {
	return s.change(ctx, func(held *state) (*change, error) { return nil, held.revoke(epoch, partitions) })
}

// Set puts positions wherever they are wanted, forward or back, while no epoch has
// begun. generation is the one the caller has seen (Snapshot); ErrChanged if it is
// no longer true. Like everything that changes the file by hand, Set takes the next
// epoch number, so commits of epochs before it are refused.
func (s *Store) Set(ctx context.Context, generation uint64, offsets ...connect.Offset) error {
	return s.change(ctx, func(held *state) (*change, error) { return held.set(generation, offsets, time.Now()) })
}

// Reset forgets the positions of the named partitions, or of all if none is named:
// the source begins there anew. For the rest it is like Set. A partition that is
// not there is an error of ClassConfig.
func (s *Store) Reset(ctx context.Context, generation uint64, partitions ...string) error {
	return s.change(ctx, func(held *state) (*change, error) { return held.reset(generation, partitions) })
}

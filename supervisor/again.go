package supervisor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// gave remembers what the source has been told of in an epoch, for a source whose
// progress waits for it; but for partitions that were revoked meanwhile, which may
// belong to somebody else by now.
func (k *keeper) gave(number uint64, offsets []connect.Offset) {
	if !k.rt.contract.AckGatesProgress {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.given == nil {
		k.given = map[string]connect.Offset{}
	}
	for _, o := range offsets {
		if k.rt.gate.Alive(number, o.Partition) { // Revoke asks the gate first, and forget then
			k.given[o.Partition] = o
		}
	}
}

// forget lets go of partitions that were taken away.
func (k *keeper) forget(partitions ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range partitions {
		delete(k.given, p)
	}
}

// owed returns what the source was told of before this epoch: by what the store
// holds, which is written first, or else by what Commit was given.
func (k *keeper) owed() []connect.Offset {
	if k.rt.offsets != nil {
		return k.rt.offsets.Resume()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.SortedFunc(maps.Values(k.given), func(x, y connect.Offset) int { return strings.Compare(x.Partition, y.Partition) })
}

// giveAgain tells a source whose progress waits for commits of those there were: it
// forgot them with the epoch before, and would wait for ever. It fails like
// Initialize does. The door is shut meanwhile, so this is the only Commit there is.
func (k *keeper) giveAgain(ctx context.Context) (err error) {
	c, ok := k.source.(connect.Committer)
	offsets := k.owed()
	if !ok || !k.rt.contract.AckGatesProgress || len(offsets) == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, k.rt.cfg.Danube.RequestTimeout)
	defer cancel()
	k.call("Commit", func() { err = c.Commit(bounded, offsets) })
	if err != nil {
		return fmt.Errorf("commit of %s and %d more, given again after a re-open: %w", offsets[0], len(offsets)-1, err)
	}
	return nil
}

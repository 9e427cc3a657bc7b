package supervisor

import (
	"context"
	"sync/atomic"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// SlowDisk is a disk whose writes take their time, under the offset store.
type SlowDisk struct {
	// Delay is how long a write takes, in nanoseconds.
	Delay atomic.Int64
}

// Under puts the disk under the store that rt will open.
func (d *SlowDisk) Under(rt *Runtime) {
	open := rt.openStore
	rt.openStore = func(path, connector string) (offsetStore, error) {
		store, err := open(path, connector)
		return &slowStore{store, d}, err
	}
}

// slowStore waits before it has a Commit stored; as a real store, it does not hold
// its caller longer than that wants to wait.
type slowStore struct {
	offsetStore
	disk *SlowDisk
}

func (s *slowStore) Commit(ctx context.Context, epoch uint64, offsets []connect.Offset) error {
	t := time.NewTimer(time.Duration(s.disk.Delay.Load()))
	defer t.Stop()
	select {
	case <-t.C:
		return s.offsetStore.Commit(ctx, epoch, offsets)
	case <-ctx.Done():
		return ctx.Err()
	}
}

package supervisor

import (
	"context"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
)

// What is asked of the source beside its intake: each behind the door, so that
// nothing overlaps Initialize or Shutdown.

// shutdown calls Shutdown alone.
func (k *keeper) shutdown(ctx context.Context) (err error) {
	leave, err := k.door.alone(ctx)
	if err != nil {
		return fmt.Errorf("shutdown was not called: %w", err)
	}
	defer leave()
	k.open.Store(false)
	k.ended()
	if s, ok := k.source.(connect.Shutdowner); ok {
		k.call("Shutdown", func() { err = s.Shutdown(ctx) })
	}
	k.life.closed()
	return err
}

// ended lets go of whoever waits for something of the newest epoch.
func (k *keeper) ended() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil {
		k.current.over()
	}
}

// commit is what the committer calls.
func (k *keeper) commit(ctx context.Context, number uint64, offsets []connect.Offset) error {
	leave, err := enter(ctx, k.door.commit)
	if err != nil {
		if !k.open.Load() {
			return committer.ErrStale // a long Initialize or Shutdown keeps the door shut
		}
		return err
	}
	defer leave()
	if number != k.number.Load() || !k.open.Load() {
		return committer.ErrStale
	}
	if err := k.rt.store(ctx, number, offsets); err != nil {
		return err
	}
	c, ok := k.source.(connect.Committer)
	if !ok {
		return nil
	}
	if err := c.Commit(ctx, offsets); err != nil {
		return err
	}
	k.gave(number, offsets)
	return nil
}

// check is what the prober of the source calls; without a source to ask, all is
// well, also while a long Initialize or Shutdown keeps the door shut.
func (k *keeper) check(ctx context.Context) error {
	k.asked.Store(k.number.Load())
	leave, err := enter(ctx, k.door.health)
	if err != nil {
		if !k.open.Load() {
			return nil
		}
		return err
	}
	defer leave()
	k.asked.Store(k.number.Load()) // it does not change before leave
	c, ok := k.source.(connect.HealthChecker)
	if !ok || !k.open.Load() {
		return nil
	}
	return c.HealthCheck(ctx)
}

// checked is told how the check went, and unhealthy that too many failed. The epoch
// that was asked may be over by then.
func (k *keeper) checked(err error, _ int) { k.ill(k.asked.Load(), ofHealth, err) }

func (k *keeper) unhealthy(cause error) { k.Reopen(k.asked.Load(), cause) }

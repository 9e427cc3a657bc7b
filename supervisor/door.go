package supervisor

import (
	"context"
	"fmt"
)

// door keeps Commit and HealthCheck out while Initialize or Shutdown is under way,
// and each of them from overlapping itself. Its locks are channels, so that
// waiting for one ends with a context.
type door struct{ commit, health chan struct{} }

func newDoor() *door {
	return &door{commit: make(chan struct{}, 1), health: make(chan struct{}, 1)}
}

// enter takes one of the locks; the caller must call leave once.
func enter(ctx context.Context, lock chan struct{}) (leave func(), err error) {
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// alone takes both locks: no Commit and no HealthCheck is running until leave. Its
// error names the one that did not return.
func (d *door) alone(ctx context.Context) (leave func(), err error) {
	leaveCommit, err := enter(ctx, d.commit)
	if err != nil {
		return nil, fmt.Errorf("call of Commit has not returned: %w", err)
	}
	leaveHealth, err := enter(ctx, d.health)
	if err != nil {
		leaveCommit()
		return nil, fmt.Errorf("call of HealthCheck has not returned: %w", err)
	}
	return func() { leaveHealth(); leaveCommit() }, nil
}

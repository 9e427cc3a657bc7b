package supervisor

import (
	"context"
	"errors"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
)

// epoch is what a source is told about one of its lives; see connect.Epoch.
type epoch struct {
	rt     *Runtime
	number uint64
}

var _ connect.Epoch = (*epoch)(nil)

func (e *epoch) over() bool { return e.rt.keeper.number.Load() != e.number }

// Number returns the number of the epoch.
func (e *epoch) Number() uint64 { return e.number }

// Resume is empty: the source keeps its offsets itself.
func (e *epoch) Resume() []connect.Offset { return nil }

// Declare adds topics.
func (e *epoch) Declare(ctx context.Context, producers ...connect.Producer) error {
	switch {
	case e.over():
		return connect.ErrStopped
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return e.rt.topics.declare(producers...)
}

// Flush waits until what was handed over so far is committed.
func (e *epoch) Flush(ctx context.Context, partitions ...string) error {
	if e.over() {
		return connect.ErrStopped
	}
	err := e.rt.progress.Wait(ctx, e.number, e.rt.gate.Marks(partitions...))
	if errors.Is(err, committer.ErrStale) {
		return connect.ErrStopped
	}
	return err
}

// Revoke forgets source partitions.
func (e *epoch) Revoke(partitions ...string) {
	if !e.over() {
		e.rt.gate.Revoke(partitions...)
	}
}

package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
)

// epoch is what a source is told about one of its lives; see connect.Epoch.
type epoch struct {
	rt     *Runtime
	number uint64
	resume []connect.Offset
	life   context.Context // ends with the epoch, its cause connect.ErrStopped
	end    context.CancelCauseFunc
	door   atomic.Pointer[handover.Intake] // nil until Initialize has returned
}

var _ connect.Epoch = (*epoch)(nil)

func newEpoch(rt *Runtime, number uint64) *epoch {
	e := &epoch{rt: rt, number: number}
	if rt.offsets != nil {
		e.resume = rt.offsets.Resume()
	}
	e.life, e.end = context.WithCancelCause(context.Background())
	return e
}

// begin lets records in.
func (e *epoch) begin(intake *handover.Intake) { e.door.Store(intake) }

func (e *epoch) intake() *handover.Intake { return e.door.Load() }

// over is said when the epoch has ended: whoever waits is let go.
func (e *epoch) over() { e.end(connect.ErrStopped) }

// Number returns the number of the epoch.
func (e *epoch) Number() uint64 { return e.number }

// Resume returns what the offset store holds; nothing when there is none.
func (e *epoch) Resume() []connect.Offset { return slices.Clone(e.resume) }

// Declare adds topics.
func (e *epoch) Declare(ctx context.Context, producers ...connect.Producer) error {
	switch {
	case e.life.Err() != nil:
		return connect.ErrStopped
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return e.rt.topics.declare(producers...)
}

// Flush waits until what was handed over so far is committed. Before Initialize has
// returned, that is nothing.
func (e *epoch) Flush(ctx context.Context, partitions ...string) error {
	if e.life.Err() != nil {
		return connect.ErrStopped
	}
	intake := e.intake()
	if intake == nil {
		return nil
	}
	both, cancel := until(ctx, e.life)
	defer cancel()
	err := e.rt.progress.Wait(both, e.number, intake.Marks(partitions...))
	if errors.Is(err, committer.ErrStale) {
		return connect.ErrStopped
	}
	return err
}

// Revoke forgets source partitions.
func (e *epoch) Revoke(partitions ...string) {
	if e.life.Err() != nil || e.intake() == nil {
		return
	}
	e.rt.gate.Revoke(partitions...)
	e.rt.keeper.forget(partitions...)
	if e.rt.offsets == nil {
		return
	}
	if err := e.rt.offsets.Revoke(e.life, e.number, partitions...); err != nil {
		e.rt.log.Warn("offset store: revoked partitions", slog.Any("error", err))
	}
}

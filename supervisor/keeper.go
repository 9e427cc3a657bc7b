package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/poller"
	"github.com/danube-messaging/danube-connect-go/actors/streamer"
	"github.com/danube-messaging/danube-connect-go/internal/handover"
)

// keeper is the actor that keeps the source alive, epoch after epoch. It is the
// only one to call Initialize, Poll, Stream and, until the ordered stop takes
// over, Shutdown.
type keeper struct {
	source connect.Source
	rt     *Runtime
	door   *door
	life   lifecycle

	// stop ends when the runtime takes no more records.
	stop    context.Context
	endTake context.CancelFunc

	number  atomic.Uint64          // of the newest epoch
	asked   atomic.Uint64          // the epoch that was newest when its health was asked for last
	open    atomic.Bool            // that epoch is initialized and not shut down
	calling atomic.Pointer[string] // the call into the source that has not returned

	mu      sync.Mutex
	reopen  context.CancelCauseFunc // ends intake of the running epoch
	current *epoch                  // the newest, nil before the first
	ills    ills
	given   map[string]connect.Offset // the last commits, if progress waits for them
}

const sourceName = "source"

func newKeeper(rt *Runtime, source connect.Source) *keeper {
	k := &keeper{source: source, rt: rt, door: newDoor()}
	k.stop, k.endTake = context.WithCancel(context.Background())
	return k
}

// String names the actor.
func (k *keeper) String() string { return sourceName }

// Serve keeps the source going until it has ended or the runtime stops (nil). An
// epoch that failed is closed before Serve returns its error, so that the pause
// before the next one holds nothing up; one that ended with a fatal error is left
// to the ordered stop, which drains it.
func (k *keeper) Serve(ctx context.Context) error {
	for {
		var err error
		switch k.life.next(k.stop.Err() != nil) {
		case closeEpoch:
			k.close(ctx)
		case openEpoch:
			err = k.begin(ctx)
		case runIntake:
			err = k.intake(ctx)
		case finish:
			return nil
		}
		again, asked := errors.AsType[*errReopen](err)
		switch {
		case err == nil, !isFinal(err) && k.stop.Err() != nil:
			// An error seen while stopping is no verdict (law 8).
		case isFinal(err):
			return err
		case asked && again.rewind:
			k.close(ctx) // and on at once: nothing is wrong with the source
		default:
			k.close(ctx)
			return err
		}
	}
}

// call makes a call into the source that can be named while it lasts.
func (k *keeper) call(name string, f func()) {
	k.calling.Store(&name)
	defer k.calling.Store(nil)
	f()
}

// begin opens an epoch.
func (k *keeper) begin(ctx context.Context) error {
	bounded, cancel := until(ctx, k.stop)
	defer cancel()
	if err := k.rt.awaitSchemas(bounded); err != nil {
		return err
	}
	leave, err := k.door.alone(ctx)
	if err != nil {
		return err
	}
	defer leave()
	number := max(k.number.Load()+1, k.rt.storedEpoch()+1, uint64(time.Now().UnixMicro()))
	k.number.Store(number)
	k.life.opening()
	e := newEpoch(k.rt, number)
	k.mu.Lock()
	k.current, k.reopen = e, nil // until its intake runs there is nothing to end
	k.mu.Unlock()
	k.call("Initialize", func() { err = k.source.Initialize(bounded, e) })
	if err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	var producers []connect.Producer
	k.call("Producers", func() { producers = k.source.Producers() })
	if err := k.rt.topics.declareFirst(producers...); err != nil {
		return err
	}
	if k.rt.offsets != nil {
		if err := k.rt.offsets.Begin(ctx, number); err != nil {
			return err
		}
	}
	if err := k.giveAgain(bounded); err != nil {
		return err
	}
	k.rt.gate.Begin(number)
	e.begin(k.rt.gate.Running())
	k.open.Store(true)
	k.life.opened(nil)
	k.well()
	k.rt.log.Info("source initialized", slog.Uint64("epoch", number), slog.Int("topics", len(producers)))
	if names := k.rt.topics.unused(); len(names) > 0 {
		k.rt.log.Warn("[topics] has tables of topics that are not declared; unless they are later, what these say is of no effect",
			slog.Any("topics", names))
	}
	return nil
}

// until returns a context that ends with either of two.
func until(ctx, other context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(ctx)
	release := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return both, func() { release(); cancel(nil) }
}

// intake runs the poller or the streamer until it ends.
func (k *keeper) intake(ctx context.Context) error {
	taking, cancel := context.WithCancelCause(k.stop)
	defer cancel(nil)
	k.mu.Lock()
	k.reopen = cancel
	k.mu.Unlock()

	k.life.running()
	var err error
	k.call(k.mode(), func() { err = k.intakeActor(taking, k.current.intake()).Serve(ctx) })
	asked, again := errors.AsType[*errReopen](context.Cause(taking))
	if again && !isFinal(err) && !errors.Is(err, connect.ErrEnd) && k.stop.Err() == nil {
		err = asked
	}
	k.life.ran(err)
	if errors.Is(err, connect.ErrEnd) {
		k.rt.log.Info("source has ended", slog.Uint64("epoch", k.number.Load()))
		return nil
	}
	return err
}

func (k *keeper) mode() string {
	if _, ok := k.source.(connect.Poller); ok {
		return "Poll"
	}
	return "Stream"
}

func (k *keeper) intakeActor(stop context.Context, intake *handover.Intake) actor {
	cfg, rt := k.rt.cfg, k.rt
	if p, ok := k.source.(connect.Poller); ok {
		return poller.New(poller.Settings{
			Source: p, Stop: stop, Logger: rt.log,
			Hand: func(ctx context.Context, envelopes []connect.Envelope) error {
				return halting(intake.HandAll(ctx, envelopes))
			},
			Open:     rt.valve.opened,
			Interval: cfg.Processing.PollInterval(), MaxRetries: cfg.Retry.MaxRetries,
			Backoff: cfg.Retry.Backoff(), MaxBackoff: cfg.Retry.MaxBackoff(),
			Report: func(err error) { k.ill(k.number.Load(), ofPoll, err) },
		})
	}
	return streamer.New(streamer.Settings{
		Source: k.source.(connect.Streamer), Stop: stop, Cut: rt.cut.Done(),
		Hand: intake.Hand, NeverSettles: rt.neverSettles(),
		Halt: func(err error) {
			intake.Shut() // before anything that follows the record is taken (law 6)
			rt.fail(halting(err))
		},
	})
}

// caution says that reading goes less far ahead than it may, and why.
func (k *keeper) caution() error {
	if span := k.rt.budget.Caution(); span > 0 {
		return fmt.Errorf("broker lives shorter than settling takes; reading %d records ahead of the commit", span)
	}
	return nil
}

// close ends the epoch in the order of the flow: no more intake; what is unsent is
// taken back, or sent if the source cannot offer it again; what is in flight is
// awaited; what can be committed is; then Shutdown. A runtime that stops meanwhile
// leaves the rest to the ordered stop.
func (k *keeper) close(ctx context.Context) {
	k.rt.gate.Shut()
	bounded, cancel := until(ctx, k.stop)
	defer cancel()
	if err := k.rt.topics.withdraw(bounded, k.number.Load(), !k.replayable()); err != nil {
		return
	}
	settle, cancelSettle := context.WithTimeout(bounded, settleTimeout)
	defer cancelSettle()
	if err := k.rt.commitNow(settle); err != nil {
		k.rt.log.Warn("last commit of the epoch failed; what it would have covered is read again", slog.Any("error", err))
	}
	if bounded.Err() != nil {
		return
	}
	down, cancelDown := context.WithTimeout(ctx, k.rt.cfg.Delivery.DrainTimeout)
	defer cancelDown()
	if err := k.shutdown(down); err != nil {
		k.rt.log.Warn("shutdown of the source failed", slog.Any("error", err))
	}
}

// settleTimeout bounds how long the end of an epoch waits for its last commit.
const settleTimeout = 5 * time.Second

// replayable reports whether the source offers again what was not committed.
func (k *keeper) replayable() bool { return k.rt.contract.Replayable }

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// run is the roof: it starts everything, waits for a reason to stop, stops in the
// order of the flow, and cancels its own tree last.
func (rt *Runtime) run(ctx context.Context) error {
	if rt.err != nil {
		rt.ending()
		return rt.err
	}
	if rt.served.Swap(true) {
		return connect.ConfigError("%s has been served before; make a new Runtime to run the source again", rt)
	}
	defer rt.ending()
	client, err := danube.New(clientSettings(rt.cfg, rt.opts, rt.log))
	if err != nil {
		return err
	}
	rt.client = client
	if err := rt.openOffsets(); err != nil {
		client.Close()
		return err
	}
	defer rt.share()()
	rt.plant()

	// The hard cut: neither ctx nor a fatal error ends it, only Kill and the end of
	// the ordered stop.
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(rt.kill, cut)()
	treeEnded := rt.tree.root.ServeBackground(hard)
	rt.log.Info("runtime started", slog.String("broker", rt.cfg.DanubeServiceURL))

	select {
	case <-ctx.Done():
		rt.log.Info("stopping", slog.Any("cause", context.Cause(ctx)))
	case <-rt.failed:
	case <-rt.source.finished:
	case <-rt.kill.Done():
	}
	faults := rt.stop(hard)
	cut()
	<-treeEnded
	rt.keeper.ended()
	rt.client.Close()
	if err := rt.closeOffsets(); err != nil {
		faults = append(faults, err)
	}
	rt.board.Set(brokerName, health.Stopped, nil)
	return errors.Join(append(rt.causes(), faults...)...)
}

// tenth of drain_timeout is kept back for the last commit, and as much for Shutdown.
const tenth = 10

// stop is the ordered stop (design §5.6). Each step waits for the one before as
// long as the deadline allows, and every step is taken even when an earlier one
// did not finish.
func (rt *Runtime) stop(hard context.Context) (faults []error) {
	total := rt.cfg.Delivery.DrainTimeout
	end := time.Now().Add(total)
	drain, cancelDrain := context.WithDeadline(hard, end.Add(-2*total/tenth))
	defer cancelDrain()
	commit, cancelCommit := context.WithDeadline(hard, end.Add(-total/tenth))
	defer cancelCommit()
	last, cancelLast := context.WithDeadline(hard, end)
	defer cancelLast()

	rt.keeper.endTake() // before a pause ends, so that nothing is polled any more
	rt.ending()
	rt.stopping()
	defer context.AfterFunc(hard, rt.cutNow)()
	back := rt.endIntake(drain, commit)
	rt.topics.endFeed()
	dry := rt.topics.finished(drain)
	if rt.kill.Err() != nil {
		return []error{errKilled}
	}
	if dry != nil && rt.budget.Totals().InFlight > 0 {
		faults = append(faults, rt.unresolved(total))
	}
	if rt.budget.Totals().Retained > 0 {
		faults = append(faults, rt.unsettled(total))
	}
	if err := rt.lastCommit(commit); err != nil {
		faults = append(faults, fmt.Errorf("last commit: %w", err))
	}
	switch {
	case !back:
		faults = append(faults, rt.stuck())
	case rt.keeper.life.phase != down:
		if err := rt.shutdown(last); err != nil {
			faults = append(faults, err)
		}
	}
	rt.log.Info("stopped", slog.Any("totals", rt.Totals()))
	return faults
}

var errKilled = errors.New("killed: nothing was awaited, what was in flight is not committed")

// endIntake shuts the gate for senders and asks Poll or Stream to end; it reports
// whether the source came back. What a Poll has returned is still handed over while
// there is room for it before the end of drain; then it is left to be read again,
// and the source has until the end of grace to come back.
func (rt *Runtime) endIntake(drain, grace context.Context) (back bool) {
	if _, streams := rt.keeper.source.(connect.Streamer); streams || len(rt.causes()) > 0 && rt.keeper.replayable() {
		// A Poll result that waits for room behind a record that cannot be delivered
		// would wait for the deadline.
		rt.gate.Shut()
	}
	select {
	case <-rt.source.finished:
	case <-drain.Done():
	}
	rt.gate.Shut()
	if drain.Err() != nil {
		rt.cutNow() // Stream may wait in Deliver
	}
	half := time.NewTimer(rt.cfg.Delivery.DrainTimeout / tenth / 2)
	defer half.Stop()
	select {
	case <-rt.source.finished:
		return true
	case <-half.C:
	case <-grace.Done():
	}
	return false
}

// unresolved says what the deadline cut off.
func (rt *Runtime) unresolved(total time.Duration) error {
	what := "not committed and will be read again"
	if !rt.keeper.replayable() {
		what = "not published, and lost if nobody sends them again"
	}
	parts := []string{fmt.Sprintf("not drained within %v: %d records in flight are %s", total, rt.budget.Totals().InFlight, what)}
	for i, t := range rt.topics.snapshot() {
		if n := rt.budget.Topic(int32(i)).InFlight; n > 0 {
			parts = append(parts, fmt.Sprintf("%d for %s", n, t.producer.Topic))
		}
	}
	for _, c := range rt.board.Components() {
		if c.Cause != "" && c.State != health.Running {
			parts = append(parts, c.Name+": "+c.Cause)
		}
	}
	return errors.New(strings.Join(parts, "; "))
}

// unsettled says what the broker has acknowledged and may still forget, with nobody
// left to send it again.
func (rt *Runtime) unsettled(total time.Duration) error {
	parts := []string{fmt.Sprintf("not settled within %v: %d records are acknowledged, and lost if the broker ended, or ends, before it has written them",
		total, rt.budget.Totals().Retained)}
	for i, t := range rt.topics.snapshot() {
		if n := rt.budget.Topic(int32(i)).Retained; n > 0 {
			parts = append(parts, fmt.Sprintf("%d for %s", n, t.producer.Topic))
		}
	}
	return errors.New(strings.Join(parts, "; "))
}

// stuck names a source that did not come back; it is never called again.
func (rt *Runtime) stuck() error {
	call := "a call"
	if name := rt.keeper.calling.Load(); name != nil {
		call = *name
	}
	err := fmt.Errorf("source is stuck: %s has not returned since its context ended; Shutdown was not called", call)
	rt.board.Set(sourceName, health.Stuck, err)
	return err
}

// lastCommit commits what is resolved, again and again until it is stored or ctx
// ends.
func (rt *Runtime) lastCommit(ctx context.Context) error {
	for {
		err := rt.commitNow(ctx)
		if err == nil || isFinal(err) || ctx.Err() != nil {
			return err
		}
		t := time.NewTimer(100 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}

// commitNow commits whatever is resolved at this moment.
func (rt *Runtime) commitNow(ctx context.Context) error {
	if isClosed(rt.commit.finished) {
		return nil // its fatal error is among the causes
	}
	seen := make(chan struct{})
	rt.notices.Put(flow.Notice{Kind: flow.Sync, Reply: seen})
	select {
	case <-seen:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return rt.committer.Now(ctx)
}

// shutdown ends the last epoch. It runs beside the deadline, so that a Shutdown
// that does not return is named instead of waited for.
func (rt *Runtime) shutdown(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- rt.guardedShutdown(ctx) }()
	select {
	case err := <-done:
		return rt.down(err)
	case <-ctx.Done():
	}
	breath := time.NewTimer(100 * time.Millisecond)
	defer breath.Stop()
	err := errors.New("call of Shutdown has not returned within [delivery] drain_timeout")
	select {
	case err = <-done: // it was not called, or has come back just in time
		if err == nil {
			return rt.down(nil)
		}
	case <-breath.C:
	}
	err = fmt.Errorf("source is stuck: %w", err)
	rt.board.Set(sourceName, health.Stuck, err)
	return err
}

// down says how Shutdown went.
func (rt *Runtime) down(err error) error {
	if err != nil {
		return fmt.Errorf("shutdown of the source: %w", err)
	}
	rt.board.Set(sourceName, health.Stopped, nil)
	return nil
}

func (rt *Runtime) guardedShutdown(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return rt.keeper.shutdown(ctx)
}

// stopping says so on the board.
func (rt *Runtime) stopping() {
	for _, c := range rt.board.Components() {
		rt.board.Set(c.Name, health.Stopping, nil)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

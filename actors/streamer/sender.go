package streamer

import (
	"context"
	"errors"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// handover takes the envelopes of one call.
type handover func(ctx context.Context, envelopes []connect.Envelope, waiter func(i int) flow.Waiter) error

// sender is the connect.Sender of one Stream call.
type sender struct {
	hand  handover
	halt  func(error)
	cut   <-chan struct{}
	never error // why no record is ever settled
	ended chan struct{}
	once  sync.Once
}

func newSender(s Settings) *sender {
	return &sender{hand: s.Hand, halt: s.Halt, cut: s.Cut, never: s.NeverSettles, ended: make(chan struct{})}
}

// close makes every later call return ErrStopped: a goroutine that outlives its
// Stream must not reach into the next epoch.
func (s *sender) close() { s.once.Do(func() { close(s.ended) }) }

func (s *sender) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// Send hands over and does not wait for the outcome.
func (s *sender) Send(ctx context.Context, envelopes ...connect.Envelope) error {
	if s.over() {
		return connect.ErrStopped
	}
	err := s.hand(ctx, envelopes, nil)
	switch connect.ClassOf(err) {
	case connect.ClassInvalid, connect.ClassConfig:
		s.halt(err)
	}
	return err
}

// Deliver hands over and waits for the broker.
func (s *sender) Deliver(ctx context.Context, level connect.Level, envelopes ...connect.Envelope) error {
	switch {
	case level != connect.Acknowledged && level != connect.Settled:
		return connect.ConfigError("deliver: there is no %s; use connect.Acknowledged or connect.Settled", level)
	case level == connect.Settled && s.never != nil:
		return connect.ConfigError("deliver: level %s is not available: %w; use connect.Acknowledged", level, s.never)
	case s.over():
		return refused(level, envelopes, connect.ErrStopped)
	}
	d := newDelivery(level, envelopes)
	err := s.hand(ctx, envelopes, d.waiter)
	if indexed, ok := errors.AsType[interface {
		error
		Index() int
	}](err); ok {
		de := refused(level, envelopes, errNotTaken)
		de.Errs[indexed.Index()] = err
		return de
	}
	if err != nil {
		return refused(level, envelopes, err)
	}
	return d.wait(ctx, s.cut)
}

var errNotTaken = errors.New("not taken, because another envelope of the call was wrong")

// refused is the answer when nothing of a call was taken.
func refused(level connect.Level, envelopes []connect.Envelope, err error) *connect.DeliveryError {
	de := &connect.DeliveryError{Level: level, Errs: make([]error, len(envelopes))}
	for i := range de.Errs {
		de.Errs[i] = err
	}
	return de
}

// delivery waits for the records of one Deliver call.
type delivery struct {
	level connect.Level

	mu      sync.Mutex
	errs    []error
	open    []bool
	pending int
	done    chan struct{}
}

func newDelivery(level connect.Level, envelopes []connect.Envelope) *delivery {
	d := &delivery{level: level, errs: make([]error, len(envelopes)), open: make([]bool, len(envelopes)), done: make(chan struct{})}
	for i := range envelopes {
		if !envelopes[i].IsMark() {
			d.open[i] = true
			d.pending++
		}
	}
	if d.pending == 0 {
		close(d.done)
	}
	return d
}

// parcelWaiter is one record's place in its call.
type parcelWaiter struct {
	*delivery
	index int
}

func (d *delivery) waiter(i int) flow.Waiter { return parcelWaiter{d, i} }

// Settles is true of a delivery that waits for more than the broker's OK.
func (w parcelWaiter) Settles() bool { return w.level == connect.Settled }

// Resolve notes the outcome of one record; see flow.Waiter.
func (w parcelWaiter) Resolve(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open[w.index] {
		return
	}
	w.open[w.index] = false
	w.errs[w.index] = err
	if w.pending--; w.pending == 0 {
		close(w.done)
	}
}

// wait returns when every record is resolved, or when ctx or cut ends.
func (d *delivery) wait(ctx context.Context, cut <-chan struct{}) error {
	var cause error
	select {
	case <-d.done:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	case <-cut:
		cause = connect.ErrStopped
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	failed := false
	de := &connect.DeliveryError{Level: d.level, Errs: make([]error, len(d.errs))}
	for i, err := range d.errs {
		if d.open[i] {
			err = cause
		}
		de.Errs[i] = err
		failed = failed || err != nil
	}
	if !failed {
		return nil
	}
	return de
}

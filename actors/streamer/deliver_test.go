package streamer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// deliver calls Deliver in a goroutine of its own.
func deliver(ctx context.Context, s connect.Sender, envelopes ...connect.Envelope) chan error {
	done := make(chan error, 1)
	go func() { done <- s.Deliver(ctx, connect.Acknowledged, envelopes...) }()
	synctest.Wait()
	return done
}

// verdicts returns the errors of a delivery, one per envelope.
func verdicts(t *testing.T, err error, n int) []error {
	t.Helper()
	de, ok := errors.AsType[*connect.DeliveryError](err)
	if !ok || len(de.Errs) != n || de.Level != connect.Acknowledged {
		t.Fatalf("Deliver = %v, want a DeliveryError about %d envelopes", err, n)
	}
	return de.Errs
}

func TestDeliverWaitsForEveryRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d desk
		s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
		mark := connect.Mark(connect.Offset{Partition: "p", Value: 1})
		done := deliver(t.Context(), s, one("a"), mark, one("b"))
		d.waiters[1].Resolve(nil)
		d.waiters[1].Resolve(errDown) // a second word changes nothing
		synctest.Wait()
		if len(done) != 0 {
			t.Fatalf("Deliver = %v before a is resolved", <-done)
		}
		d.waiters[0].Resolve(nil)
		if err := <-done; err != nil {
			t.Errorf("Deliver = %v, want nil", err)
		}
	})
}

func TestDeliverTellsWhichFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d desk
		s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
		done := deliver(t.Context(), s, one("a"), one("b"), one("c"))
		refused := connect.Invalid(errDown)
		d.waiters[1].Resolve(refused)
		d.waiters[0].Resolve(nil)
		d.waiters[2].Resolve(connect.ErrStopped)
		err := <-done
		errs := verdicts(t, err, 3)
		if errs[0] != nil || !errors.Is(errs[1], refused) || !errors.Is(errs[2], connect.ErrStopped) {
			t.Errorf("verdicts %v, want nil, the refusal and ErrStopped", errs)
		}
		if !errors.Is(err, errDown) {
			t.Errorf("%v does not lead to its causes", err)
		}
		if len(d.halted) != 0 {
			t.Errorf("halted by %v: whoever waits in Deliver is told instead", d.halted)
		}
	})
}

// ctx ends while records are under way: those that were resolved are known, the
// others carry ctx's cause, and stay under way.
func TestDeliverEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d desk
		s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
		ctx, cancel := context.WithCancelCause(t.Context())
		done := deliver(ctx, s, one("a"), one("b"), one("c"))
		d.waiters[0].Resolve(nil)
		d.waiters[1].Resolve(errDown)
		cancel(errStop)
		errs := verdicts(t, <-done, 3)
		if errs[0] != nil || !errors.Is(errs[1], errDown) || !errors.Is(errs[2], errStop) {
			t.Errorf("verdicts %v, want nil, the failure and the cause of ctx", errs)
		}
		d.waiters[2].Resolve(nil) // late, and nobody minds
		if !errors.Is(errs[2], errStop) {
			t.Error("a late outcome changed an answer that was given")
		}
	})
}

// rejected is what hand-over says of one envelope.
type rejected struct{ at int }

func (r rejected) Error() string { return "wrong" }
func (r rejected) Index() int    { return r.at }

func TestDeliverTellsWhichIsWrong(t *testing.T) {
	t.Parallel()
	d := &desk{hand: func(context.Context, []connect.Envelope) error { return rejected{1} }}
	err := newSender(Settings{Hand: d.Hand, Halt: d.Halt}).Deliver(t.Context(), connect.Acknowledged, one("a"), one("b"), one("c"))
	errs := verdicts(t, err, 3)
	if !errors.Is(errs[1], rejected{1}) || !errors.Is(errs[0], errNotTaken) || !errors.Is(errs[2], errNotTaken) {
		t.Errorf("verdicts %v, want the second wrong and the others not taken", errs)
	}
	if len(d.halted) != 0 {
		t.Errorf("halted by %v: the caller was told", d.halted)
	}
}

func TestDeliverOfNothingTaken(t *testing.T) {
	t.Parallel()
	d := &desk{hand: func(context.Context, []connect.Envelope) error { return connect.ErrStopped }}
	err := newSender(Settings{Hand: d.Hand, Halt: d.Halt}).Deliver(t.Context(), connect.Acknowledged, one("a"), one("b"))
	for _, err := range verdicts(t, err, 2) {
		if !errors.Is(err, connect.ErrStopped) {
			t.Errorf("verdict %v, want ErrStopped", err)
		}
	}
}

// Marks alone have nothing to wait for.
func TestDeliverOfMarks(t *testing.T) {
	t.Parallel()
	var d desk
	s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
	mark := connect.Mark(connect.Offset{Partition: "p", Value: 1})
	if err := s.Deliver(t.Context(), connect.Acknowledged, mark, mark); err != nil {
		t.Errorf("Deliver = %v", err)
	}
	if err := s.Deliver(t.Context(), connect.Acknowledged); err != nil {
		t.Errorf("Deliver of nothing = %v", err)
	}
}

// A level there is not, or that nothing reaches here, is a mistake: nothing is taken,
// and the error says why.
func TestDeliverRefusesALevel(t *testing.T) {
	t.Parallel()
	var d desk
	for _, c := range []struct {
		level connect.Level
		never error
	}{{0, nil}, {9, nil}, {connect.Settled, errDown}} {
		s := newSender(Settings{Hand: d.Hand, Halt: d.Halt, NeverSettles: c.never})
		err := s.Deliver(t.Context(), c.level, one("a"))
		if connect.ClassOf(err) != connect.ClassConfig || c.never != nil && !errors.Is(err, c.never) {
			t.Errorf("Deliver(%v) = %v, want a config error because of %v", c.level, err, c.never)
		}
	}
	if len(d.taken) != 0 {
		t.Errorf("took %v", d.taken)
	}
}

// Each record's waiter says what its call waits for, and so does the error.
func TestDeliverSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level   connect.Level
		settles bool
	}{{connect.Acknowledged, false}, {connect.Settled, true}} {
		synctest.Test(t, func(t *testing.T) {
			var d desk
			s := newSender(Settings{Hand: d.Hand, Halt: d.Halt})
			done := make(chan error, 1)
			go func() { done <- s.Deliver(t.Context(), c.level, one("a"), one("b")) }()
			synctest.Wait()
			for _, w := range d.waiters {
				if w.Settles() != c.settles {
					t.Errorf("%v: a waiter waits for settling: %t", c.level, w.Settles())
				}
			}
			d.waiters[0].Resolve(nil)
			d.waiters[1].Resolve(errDown)
			de, ok := errors.AsType[*connect.DeliveryError](<-done)
			if !ok || de.Level != c.level || de.Errs[0] != nil || !errors.Is(de.Errs[1], errDown) {
				t.Errorf("%v: Deliver = %+v", c.level, de)
			}
		})
	}
}

// Many callers and one publisher that answers in its own order.
func TestDeliverUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 50
		waiters := make(chan flow.Waiter, 4*callers)
		s := newSender(Settings{Hand: func(_ context.Context, envelopes []connect.Envelope, waiter func(int) flow.Waiter) error {
			for i := range envelopes {
				waiters <- waiter(i)
			}
			return nil
		}, Halt: func(err error) { t.Errorf("halted by %v", err) }})
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if err := s.Deliver(t.Context(), connect.Acknowledged, one("a"), one("b"), one("c"), one("d")); err != nil {
					t.Errorf("Deliver = %v", err)
				}
			})
		}
		for range 4 * callers {
			w := <-waiters
			all.Go(func() {
				time.Sleep(time.Millisecond)
				w.Resolve(nil)
			})
		}
		all.Wait()
	})
}

package committer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// dawn is when tests that keep their own time begin.
var dawn = time.Unix(1_000_000, 0)

// bench is a tracker that runs, and what it speaks to.
type bench struct {
	notes  *flow.Pipe[flow.Notice]
	budget *flow.Budget
	latest *Latest
	*Tracker
	stop context.CancelFunc
	done chan error
	lost []uint64 // epochs, as the tracker told
}

// newBench makes a tracker; run starts it. It is to be used in a bubble.
func newBench() *bench {
	b := &bench{notes: flow.NewPipe[flow.Notice](), budget: flow.NewBudget(flow.Limits{Records: 8, Bytes: 1000}), latest: NewLatest()}
	b.Tracker = NewTracker(TrackerSettings{Notices: b.notes, Budget: b.budget, Latest: b.latest})
	return b
}

func (b *bench) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	b.stop, b.done = stop, make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				b.done <- errPanic
			}
		}()
		b.done <- b.Serve(ctx)
	}()
	synctest.Wait()
}

var errPanic = errors.New("panic")

// begin starts an epoch with partitions p, q, … as sources 0, 1, …
func (b *bench) begin(epoch uint64, names ...string) {
	b.budget.Begin(epoch)
	b.notes.Put(flow.Notice{Kind: flow.Begun, Epoch: epoch})
	for i, name := range names {
		b.notes.Put(flow.Notice{Kind: flow.Named, Epoch: epoch, Source: int32(i), Name: name})
	}
}

// slots admits slots up to one of them, the values being ten times the slot.
func (b *bench) slots(epoch uint64, source int32, from, to uint64) {
	for slot := from; slot < to; slot++ {
		b.notes.Put(flow.Notice{Kind: flow.Admitted, Epoch: epoch, Source: source, Slot: slot, Value: 10 * slot})
	}
}

func (b *bench) resolved(epoch uint64, source int32, slots ...uint64) {
	for _, slot := range slots {
		b.notes.Put(flow.Notice{Kind: flow.Resolved, Epoch: epoch, Source: source, Slot: slot})
	}
}

// come returns what the tracker has left for the committer, once it is at rest.
func (b *bench) come() map[string]Position {
	synctest.Wait()
	positions, _ := b.latest.take()
	return positions
}

func TestTrackerPublishesThePrefix(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run(t)
		b.begin(1, "p", "q")
		b.slots(1, 0, 0, 4)
		b.slots(1, 1, 0, 1)
		b.resolved(1, 0, 1, 3, 2)
		if got := b.come(); len(got) != 0 {
			t.Errorf("%v before the first slot is resolved", got)
		}
		b.resolved(1, 0, 0)
		b.resolved(1, 1, 0)
		got := b.come()
		p := Position{Epoch: 1, Offset: connect.Offset{Partition: "p", Value: 30}, Slots: 4, Records: 4}
		q := Position{Epoch: 1, Source: 1, Offset: connect.Offset{Partition: "q"}, Slots: 1, Records: 1}
		if len(got) != 2 || got["p"] != p || got["q"] != q {
			t.Errorf("positions %+v, want %+v and %+v", got, p, q)
		}
		b.stop()
		if err := <-b.done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve = %v, want the error of ctx", err)
		}
	})
}

// What is resolved makes room in the window of its source partition: a call that
// waits for it is let in.
func TestTrackerFreesTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run(t)
		defer b.stop()
		b.begin(1, "p")
		first := &flow.Call{Sources: []flow.Span{{Source: 0, Slots: 8}}}
		if err := b.budget.Admit(t.Context(), nil, nil, 1, first); err != nil {
			t.Fatal(err)
		}
		b.slots(1, 0, 0, 8)
		entered := make(chan error, 1)
		go func() {
			entered <- b.budget.Admit(t.Context(), nil, nil, 1, &flow.Call{Sources: []flow.Span{{Source: 0, Slots: 2}}})
		}()
		b.resolved(1, 0, 0, 2, 3)
		synctest.Wait()
		select {
		case <-entered:
			t.Fatal("let in with one slot of room, asking for two")
		default:
		}
		b.resolved(1, 0, 1)
		if err := <-entered; err != nil {
			t.Error(err)
		}
	})
}

func TestTrackerStartsAnewWithAnEpoch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run(t)
		defer b.stop()
		b.begin(1, "p")
		b.slots(1, 0, 0, 3)
		b.resolved(1, 0, 1)
		b.begin(2, "q")
		b.resolved(1, 0, 0, 2)
		b.slots(2, 0, 0, 1)
		if got := b.come(); len(got) != 0 {
			t.Errorf("positions %v, want none: the receipts are of the epoch before", got)
		}
		b.resolved(2, 0, 0)
		if got := b.come(); len(got) != 1 || got["q"].Epoch != 2 {
			t.Errorf("positions %v, want q's", got)
		}
	})
}

// Sync is answered once everything before it can be seen.
func TestTrackerSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.begin(1, "p")
		b.slots(1, 0, 0, 2)
		b.resolved(1, 0, 0)
		first, second := make(chan struct{}), make(chan struct{})
		b.notes.Put(flow.Notice{Kind: flow.Sync, Reply: first})
		b.resolved(1, 0, 1)
		// An epoch that begins behind a Sync does not take away what was before it.
		b.notes.Put(flow.Notice{Kind: flow.Sync, Reply: second})
		b.begin(2, "p")
		b.run(t)
		defer b.stop()
		<-first
		<-second
		if got := b.come(); got["p"].Slots != 2 || got["p"].Epoch != 1 {
			t.Errorf("positions %+v, want p of epoch 1 with 2 slots", got)
		}
	})
}

// Revoked: what has come for the partition and was not taken is not committed, and
// a new life of it is.
func TestTrackerForgetsWhatIsRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.run(t)
		defer b.stop()
		b.begin(1, "p")
		b.slots(1, 0, 0, 2)
		b.resolved(1, 0, 0)
		synctest.Wait()
		b.resolved(1, 0, 1)
		b.notes.Put(flow.Notice{Kind: flow.Revoked, Epoch: 1, Source: 0, Slot: 2})
		synctest.Wait()
		positions, revoked := b.latest.take()
		if len(positions) != 0 || len(revoked) != 1 || revoked[0] != (gone{"p", 1, 0, 2}) {
			t.Errorf("positions %v, revoked %v; want none, and p with 2 slots", positions, revoked)
		}
		b.notes.Put(flow.Notice{Kind: flow.Named, Epoch: 1, Source: 1, Name: "p", Slot: 2})
		b.slots(1, 1, 0, 1)
		b.resolved(1, 1, 0)
		want := Position{Epoch: 1, Source: 1, Offset: connect.Offset{Partition: "p"}, Slots: 3, Records: 1}
		if got := b.come(); got["p"] != want {
			t.Errorf("position %+v, want %+v", got["p"], want)
		}
	})
}

// A tracker that panics half-way through what it took goes on behind the notice it
// failed on when it is started again.
func TestTrackerSurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.begin(1, "p")
		b.slots(1, 0, 0, 3)
		b.resolved(1, 0, 0)
		b.notes.Put(flow.Notice{Kind: flow.Sync}) // closing no channel panics
		b.resolved(1, 0, 1)
		b.run(t)
		if err := <-b.done; !errors.Is(err, errPanic) {
			t.Fatalf("Serve = %v, want a panic", err)
		}
		b.resolved(1, 0, 2)
		b.run(t)
		defer b.stop()
		if got := b.come(); got["p"].Slots != 3 {
			t.Errorf("position %+v, want 3 slots: nothing is lost but the notice it failed on", got["p"])
		}
	})
}

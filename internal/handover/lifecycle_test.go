package handover

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

func TestGateIsShutAtFirstAndWhenToldSo(t *testing.T) {
	t.Parallel()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 10, Commits: true}, flow.Limits{Records: 100, Bytes: 10000})
	refused := func(when string) {
		t.Helper()
		one := []connect.Envelope{at("p", 1, "x")}
		if err := r.HandAll(t.Context(), one); !errors.Is(err, connect.ErrStopped) {
			t.Errorf("HandAll %s = %v, want ErrStopped", when, err)
		}
		if err := r.Hand(t.Context(), one, nil); !errors.Is(err, connect.ErrStopped) {
			t.Errorf("Hand %s = %v, want ErrStopped", when, err)
		}
	}
	refused("before the first epoch")
	r.Shut()
	r.Begin(1)
	r.handAll(t, at("p", 1, "x"))
	r.handAll(t)
	r.Shut()
	r.Shut()
	refused("after Shut")
	if got := r.Marks(); got["p"] != 1 {
		t.Errorf("marks after Shut are %v, want what was handed over", got)
	}
	r.Begin(2)
	if got := r.Marks(); len(got) != 0 {
		t.Errorf("marks of a new epoch are %v, want none", got)
	}
	r.handAll(t, at("p", 0, "lower"))
	if got, want := r.kinds(), []flow.NoticeKind{flow.Begun, flow.Named, flow.Admitted, flow.Begun, flow.Named, flow.Admitted}; !slices.Equal(got, want) {
		t.Errorf("notices %v, want %v", got, want)
	}
}

// full returns a rig whose window is spent by records of partition q.
func full(t *testing.T) *rig {
	t.Helper()
	r := newRig(Settings{MaxMessage: 1000, BatchSize: 10, Commits: true}, flow.Limits{Records: 4, Bytes: 10000})
	r.Begin(1)
	r.handAll(t, at("q", 1, "1"), at("q", 2, "2"), at("q", 3, "3"), at("q", 4, "4"))
	return r
}

// makeRoom resolves what full has handed over.
func (r *rig) makeRoom() {
	for _, p := range r.pipes[topicA].Take(nil) {
		r.budget.Resolve(0, flow.Published, 1, p.Size)
	}
}

// waiting hands over in a goroutine of its own and returns once that waits for room.
func (r *rig) waiting(t *testing.T, ctx context.Context, envelopes ...connect.Envelope) chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- r.HandAll(ctx, envelopes) }()
	synctest.Wait()
	select {
	case err := <-done:
		t.Fatalf("HandAll returned %v although there is no room", err)
	default:
	}
	return done
}

// interruptions end the wait of a call; nothing of it is handed over.
var interruptions = []struct {
	name string
	do   func(r *rig, cancel context.CancelCauseFunc)
	want error
}{
	{"ctx", func(_ *rig, cancel context.CancelCauseFunc) { cancel(errPoison) }, errPoison},
	{"shut", func(r *rig, _ context.CancelCauseFunc) { r.Shut() }, connect.ErrStopped},
	{"new epoch", func(r *rig, _ context.CancelCauseFunc) { r.Begin(2) }, connect.ErrStopped},
	{"shut and room at once", func(r *rig, _ context.CancelCauseFunc) { r.makeRoom(); r.Shut() }, connect.ErrStopped},
	{"new epoch and room at once", func(r *rig, _ context.CancelCauseFunc) { r.makeRoom(); r.Begin(2) }, connect.ErrStopped},
}

func TestHandOverIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range interruptions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := full(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				done := r.waiting(t, ctx, at("p", 1, "x"), at("p", 2, "y"))
				read := r.budget.Totals().Read
				c.do(r, cancel)
				err := <-done
				r.makeRoom()
				got := r.budget.Totals()
				if err == nil && got.Read == read+2 {
					return // it was let in before it was interrupted, and kept its place
				}
				if !errors.Is(err, c.want) || r.pipes[topicA].Len() != 0 {
					t.Errorf("HandAll = %v with %d records handed over, want %v and none", err, r.pipes[topicA].Len(), c.want)
				}
				if got.Read != got.Published+got.Withdrawn || got.InFlight != 0 {
					t.Errorf("totals %+v do not reconcile", got)
				}
				r.Begin(3)
				r.handAll(t, at("p", 1, "1"), at("p", 2, "2"), at("p", 3, "3"), at("p", 4, "4"))
			})
		})
	}
}

// A partition is revoked while a call waits for room: its records are delivered as
// nobody's, those of other partitions keep their places, and what comes back later
// is not mistaken for it.
func TestRevokeWhileACallWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := full(t)
		done := r.waiting(t, t.Context(), at("", 0, "covered"), at("p", 7, "a"), at("s", 1, "b"), connect.Mark(connect.Offset{Partition: "p", Value: 8}))
		r.Revoke("p")
		r.notes.Take(nil)
		r.makeRoom()
		if err := <-done; err != nil {
			t.Fatalf("HandAll = %v, want the records delivered", err)
		}
		notes := r.admitted()
		if len(notes) != 1 || notes[0].Metadata != "b" {
			t.Errorf("admissions %+v, want that of b alone", notes)
		}
		var got []string
		for _, p := range r.pipes[topicA].Take(nil) {
			got = append(got, fmt.Sprint(string(p.Payload), " ", p.Source != flow.NoSource, " ", p.Stamp.Partition))
			if p.Stamp.Partition != "" && p.Lane != flow.HashKey(p.Stamp.Partition) {
				t.Errorf("%s is in lane %d, want that of its partition, revoked or not", p.Payload, p.Lane)
			}
			r.budget.Resolve(0, flow.Published, 1, p.Size)
		}
		if want := []string{"covered false ", "a false p", "b true s"}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		r.handAll(t, at("p", 3, "lower"))
		if p := r.pipes[topicA].Take(nil)[0]; p.Slot != 0 || p.Stamp.Seq != 1 {
			t.Errorf("back again in slot %d with number %d, want slot 0 and number 1", p.Slot, p.Stamp.Seq)
		}
	})
}

// told is a waiter that knows its number.
type told int

func (told) Resolve(error) {}

func (told) Settles() bool { return false }

func TestHandGivesEachRecordItsWaiter(t *testing.T) {
	t.Parallel()
	r := open()
	envelopes := []connect.Envelope{at("p", 1, "0"), connect.Mark(connect.Offset{Partition: "p", Value: 1}), at("p", 2, "2")}
	if err := r.Hand(t.Context(), envelopes, func(i int) flow.Waiter { return told(i) }); err != nil {
		t.Fatal(err)
	}
	parcels := r.pipes[topicA].Take(nil)
	if len(parcels) != 2 || parcels[0].Waiter != told(0) || parcels[1].Waiter != told(2) {
		t.Errorf("parcels %+v, want waiters 0 and 2", parcels)
	}
}

// A topic declared anew replaces the old one for later calls.
func TestDeclareReplaces(t *testing.T) {
	t.Parallel()
	r := open()
	other := flow.NewPipe[flow.Parcel]()
	r.Declare(&Topic{Producer: connect.Producer{Topic: topicA}, Encoder: plain{}, Measure: measure, Pipe: other})
	r.handAll(t, at("p", 1, "x"))
	if r.pipes[topicA].Len() != 0 || other.Len() != 1 {
		t.Error("the record went to the topic that was replaced")
	}
}

// endings are what can happen between admission and hand-over.
var endings = map[string]func(*rig){
	"shut":      func(r *rig) { r.Shut() },
	"new epoch": func(r *rig) { r.Begin(2) },
}

// A call that was admitted when the gate shuts is too late all the same: once Shut
// has returned, nothing of the epoch is handed over any more.
func TestNothingPassesAShutGate(t *testing.T) {
	t.Parallel()
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open()
			b := newBatch()
			defer b.free()
			e := at("p", 1, "x")
			epoch := r.Running().at
			if err := errors.Join(r.prepare(r.epoch, b, &e, false), r.intern(epoch, b, b.items)); err != nil {
				t.Fatal(err)
			}
			end(r)
			for step, err := range map[string]error{"intern": r.intern(epoch, b, b.items), "commit": r.commit(epoch, b, b.items)} {
				if !errors.Is(err, connect.ErrStopped) {
					t.Errorf("%s = %v, want ErrStopped", step, err)
				}
			}
			if r.pipes[topicA].Len() != 0 || len(r.admitted()) != 0 {
				t.Error("something was handed over")
			}
		})
	}
}

// A publisher as fast as can be sees no record whose slot the tracker has not heard
// of: it would resolve a slot that does not exist yet, and the commit would stand
// still for ever.
func TestTheTrackerHearsFirst(t *testing.T) {
	t.Parallel()
	const rounds = 5000
	r := open()
	taken := make(chan struct{})
	var early int
	var receiver sync.WaitGroup
	receiver.Go(func() {
		for range rounds {
			for r.pipes[topicA].Len() == 0 {
				runtime.Gosched()
			}
			if len(r.admitted()) == 0 {
				early++
			}
			for _, p := range r.pipes[topicA].Take(nil) {
				r.budget.Advance(1, p.Source, p.Slot+1, p.Slot+1)
				r.budget.Resolve(0, flow.Published, 1, p.Size)
			}
			taken <- struct{}{}
		}
	})
	for i := range rounds {
		if err := r.HandAll(t.Context(), []connect.Envelope{at("p", uint64(i), "x")}); err != nil {
			t.Error(err)
		}
		<-taken
	}
	receiver.Wait()
	if early > 0 {
		t.Errorf("%d of %d records came before their slots", early, rounds)
	}
}

// Each life of a source partition is known to be over as soon as it is revoked, and
// no other is.
func TestRevokedIsKnownAtOnce(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("p", 1, "a"))
	r.handAll(t, at("q", 1, "b"))
	r.Revoke("p")
	if r.Alive(1, "p") || !r.Alive(1, "q") || r.Alive(1, "never") || r.Alive(2, "q") {
		t.Error("q alone is alive, and in epoch 1 alone")
	}
	r.handAll(t, at("p", 1, "c"))
	if !r.Alive(1, "p") {
		t.Error("p has no life although it has been handed over again")
	}
	for source, want := range []bool{true, false, false} {
		if got := r.Revoked(1, int32(source)); got != want {
			t.Errorf("life %d is revoked: %t, want %t", source, got, want)
		}
	}
	r.Begin(2)
	if r.Revoked(1, 0) || r.Revoked(2, 0) || r.Alive(1, "q") || r.Alive(2, "q") {
		t.Error("a life of an earlier epoch says something about this one")
	}
}

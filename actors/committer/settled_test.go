package committer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// begun tells of a session of topic 0, partition at.
func (b *bench) begun(at int32, session uint64) {
	b.notes.Put(flow.Notice{Kind: flow.SessionBegun, Partition: at, Session: session})
}

// promised resolves slots by an OK of a session, at so many seconds after dawn.
func (b *bench) promised(epoch uint64, source, at int32, session uint64, second int, slots ...uint64) {
	for _, slot := range slots {
		b.notes.Put(flow.Notice{
			Kind: flow.Resolved, Epoch: epoch, Source: source, Slot: slot, Partition: at, Session: session, At: clock(second),
		})
	}
}

// proven says that a session is proven up to so many seconds after dawn.
func (b *bench) proven(at int32, session uint64, second int) {
	b.notes.Put(flow.Notice{Kind: flow.Proven, Partition: at, Session: session, At: clock(second)})
}

func (b *bench) lose(epoch uint64, at int32, session uint64) {
	b.notes.Put(flow.Notice{Kind: flow.SessionLost, Epoch: epoch, Partition: at, Session: session})
}

func clock(second int) time.Time { return dawn.Add(time.Duration(second) * time.Second) }

// settling runs a test on a tracker whose session 7 of topic partition 0 has begun,
// with four slots of p admitted.
func settling(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.Tracker.settings.Lost = func(epoch uint64) { b.lost = append(b.lost, epoch) }
		b.run(t)
		defer b.stop()
		b.begin(1, "p", "q")
		b.begun(0, 7)
		b.slots(1, 0, 0, 4)
		f(t, b)
	})
}

// wants compares how many slots of p have come to the committer since the last call;
// 0 is nothing.
func (b *bench) wants(t *testing.T, slots uint64) {
	t.Helper()
	if got := b.come()["p"].Slots; got != slots {
		t.Errorf("came to %d slots, want %d", got, slots)
	}
}

func TestAcknowledgedWaitsForProof(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.promised(1, 0, 0, 7, 3, 0, 1)
		b.wants(t, 0)
		b.proven(0, 7, 2)
		b.wants(t, 0)
		b.proven(0, 6, 9) // another session's word
		b.proven(1, 7, 9) // another topic partition's
		b.wants(t, 0)
		b.proven(0, 7, 3)
		b.wants(t, 2)
		b.promised(1, 0, 0, 7, 4, 2)
		b.resolved(1, 0, 3) // final by itself, behind one that is not
		b.wants(t, 0)
		b.proven(0, 7, 5)
		b.wants(t, 4)
	})
}

// The window moves with the acknowledgement, whatever has to be proven.
func TestWindowDoesNotWaitForProof(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		if err := b.budget.Admit(t.Context(), nil, nil, 1, &flow.Call{Sources: []flow.Span{{Source: 0, Slots: 8}}}); err != nil {
			t.Fatal(err)
		}
		b.promised(1, 0, 0, 7, 3, 0, 1, 2, 3)
		synctest.Wait()
		if err := b.budget.Admit(t.Context(), nil, nil, 1, &flow.Call{Sources: []flow.Span{{Source: 0, Slots: 4}}}); err != nil {
			t.Error(err)
		}
		if got := b.budget.Unsettled(); got != 4 {
			t.Errorf("%d records are unsettled, want 4", got)
		}
	})
}

// A receipt behind a hole is proven, then its session is replaced, then the hole is
// filled by another topic partition: nothing of it waits for a session that is over.
func TestProofOutlivesItsSession(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.begun(1, 20)
		b.promised(1, 0, 0, 7, 3, 1, 2, 3)
		b.proven(0, 7, 4)
		b.begun(0, 8)
		b.promised(1, 0, 1, 20, 5, 0)
		b.wants(t, 0)
		b.proven(1, 20, 6)
		b.wants(t, 4)
	})
}

// Lost: nothing of the epoch moves on, neither what waited nor what comes after,
// and that is said once. What was proven by then does.
func TestLossEndsTheEpoch(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.begun(1, 20)
		b.promised(1, 0, 0, 7, 3, 0)
		b.proven(0, 7, 3)
		b.promised(1, 0, 1, 20, 4, 1)
		b.lose(0, 0, 7) // of an epoch that is over
		b.wants(t, 1)
		b.lose(1, 0, 7)
		b.lose(1, 1, 20)
		b.proven(1, 20, 9)
		b.resolved(1, 0, 2)
		b.wants(t, 0)
		if len(b.lost) != 1 || b.lost[0] != 1 {
			t.Errorf("told of the loss of epochs %v, want of 1, once", b.lost)
		}
		b.begin(2, "p")
		b.begun(0, 8)
		b.slots(2, 0, 0, 2)
		b.promised(1, 0, 0, 7, 9, 0, 1) // late news of the epoch before
		b.promised(2, 0, 0, 8, 11, 0, 1)
		b.proven(0, 8, 11)
		b.wants(t, 2)
	})
}

// A new epoch waits for nothing the old one was owed.
func TestEpochStartsWithoutDebts(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.promised(1, 0, 0, 7, 3, 0, 1, 2, 3)
		b.wants(t, 0)
		b.begin(2, "p")
		b.slots(2, 0, 0, 2)
		b.resolved(2, 0, 0)
		b.wants(t, 1)
		b.proven(0, 7, 4)
		b.wants(t, 0)
	})
}

// What waits for proof is not committed once its source partition was revoked; its
// next life is.
func TestRevokedWaitsForNoProof(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.slots(1, 1, 0, 1)
		b.promised(1, 0, 0, 7, 3, 0)
		b.promised(1, 1, 0, 7, 3, 0)
		synctest.Wait()
		b.notes.Put(flow.Notice{Kind: flow.Revoked, Epoch: 1, Source: 0, Slot: 4})
		b.notes.Put(flow.Notice{Kind: flow.Named, Epoch: 1, Source: 2, Name: "p", Slot: 4})
		b.proven(0, 7, 5)
		if got := b.come(); len(got) != 1 || got["q"].Slots != 1 {
			t.Errorf("positions %v, want q's alone", got)
		}
		b.slots(1, 2, 0, 1)
		b.promised(1, 2, 0, 7, 6, 0)
		b.proven(0, 7, 7)
		b.wants(t, 5)
	})
}

// Under load that never ends, commits go on: a checkpoint that takes in what
// follows does so for its spacing alone, also when there is room for no other.
func TestCommitsDoNotStarve(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		const lag, step = 30 * time.Second, 10 * time.Millisecond
		var proofs []flow.Notice // to come in after lag
		came, longest, last := uint64(0), time.Duration(0), time.Now()
		for slot := range uint64(10_000) {
			b.slots(1, 1, slot, slot+1)
			now := time.Now()
			b.notes.Put(flow.Notice{Kind: flow.Resolved, Epoch: 1, Source: 1, Slot: slot, Session: 7, At: now})
			proofs = append(proofs, flow.Notice{Kind: flow.Proven, Session: 7, At: now})
			if now.Sub(proofs[0].At) >= lag {
				b.notes.Put(proofs[0])
				proofs = proofs[1:]
			}
			if got := b.come()["q"].Slots; got > came {
				came, last = got, now
			}
			longest = max(longest, now.Sub(last))
			time.Sleep(step)
		}
		if n := b.Tracker.waiting.count(); n > mostCheckpoints {
			t.Errorf("%d checkpoints wait, at most %d may", n, mostCheckpoints)
		}
		if came < 4000 || longest > lag+lag {
			t.Errorf("came to %d of 10000 slots, nothing for %v, with a proof %v after each record", came, longest, lag)
		}
	})
}

// What needs no proof does not overtake what waits for it in its source partition: the
// older position would be committed after the newer.
func TestNothingOvertakesACheckpoint(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.begun(1, 20)
		b.promised(1, 0, 0, 7, 3, 0)
		b.promised(1, 0, 1, 20, 3, 1)
		b.wants(t, 0)
		b.proven(0, 7, 4)
		b.resolved(1, 0, 2)
		b.wants(t, 0)
		b.proven(1, 20, 4)
		b.wants(t, 3)
	})
}

// A topic partition nothing is heard of holds back the source partitions that have
// something on it, and no other.
func TestDeadTopicHoldsItsOwnBack(t *testing.T) {
	settling(t, func(t *testing.T, b *bench) {
		b.begun(1, 20)
		b.slots(1, 1, 0, 2)
		b.promised(1, 1, 1, 20, 3, 0) // q's, on what is dead
		b.wants(t, 0)
		b.promised(1, 0, 0, 7, 4, 0)
		b.proven(0, 7, 4)
		b.wants(t, 1)
		b.promised(1, 1, 0, 7, 5, 1)
		b.promised(1, 0, 0, 7, 5, 1)
		b.proven(0, 7, 5)
		if got := b.come(); len(got) != 1 || got["p"].Slots != 2 {
			t.Errorf("came to %v, want p's alone", got)
		}
	})
}

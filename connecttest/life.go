package connecttest

import (
	"errors"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/committer"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// stage is how far the running epoch has come, and after the first five, how far
// the ordered stop has.
type stage uint8

const (
	down stage = iota
	initializing
	up
	withdrawing // what is unsent is taken back, what is in flight awaited
	settling    // what can be committed is
	leaving     // a commit in flight is awaited, then Shutdown
)

// life is what supervisor's keeper and ordered stop keep track of. They are
// goroutines that wait; here the same steps are taken, one by one, as soon as what
// they wait for has come.
type life struct {
	stage      stage
	epoch      uint64
	open       bool // between Initialize and Shutdown
	shutDoor   bool // Initialize or Shutdown is under way: no Commit
	committing bool
	atDoor     *committer.Attempt // waits for the door
	rewinding  bool               // re-opened at once: nothing is wrong with the source
	letGo      []<-chan struct{}
	twice      bool // the dead-letter topic has been asked once more
	last       *lastCommit
	pending    *call // waits for room
	calls      []*call
	polling    bool // a poll is planned

	stopping, cut bool
	fed           bool // nothing comes to the dead-letter topic any more
	cause         error
	stopAt        time.Duration
	undisturbed   bool // nothing was wrong when the stop began
	stopped       stage
}

// lastCommit is a commit at once of everything that is resolved.
type lastCommit struct {
	seen    chan struct{} // closed when the tracker has seen everything before it
	asked   bool
	done    bool
	err     error
	expires time.Duration
}

// begin opens an epoch: Initialize, with the door shut.
func (rt *process) begin() {
	if rt.dead || rt.stopping || rt.stage != down {
		return
	}
	rt.stage, rt.shutDoor = initializing, true
	w := rt.w
	w.after(span(w.rng, 0, 50*time.Millisecond), func() {
		if rt.dead {
			return
		}
		rt.epoch = max(rt.epoch+1, uint64(w.time(w.now).UnixMicro()))
		w.source.open()
		clear(w.taken)
		rt.gate.Begin(rt.epoch)
		w.books.Epoch(rt.epoch)
		w.say("epoch %d", rt.epoch)
		rt.stage, rt.open, rt.shutDoor = up, true, false
		rt.enterAgain()
		rt.poke()
		rt.intake(rt.epoch)
		rt.advance()
	})
}

// rewind is keeper.Rewind.
func (rt *process) rewind(epoch uint64) {
	if epoch != rt.epoch {
		return
	}
	rt.budget.Rewound()
	rt.w.say("rewind of epoch %d, caution %d", epoch, rt.budget.Caution())
	rt.reopen(epoch, true)
}

// reopen is keeper.again: intake ends, and the epoch with it.
func (rt *process) reopen(epoch uint64, rewinding bool) {
	if rt.gone() || rt.stopping || rt.stage != up || epoch != rt.epoch {
		return
	}
	rt.stage, rt.rewinding, rt.twice = withdrawing, rewinding, false
	rt.pending = nil
	rt.turnAway()
	rt.gate.Shut()
	rt.letGo = rt.letGo[:0]
	for _, b := range rt.pubs {
		rt.letGo = append(rt.letGo, b.actor.LetGo(rt.epoch, rt.w.plan.kind == pushing))
	}
	rt.pokeAll()
}

// advance takes every step that can be taken.
func (rt *process) advance() {
	for !rt.dead && rt.move() {
	}
}

func (rt *process) move() (moved bool) {
	if rt.stopping {
		return rt.moveStop()
	}
	switch rt.stage {
	case withdrawing:
		for _, done := range rt.letGo {
			if !closed(done) {
				return false
			}
		}
		if rt.letters != nil && !rt.twice { // what the others drained may have come to it
			rt.twice = true
			rt.letGo = append(rt.letGo[:0], rt.letters.actor.LetGo(rt.epoch, rt.w.plan.kind == pushing))
			rt.schedule(rt.letters, 0)
			return true
		}
		rt.stage = settling
		rt.commitNow(5 * time.Second)
		return true
	case settling:
		if !rt.settled() {
			return false
		}
		rt.stage = leaving
		return true
	case leaving:
		return rt.leave(func() {
			rt.stage = down
			pause := time.Duration(0)
			if !rt.rewinding {
				pause = rt.w.pause(1)
			}
			rt.w.after(pause, rt.begin)
		})
	}
	return false
}

// leave calls Shutdown, alone.
func (rt *process) leave(then func()) bool {
	if rt.committing && rt.atDoor == nil || rt.shutDoor {
		return false
	}
	rt.shutDoor = true
	rt.w.after(span(rt.w.rng, 0, 50*time.Millisecond), func() {
		if rt.dead {
			return
		}
		rt.open, rt.shutDoor = false, false
		rt.enterAgain()
		then()
		rt.advance()
	})
	return false
}

// commitNow commits whatever is resolved at this moment.
func (rt *process) commitNow(within time.Duration) {
	rt.last = &lastCommit{seen: make(chan struct{}), expires: rt.w.now + within}
	rt.notices.Put(flow.Notice{Kind: flow.Sync, Reply: rt.last.seen})
	rt.poke()
	rt.w.after(within, rt.advance)
}

// settled reports whether the last commit has come to an end, in whatever way.
func (rt *process) settled() bool {
	l := rt.last
	if !l.asked && closed(l.seen) && !rt.committing {
		l.asked = true
		l.done = rt.look(true)
	}
	return l.done || rt.w.now >= l.expires
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// knock is a call of keeper.commit: it waits while the door is shut.
func (rt *process) knock(a *committer.Attempt) {
	if rt.shutDoor {
		rt.atDoor = a
		return
	}
	if a.Epoch != rt.epoch || !rt.open {
		rt.committed(a, committer.ErrStale)
		return
	}
	w := rt.w
	w.after(span(w.rng, 0, w.plan.storing), func() {
		if rt.dead {
			return
		}
		var err error
		if w.source.failing > 0 {
			err = errCommit
		}
		if err == nil || w.rng.IntN(2) == 0 { // stored, whatever is said
			for _, o := range a.Offsets {
				w.books.Commit(a.Epoch, o.Partition, o.Value)
			}
			w.source.commit(a.Offsets)
		}
		w.after(span(w.rng, 0, w.plan.storing), func() { rt.committed(a, err) })
	})
}

var errCommit = errors.New("simulated: the source does not commit")

// enterAgain lets a commit in that waits at the door.
func (rt *process) enterAgain() {
	if a := rt.atDoor; a != nil {
		rt.atDoor = nil
		rt.knock(a)
	}
}

// committed takes the answer of Commit.
func (rt *process) committed(a *committer.Attempt, err error) {
	if rt.dead {
		return
	}
	rt.committing = false
	err = rt.desk.Done(rt.w.time(rt.w.now), a, err)
	if rt.last != nil && rt.last.asked && !rt.last.done {
		rt.last.done, rt.last.err = true, err
	}
	rt.looking = time.Time{}
	rt.look(false)
	rt.went()
	rt.w.finishIfDone()
}

// revoke gives a source partition up and takes it again.
func (rt *process) revoke(part int) {
	if rt.gone() || rt.stage != up || rt.stopping || rt.committing || rt.w.plan.kind == pushing {
		return
	}
	p := &rt.w.source.parts[part]
	rt.gate.Revoke(p.name)
	rt.w.books.Revoke(p.name)
	p.cursor = p.stored
	if rt.pending != nil && rt.pending.part == part {
		rt.pending = nil
	}
	rt.poke()
	if rt.pending == nil {
		rt.intake(rt.epoch)
	}
}

// connectStopped reports whether intake is over.
func connectStopped(err error) bool { return errors.Is(err, connect.ErrStopped) }

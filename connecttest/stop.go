package connecttest

import "time"

// stop begins the ordered stop, because of a fatal error if cause is set.
func (rt *process) stop(cause error) {
	if rt.gone() || rt.stopping {
		return
	}
	w := rt.w
	w.say("the runtime stops: %v", cause)
	rt.stopping, rt.cause, rt.stopAt, rt.undisturbed = true, cause, w.now, w.heals == 0
	if w.plan.kind == pushing || cause != nil {
		rt.gate.Shut()
		rt.pending = nil
	}
	rt.turnAway()
	w.after(drainTimeout*8/10, func() {
		rt.cut = true
		rt.advance()
	})
	w.after(0, rt.advance)
}

// moveStop takes the next step of the ordered stop: intake, queues, last commit,
// Shutdown.
func (rt *process) moveStop() bool {
	switch rt.stopped {
	case down:
		if !rt.cut && (rt.pending != nil || rt.shutDoor) {
			return false // a Poll result waits for room; Initialize or Shutdown has not returned
		}
		rt.pending = nil
		rt.gate.Shut()
		rt.endFeed()
		rt.stopped = withdrawing
		rt.pokeAll()
		return true
	case withdrawing:
		for _, b := range rt.pubs {
			if b != rt.letters && !b.finished && !rt.cut {
				return false
			}
		}
		if rt.letters != nil && !rt.fed {
			rt.fed = true
			rt.endLast()
			rt.schedule(rt.letters, 0)
		}
		if rt.letters != nil && !rt.letters.finished && !rt.cut {
			return false
		}
		rt.stopped = settling
		rt.commitNow(drainTimeout / 10)
		return true
	case settling:
		if !rt.settled() {
			return false
		}
		if rt.last.err != nil && rt.w.now < rt.last.expires {
			left := rt.last.expires - rt.w.now
			rt.last = &lastCommit{seen: make(chan struct{}), expires: rt.last.expires, asked: true}
			close(rt.last.seen)
			rt.w.after(min(100*time.Millisecond, left), func() {
				rt.last.asked = false
				rt.advance()
			})
			return false
		}
		rt.stopped = leaving
		return true
	case leaving:
		if rt.open {
			return rt.leave(rt.end)
		}
		rt.end()
	}
	return false
}

// end is the end of an ordered stop.
func (rt *process) end() {
	w := rt.w
	took := w.now - rt.stopAt
	if rt.undisturbed && took > stopping || took > drainTimeout+time.Second {
		w.books.Report("I9", "the stop took %v", took)
	}
	if c := rt.budget.Totals(); !rt.cut && w.halted == nil && c.InFlight > 0 {
		w.books.Report("I9", "the stop has left %d records in flight", c.InFlight)
	}
	w.books.Left(int(rt.budget.Totals().Retained))
	rt.die()
	if w.heals == 0 && w.source.done() {
		w.over = true
	}
}

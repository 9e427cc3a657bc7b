package devbroker

import "time"

// cursor is where a subscription goes on after a restart: the first message that
// is not acknowledged. It survives at any moment, unless quirks say otherwise.
type cursor struct {
	// resume is the offset of that message, kept over a restart.
	resume uint64
	// skip makes the subscription pass over lower offsets (OffsetReset,
	// LocalStorage).
	skip uint64
	// fresh is set until the first restart, hole with the first position a fresh
	// subscription missed (LiveRing).
	fresh bool
	holed bool
	hole  uint64
	// saved is the last position saved, at savedAt (LazyCursor).
	saved   uint64
	kept    bool
	savedAt time.Time
}

// saveEvery is the least time between two saves of a lazy cursor.
const saveEvery = 10 * time.Second

// unacked returns the position of the first message that is not acknowledged.
func (u *subscription) unacked() uint64 {
	first := u.next
	for _, d := range u.flight {
		first = min(first, d.position)
	}
	if u.cur.holed {
		first = min(first, u.cur.hole)
	}
	return first
}

// save keeps the cursor; an acknowledgement does so only now and then.
func (u *subscription) save(now time.Time) {
	u.cur.saved, u.cur.kept, u.cur.savedAt = u.unacked(), true, now
}

// restore goes back to the cursor.
func (u *subscription) restore(s *state) {
	from := u.unacked()
	if s.settings.Quirks.LazyCursor {
		if !u.cur.kept {
			// Nothing on record: whoever subscribes next begins at the end.
			delete(u.topic.subs, u.name)
		}
		from = u.cur.saved
	}
	u.next = min(from, u.topic.log.end())
	u.cur.resume = u.topic.log.offsetAt(u.next)
	u.cur.fresh, u.cur.holed = false, false
}

// resetSubscriptions keeps the cursors while the offsets begin at 0 again.
func (t *topic) resetSubscriptions() {
	for _, u := range t.subs {
		u.cur.skip = u.cur.resume
		u.next = t.log.end()
	}
}

// skipAhead moves next over what is not to be delivered: what the log no longer
// holds, and what quirks pass over.
func (u *subscription) skipAhead(s *state) {
	log := &u.topic.log
	if u.next < log.base {
		s.log.Warn("subscription is too slow: messages are gone from the log",
			"topic", u.topic.name, "subscription", u.name, "messages", log.base-u.next)
		u.next = log.base
	}
	if s.settings.Quirks.LiveRing && u.cur.fresh && log.end()-u.next > liveRing {
		if !u.cur.holed {
			u.cur.holed, u.cur.hole = true, u.next
		}
		u.next = log.end() - liveRing
	}
	for u.next < log.end() && log.at(u.next).offset < u.cur.skip {
		u.next++
	}
}

// liveRing is how many messages the real broker's ring holds.
const liveRing = 256

package connecttest

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// broker is a model of one broker process after another at one address.
type broker struct {
	up, still bool
	stood     bool // this process has stood still
	life      int
	resets    int // of its connections
	waiting   []*request
	postponed []func() // flushes that were due while it stood still

	dropping, mute, slow, flaky, busy, denying int // faults at work
}

// shard is the log of a topic or of one of its partitions. What was acknowledged is
// in memory until a flush that is due every interval has ended.
type shard struct {
	name    string
	owner   *broker
	moves   int
	id      uint64 // of the one producer; 0 when the process knows none
	twin    uint64 // another id of it
	log     []stored
	flushed int
	phase   time.Duration
	due     bool          // a flush is planned
	began   time.Duration // the last flush
	stalled int
	down    int        // out of reach
	strict  int        // takes nothing for good
	held    []*request // to be answered when the stall ends
}

type stored struct {
	id uint64
	at time.Duration
}

func (w *world) broker(f *fault) *broker { return w.brokers[f.target%len(w.brokers)] }

// kill ends a process with all it has in memory.
func (w *world) kill(b *broker) {
	if !b.up {
		return
	}
	b.up, b.still, b.stood = false, false, false
	b.life++
	for _, r := range b.waiting {
		w.fail(r)
	}
	b.waiting, b.postponed = nil, nil
	for _, s := range w.shards {
		if s.owner == b {
			w.books.Crash(s.name)
			s.log, s.id, s.twin, s.due = s.log[:s.flushed], 0, 0, false
			s.moves++
			for _, r := range s.held {
				w.fail(r)
			}
			s.held = nil
		}
	}
}

func (w *world) revive(b *broker) {
	if !b.up {
		b.up = true
		b.life++
	}
}

// resume lets a process go on that stood still: with what has come to it, and with
// the flushes it is behind.
func (w *world) resume(b *broker) {
	b.still = false
	waiting, postponed := b.waiting, b.postponed
	b.waiting, b.postponed = nil, nil
	for _, r := range waiting {
		w.arrive(r)
	}
	for _, f := range postponed {
		f()
	}
}

// take appends a message.
func (w *world) take(s *shard, id uint64) {
	s.log = append(s.log, stored{id, w.now})
	w.books.Append(s.name, id)
	w.taken[id] = w.now
	if w.plan.flush == 0 {
		w.flushShard(s)
		return
	}
	w.planFlush(s)
}

// planFlush begins the next flush when it is due, unless the log has moved or died.
func (w *world) planFlush(s *shard) {
	if s.due || s.flushed == len(s.log) {
		return
	}
	s.due = true
	// The first tick after the oldest that is not written came, or after the last
	// flush began. One that passed meanwhile, while the process stood still, is due now.
	every, from := w.plan.flush, max(s.log[s.flushed].at, s.began)
	next := (from-s.phase+every)/every*every + s.phase
	moves := s.moves
	w.after(next-w.now, func() { w.flush(s, moves) })
}

// flush writes what is in memory, late by as much as a log writer may be: it leaves
// out the newest, and takes its time.
func (w *world) flush(s *shard, moves int) {
	switch {
	case s.moves != moves:
		return
	case s.owner.still:
		s.owner.postponed = append(s.owner.postponed, func() { w.flush(s, moves) })
		return
	}
	s.began = w.now
	late := w.lateness()
	n := s.flushed
	for n < len(s.log) && s.log[n].at <= w.now-late {
		n++
	}
	w.after(w.plan.need-late, func() { w.flushedTo(s, moves, n) })
}

func (w *world) lateness() time.Duration {
	if w.plan.need == 0 {
		return 0
	}
	return pick(w.rng, 0, w.plan.need, span(w.rng, 0, w.plan.need))
}

func (w *world) flushedTo(s *shard, moves, n int) {
	switch {
	case s.moves != moves:
		return
	case s.owner.still:
		s.owner.postponed = append(s.owner.postponed, func() { w.flushedTo(s, moves, n) })
		return
	}
	s.due = false
	s.flushed = max(s.flushed, n)
	w.books.Flush(s.name, s.flushed)
	w.planFlush(s)
}

func (w *world) flushShard(s *shard) {
	s.flushed = len(s.log)
	w.books.Flush(s.name, s.flushed)
}

func (w *world) flushAll(b *broker) {
	for _, s := range w.shards {
		if s.owner == b {
			w.flushShard(s)
		}
	}
}

// release answers what a stall has held up.
func (w *world) release(s *shard) {
	held := s.held
	s.held = nil
	for _, r := range held {
		w.reply(r, func() { r.t.answer(r, flow.OK) })
	}
}

package publisher

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// tracks is the slow reference for lanes: a list of messages per lane, and what
// stands in its way.
type tracks struct {
	ordering Ordering
	lanes    []track
	shared   []*flow.Message
}

type track struct {
	queue        []*flow.Message
	kept         []*flow.Message // acknowledged and retained
	busy, halted bool
	until        time.Time
}

func (l *tracks) push(m *flow.Message, hash uint64) {
	if l.ordering != Unordered {
		at := &l.lanes[hash%uint64(len(l.lanes))]
		at.queue = append(at.queue, m)
		return
	}
	l.shared = append(l.shared, m)
}

// holder returns the lane that holds m.
func (l *tracks) holder(m *flow.Message) *track {
	for i := range l.lanes {
		if slices.Contains(l.lanes[i].queue, m) {
			return &l.lanes[i]
		}
	}
	return nil
}

// count recounts what waits, flies and has been given up.
func (l *tracks) count() (waiting, flying, halted int) {
	for _, t := range l.lanes {
		switch {
		case t.halted:
			halted += len(t.queue)
		case t.busy:
			flying++
			waiting += len(t.queue) - 1
		default:
			waiting += len(t.queue)
		}
	}
	return waiting + len(l.shared), flying, halted
}

// idle counts the lanes that could start something now.
func (l *tracks) idle(now time.Time) (n int) {
	for _, t := range l.lanes {
		if !t.busy && !t.halted && len(t.queue) > 0 && !t.until.After(now) {
			n++
		}
	}
	return n
}

// race drives lanes and tracks through the same steps.
type race struct {
	*lanes
	ref    tracks
	now    time.Time
	flying []*flow.Message
	late   map[*flow.Message]bool // in flight since before another session
	epoch  uint64
	pushed int
	firsts int64 // OKs to messages that had none
}

func newRace(t *rapid.T) *race {
	o := rapid.SampledFrom([]Ordering{ByKey, ByPartition, Unordered}).Draw(t, "ordering")
	n := rapid.IntRange(1, 5).Draw(t, "lanes")
	r := &race{lanes: newLanes(o, n), now: time.Unix(1000, 0), epoch: 1, late: map[*flow.Message]bool{}}
	if o == ByPartition {
		n = 1
	}
	r.ref = tracks{ordering: o, lanes: make([]track, n)}
	return r
}

func (r *race) add(t *rapid.T) {
	for range rapid.IntRange(1, 4).Draw(t, "messages") {
		r.pushed++
		m := &flow.Message{Partition: r.pushed, Parcel: flow.Parcel{Epoch: r.epoch}}
		hash := rapid.Uint64Range(0, 9).Draw(t, "hash")
		r.lanes.push(m, hash)
		r.ref.push(m, hash)
	}
	r.spread()
}

// spread moves what waits for any lane into the lanes that the real one chose: which
// of them is free to choose, that one is must be right.
func (r *race) spread() {
	if r.ref.ordering != Unordered {
		return
	}
	for i := range r.lanes.lanes {
		n, ref := &r.lanes.lanes[i], &r.ref.lanes[i]
		if n.head != nil && len(ref.queue) == 0 {
			ref.queue = []*flow.Message{n.head}
			if k := slices.Index(r.ref.shared, n.head); k >= 0 {
				r.ref.shared = slices.Delete(r.ref.shared, k, k+1)
			}
		}
	}
}

func (r *race) start(t *rapid.T) {
	idle := r.ref.idle(r.now)
	m := r.next()
	if m == nil {
		if idle > 0 {
			t.Fatalf("next = nil, and %d lanes have something to send", idle)
		}
		t.Skip("no lane is idle")
	}
	at := r.ref.holder(m)
	if at == nil || at.busy || at.halted || at.until.After(r.now) || at.queue[0] != m {
		t.Fatalf("next = message %d out of lane %+v", m.Partition, at)
	}
	at.busy, at.until = true, time.Time{}
	r.flying = append(r.flying, m)
}

// land takes a message that flies.
func (r *race) land(t *rapid.T) (*flow.Message, *track) {
	if len(r.flying) == 0 {
		t.Skip("nothing flies")
	}
	i := rapid.IntRange(0, len(r.flying)-1).Draw(t, "which")
	m := r.flying[i]
	r.flying = slices.Delete(r.flying, i, i+1)
	at := r.ref.holder(m)
	at.busy = false
	return m, at
}

// landNow takes a message that flies and whose outcome counts: an outcome from before
// another session began moves nothing.
func (r *race) landNow(t *rapid.T) (*flow.Message, *track) {
	m, at := r.land(t)
	if r.late[m] {
		delete(r.late, m)
		r.lanes.keep(m, r.now, 0)
		return nil, nil
	}
	return m, at
}

func (r *race) finish(t *rapid.T) {
	m, at := r.landNow(t)
	if m == nil {
		return
	}
	at.queue = at.queue[1:]
	r.lanes.resolve(m)
	r.spread()
}

// retain acknowledges a message that flies, and keeps it.
func (r *race) retain(t *rapid.T) {
	m, at := r.landNow(t)
	if m == nil {
		return
	}
	m.Acked = r.now
	if m.First.IsZero() {
		r.firsts++
		m.First = time.Unix(0, r.firsts)
	}
	at.queue, at.kept = at.queue[1:], append(at.kept, m)
	r.lanes.retain(m)
	r.spread()
}

// settle lets go of what was acknowledged up to some time.
func (r *race) settle(t *rapid.T) {
	through := r.now.Add(-time.Duration(rapid.IntRange(0, 6).Draw(t, "ago")) * 500 * time.Millisecond)
	var gone, want []int
	for i := range r.ref.lanes {
		at := &r.ref.lanes[i]
		for len(at.kept) > 0 && !at.kept[0].Acked.After(through) {
			want = append(want, at.kept[0].Partition)
			at.kept = at.kept[1:]
		}
	}
	r.lanes.settled(through, func(m *flow.Message) { gone = append(gone, m.Partition) })
	if !slices.Equal(gone, want) {
		t.Fatalf("settled %v, want %v", gone, want)
	}
}

// replace begins another session: what is retained goes first.
func (r *race) replace(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "now") > 0 {
		t.Skip("not now")
	}
	for _, m := range r.flying {
		r.late[m] = true
	}
	for i := range r.ref.lanes {
		at := &r.ref.lanes[i]
		if len(at.kept) == 0 {
			continue
		}
		at.queue, at.kept = append(at.kept, at.queue...), nil
		at.halted, at.until = false, time.Time{}
	}
	r.lanes.again()
	r.spread()
}

func (r *race) again(t *rapid.T) {
	m, at := r.landNow(t)
	if m == nil {
		return
	}
	pause := time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")) * time.Second
	if pause > 0 {
		at.until = r.now.Add(pause)
	}
	r.lanes.keep(m, r.now, pause)
}

func (r *race) giveUp(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "now") > 0 {
		t.Skip("not now")
	}
	m, at := r.landNow(t)
	if m == nil {
		return
	}
	at.halted = true
	r.lanes.halt(m)
}

func (r *race) wait(t *rapid.T) {
	r.now = r.now.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "time")) * 500 * time.Millisecond)
	var want time.Time
	for _, at := range r.ref.lanes {
		if !at.busy && at.until.After(r.now) && (want.IsZero() || at.until.Before(want)) {
			want = at.until
		}
	}
	if got := r.lanes.due(r.now); !got.Equal(want) {
		t.Fatalf("due = %v, want %v", got, want)
	}
}

// recall begins an epoch, perhaps with some of it queued, and withdraws the one before.
func (r *race) recall(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "now") > 0 || len(r.late) > 0 || r.firsts > 0 {
		t.Skip("not now") // what is retained is never taken back
	}
	old := r.epoch
	r.epoch++
	for range rapid.IntRange(0, 3).Draw(t, "early records") {
		r.add(t)
	}
	var taken, want []int
	r.lanes.withdraw(old, func(m *flow.Message) {
		if m.Next != nil {
			t.Fatalf("message %d leads to another", m.Partition)
		}
		taken = append(taken, m.Partition)
	})
	sift := func(queue []*flow.Message, keep int) []*flow.Message {
		return slices.DeleteFunc(queue, func(m *flow.Message) bool {
			gone := m.Parcel.Epoch <= old && (keep == 0 || m != queue[0])
			if gone {
				want = append(want, m.Partition)
			}
			return gone
		})
	}
	for i := range r.ref.lanes {
		at := &r.ref.lanes[i]
		keep := 0
		if at.busy {
			keep = 1
		}
		var head *flow.Message
		if len(at.queue) > 0 {
			head = at.queue[0]
		}
		at.queue = sift(slices.Clone(at.queue), keep)
		if len(at.queue) == 0 || at.queue[0] != head {
			at.halted, at.until = false, time.Time{}
		}
	}
	r.ref.shared = sift(r.ref.shared, 0)
	slices.Sort(taken)
	slices.Sort(want)
	if !slices.Equal(taken, want) {
		t.Fatalf("took back %v, want %v", taken, want)
	}
	r.spread()
}

func (r *race) check(t *rapid.T) {
	waiting, flying, halted := r.ref.count()
	if r.waiting != waiting || r.lanes.flying != flying || r.halted != halted {
		t.Fatalf("%d waiting, %d flying, %d halted; want %d, %d, %d", r.waiting, r.lanes.flying, r.halted, waiting, flying, halted)
	}
	dead, kept := 0, 0
	var oldest time.Time
	for i, at := range r.ref.lanes {
		kept += len(at.kept)
		var held []*flow.Message
		for m := r.lanes.lanes[i].kept.head; m != nil; m = m.Next {
			held = append(held, m)
		}
		if !slices.Equal(held, at.kept) {
			t.Fatalf("lane %d retains %d messages that are not the %d it should, or not in their order", i, len(held), len(at.kept))
		}
		for _, m := range append(held, at.queue...) {
			if !m.First.IsZero() && (oldest.IsZero() || m.First.Before(oldest)) {
				oldest = m.First
			}
		}
		var queue []*flow.Message
		for m := r.lanes.lanes[i].head; m != nil; m = m.Next {
			queue = append(queue, m)
		}
		if !slices.Equal(queue, at.queue) || r.lanes.lanes[i].len != len(queue) {
			t.Fatalf("lane %d holds %d messages that are not the %d it should, or not in their order", i, len(queue), len(at.queue))
		}
		if at.halted {
			dead++
		}
		if len(r.ref.shared) > 0 && len(at.queue) == 0 {
			t.Fatalf("lane %d has nothing to do, and %d messages wait for one", i, len(r.ref.shared))
		}
		if r.ref.ordering == Unordered && slices.Contains(r.free, i) != (len(at.queue) == 0) {
			t.Fatalf("lane %d with %d messages is free: %v", i, len(at.queue), slices.Contains(r.free, i))
		}
	}
	if r.lanes.kept != kept || !r.lanes.oldest().Equal(oldest) {
		t.Fatalf("%d retained, the oldest since %v; want %d, %v", r.lanes.kept, r.lanes.oldest(), kept, oldest)
	}
	if stuck := waiting == 0 || dead == len(r.ref.lanes); r.dry() != (flying == 0 && stuck) {
		t.Fatalf("dry = %v with %d waiting, %d flying and %d of %d lanes given up", r.dry(), waiting, flying, dead, len(r.ref.lanes))
	}
}

func TestLanesAgainstLists(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := newRace(t)
		t.Repeat(map[string]func(*rapid.T){
			"push": r.add, "next": r.start, "next too": r.start, "resolve": r.finish, "keep": r.again,
			"halt": r.giveUp, "wait": r.wait, "withdraw": r.recall, "": r.check,
			"retain": r.retain, "retain too": r.retain, "settle": r.settle, "replace": r.replace,
		})
		// With every lane willing, all that is left can be resolved.
		r.lanes.withdraw(0, nil)
		for range 1000 {
			r.now = r.now.Add(time.Minute)
			r.lanes.due(r.now)
			for m := r.next(); m != nil; m = r.next() {
				at := r.ref.holder(m)
				at.busy = true
				r.flying = append(r.flying, m)
			}
			for len(r.flying) > 0 {
				r.finish(t)
			}
		}
		if !r.dry() {
			t.Fatalf("%d messages wait although every lane was served", r.waiting)
		}
	})
}

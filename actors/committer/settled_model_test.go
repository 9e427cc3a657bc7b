package committer

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// crew is what speaks to a tracker: a source and the publishers of some topic
// partitions, as the rule has them behave. It keeps its own book of who has promised
// what, and holds every position the tracker gives out against it.
type crew struct {
	*Tracker
	latest   *Latest
	now      time.Time
	epoch    uint64
	sources  map[int32]*track
	next     int32
	channels []*session
	ids      uint64
	proven   map[uint64]time.Time // by session: the ids are never used again
	lost     uint64               // the newest epoch the tracker has said is lost
}

// session is one topic partition's.
type session struct {
	id   uint64
	owes time.Time // the newest OK it gave in this epoch
}

// track is one life of a source partition.
type track struct {
	name     string
	promises []promise
	come     uint64 // slots passed by the newest position
}

// promise is how a slot was resolved.
type promise struct {
	done, joined bool
	session      uint64 // 0: final
	at           time.Time
}

func newCrew() *crew {
	c := &crew{latest: NewLatest(), now: dawn, proven: map[uint64]time.Time{}}
	c.Tracker = NewTracker(TrackerSettings{
		Latest: c.latest, Budget: flow.NewBudget(flow.Limits{Records: 1 << 20, Bytes: 1 << 20}),
		Lost: func(epoch uint64) { c.lost = epoch },
	})
	c.begin()
	for i := range 3 {
		c.channels = append(c.channels, &session{})
		c.open(int32(i))
	}
	return c
}

func (c *crew) tell(n flow.Notice) { c.step(&n, c.now) }

// begin starts an epoch: nobody owes anything for it.
func (c *crew) begin() {
	c.epoch++
	c.sources, c.next = map[int32]*track{}, 0
	for _, s := range c.channels {
		s.owes = time.Time{}
	}
	c.tell(flow.Notice{Kind: flow.Begun, Epoch: c.epoch})
	c.name("p")
	c.name("q")
}

func (c *crew) name(name string) {
	c.sources[c.next] = &track{name: name}
	c.tell(flow.Notice{Kind: flow.Named, Epoch: c.epoch, Source: c.next, Name: name})
	c.next++
}

// open replaces the session of a topic partition.
func (c *crew) open(at int32) {
	s := c.channels[at]
	if s.owes.After(c.proven[s.id]) {
		c.tell(flow.Notice{Kind: flow.SessionLost, Epoch: c.epoch, Partition: at, Session: s.id})
	}
	c.ids++
	*s = session{id: c.ids}
	c.tell(flow.Notice{Kind: flow.SessionBegun, Partition: at, Session: s.id})
}

func (c *crew) any(t *rapid.T) (int32, *track) {
	var ids []int32
	for id := range c.next {
		if c.sources[id] != nil {
			ids = append(ids, id)
		}
	}
	id := rapid.SampledFrom(ids).Draw(t, "source")
	return id, c.sources[id]
}

func (c *crew) admit(t *rapid.T) {
	id, s := c.any(t)
	joined, mark := rapid.IntRange(0, 5).Draw(t, "joined") == 0, rapid.IntRange(0, 5).Draw(t, "mark") == 0
	slot := uint64(len(s.promises))
	s.promises = append(s.promises, promise{done: mark, joined: joined})
	c.tell(flow.Notice{Kind: flow.Admitted, Epoch: c.epoch, Source: id, Slot: slot, Value: slot, Joined: joined, Mark: mark})
}

// resolve acknowledges one of the first open slots of a source.
func (c *crew) resolve(t *rapid.T) {
	id, s := c.any(t)
	skip := rapid.IntRange(0, 2).Draw(t, "skip")
	for slot := range s.promises {
		if s.promises[slot].done {
			continue
		}
		if skip--; skip < 0 {
			c.keep(id, uint64(slot), rapid.Int32Range(-1, 2).Draw(t, "by"))
			return
		}
	}
	t.Skip("nothing is open")
}

// keep resolves a slot by an OK of a topic partition's session; of -1, for good.
func (c *crew) keep(id int32, slot uint64, by int32) {
	p := &c.sources[id].promises[slot]
	p.done = true
	n := flow.Notice{Kind: flow.Resolved, Epoch: c.epoch, Source: id, Slot: slot}
	if by >= 0 {
		s := c.channels[by]
		s.owes, p.session, p.at = c.now, s.id, c.now
		n.Partition, n.Session, n.At = by, s.id, c.now
	}
	c.tell(n)
}

func (c *crew) prove(t *rapid.T) {
	at := rapid.Int32Range(0, 2).Draw(t, "session")
	c.show(at, c.now.Add(-time.Duration(rapid.IntRange(-1, 2000).Draw(t, "ago"))*time.Millisecond))
}

func (c *crew) show(at int32, through time.Time) {
	id := c.channels[at].id
	if !through.After(c.proven[id]) {
		return
	}
	c.proven[id] = through
	c.tell(flow.Notice{Kind: flow.Proven, Partition: at, Session: id, At: through})
}

func (c *crew) revoke(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "now") > 0 {
		t.Skip("not now")
	}
	id, s := c.any(t)
	c.tell(flow.Notice{Kind: flow.Revoked, Epoch: c.epoch, Source: id, Slot: uint64(len(s.promises))})
	delete(c.sources, id)
	c.name(s.name)
}

// stray is news nobody should heed: receipts, losses and proofs of what is over.
func (c *crew) stray(t *rapid.T) {
	at := rapid.Int32Range(0, 2).Draw(t, "at")
	old := c.channels[at].id - 1
	switch rapid.IntRange(0, 2).Draw(t, "stray") {
	case 0:
		c.tell(flow.Notice{Kind: flow.Resolved, Epoch: c.epoch - 1, Slot: uint64(rapid.IntRange(0, 9).Draw(t, "slot")), Session: old, At: c.now})
	case 1:
		c.tell(flow.Notice{Kind: flow.SessionLost, Epoch: c.epoch - 1, Partition: at, Session: old})
	case 2:
		c.tell(flow.Notice{Kind: flow.Proven, Partition: at, Session: old, At: c.now.Add(time.Hour)})
	}
}

// judge lets the tracker publish, and looks at all that comes of it.
func (c *crew) judge(t *rapid.T) {
	c.publish(c.now)
	positions, _ := c.latest.take()
	for name, p := range positions {
		s := c.sources[p.Source]
		switch {
		case p.Epoch != c.epoch || s == nil || s.name != name:
			t.Fatalf("%s came to %+v, which is nobody's any more", name, p)
		case p.Slots < s.come:
			t.Fatalf("%s goes back from %d slots to %d", name, s.come, p.Slots)
		}
		s.come = p.Slots
		for slot, kept := range s.promises[:p.Slots] {
			if !kept.done || kept.session != 0 && kept.at.After(c.proven[kept.session]) {
				t.Fatalf("%s came to %+v past slot %d, which is not settled: %+v", name, p, slot, kept)
			}
		}
	}
	for name, line := range c.waiting.lines {
		if len(line) == 0 || len(line) > mostCheckpoints {
			t.Fatalf("%d checkpoints of %s wait", len(line), name)
		}
	}
	if c.lost == c.epoch {
		return
	}
	for _, s := range c.sources {
		if low, settled := s.prefix(c.proven); settled && s.come != low {
			t.Fatalf("%s has come to %d of %d slots, and all it has is settled: it waits for another", s.name, s.come, low)
		}
	}
}

// prefix returns how many slots are resolved without a gap, and whether all that are
// resolved are settled, behind a gap too: that is how exactly the tracker knows.
func (s *track) prefix(proven map[uint64]time.Time) (low uint64, settled bool) {
	settled = true
	gap := false
	for _, kept := range s.promises {
		if gap = gap || !kept.done; !gap {
			low++
		}
		settled = settled && (!kept.done || kept.session == 0 || !kept.at.After(proven[kept.session]))
	}
	return low, settled
}

// finish resolves and proves all there is: then all there is has to come.
func (c *crew) finish(t *rapid.T) {
	for id := range c.next {
		if s := c.sources[id]; s != nil {
			for slot := range s.promises {
				if !s.promises[slot].done {
					c.keep(id, uint64(slot), int32(slot)%3)
				}
			}
		}
	}
	c.judge(t)
	for at := range int32(3) {
		c.show(at, c.now)
	}
	c.judge(t)
	for _, s := range c.sources {
		if want := uint64(len(s.promises)); s.come != want {
			t.Fatalf("%s has come to %d of %d slots with all proven", s.name, s.come, want)
		}
	}
	if c.waiting.count() != 0 {
		t.Fatalf("%d checkpoints wait with all proven", c.waiting.count())
	}
}

// Invariant 15, the tracker's part: no position is given out past a slot that is not
// settled, whatever is acknowledged, proven, lost and revoked in whatever order; and
// all of it is, in the end.
func TestTrackerAgainstABook(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newCrew()
		t.Repeat(map[string]func(*rapid.T){
			"admit": c.admit, "admit too": c.admit, "resolve": c.resolve, "resolve too": c.resolve, "prove": c.prove, "prove too": c.prove,
			"revoke": c.revoke, "stray": c.stray, "judge": c.judge,
			"open": func(t *rapid.T) { c.open(rapid.Int32Range(0, 2).Draw(t, "session")) },
			"pass": func(t *rapid.T) {
				c.now = c.now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				if c.lost == c.epoch {
					c.judge(t)
					c.begin()
				}
			},
		})
		c.finish(t)
	})
}

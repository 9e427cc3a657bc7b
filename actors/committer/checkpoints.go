package committer

import (
	"slices"
	"time"
)

// need is a session that must be proven up to a time before a checkpoint that
// covers what it acknowledged can be released.
type need struct {
	topic, partition int32
	session          uint64
	at               time.Time
}

// checkpoint is how far some source partitions were resolved at one time, and
// what has to be proven before that may be committed.
type checkpoint struct {
	born      time.Time
	positions map[string]moved
	needs     []need
}

// moved is a position and how many slots were passed on the way to it.
type moved struct {
	Position
	passed uint64
}

const (
	// spacing is how long a checkpoint takes in what follows.
	spacing = 200 * time.Millisecond
	// mostCheckpoints bounds those that wait: 12.8 s of them. Beyond, the newest
	// takes in what follows, but keeps its birth: restarting it would starve
	// commits for ever under load.
	mostCheckpoints = 64
)

// checkpoints is a pure core: the positions that wait for their acknowledgements
// to be settled, oldest first.
type checkpoints struct{ queue []checkpoint }

// clear forgets everything: what waited is read again.
func (c *checkpoints) clear() { c.queue = nil }

// add notes that a source partition has come to a position, which needs proof. It
// goes into the newest checkpoint while that is young, else into one of its own.
func (c *checkpoints) add(now time.Time, name string, m moved, needs []need) {
	n := len(c.queue)
	if n == 0 || n < mostCheckpoints && now.Sub(c.queue[n-1].born) >= spacing {
		c.queue = append(c.queue, checkpoint{born: now, positions: map[string]moved{}})
		n++
	}
	newest := &c.queue[n-1]
	m.passed += newest.positions[name].passed
	newest.positions[name] = m
	for _, want := range needs {
		newest.want(want)
	}
}

// want adds a need; of several to one session the latest stands for all.
func (c *checkpoint) want(n need) {
	for i := range c.needs {
		if have := &c.needs[i]; have.topic == n.topic && have.partition == n.partition && have.session == n.session {
			if n.at.After(have.at) {
				have.at = n.at
			}
			return
		}
	}
	c.needs = append(c.needs, n)
}

// strike takes the needs off all checkpoints that a proof has met.
func (c *checkpoints) strike(topic, partition int32, session uint64, proven time.Time) {
	for i := range c.queue {
		c.queue[i].needs = slices.DeleteFunc(c.queue[i].needs, func(n need) bool {
			return n.topic == topic && n.partition == partition && n.session == session && !n.at.After(proven)
		})
	}
}

// forget takes a revoked source partition out: it is not committed any more.
func (c *checkpoints) forget(g gone) {
	for _, each := range c.queue {
		if m, ok := each.positions[g.name]; ok && g.is(m.Position) {
			delete(each.positions, g.name)
		}
	}
}

// release gives out, in order, every checkpoint that needs nothing any more and
// has none before it that does.
func (c *checkpoints) release(visit func(name string, m moved)) {
	free := 0
	for free < len(c.queue) && len(c.queue[free].needs) == 0 {
		for name, m := range c.queue[free].positions {
			visit(name, m)
		}
		free++
	}
	c.queue = slices.Delete(c.queue, 0, free)
}

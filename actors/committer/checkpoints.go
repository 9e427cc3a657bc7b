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

// checkpoint is how far a source partition was resolved at one time, and what has to
// be proven before that may be committed.
type checkpoint struct {
	moved
	born  time.Time
	needs []need
}

// moved is a position and how many slots were passed on the way to it.
type moved struct {
	Position
	passed uint64
}

const (
	// spacing is how long a checkpoint takes in what follows.
	spacing = 200 * time.Millisecond
	// mostCheckpoints bounds those of one source partition that wait: 12.8 s of them.
	// Beyond, the newest takes in what follows, but keeps its birth: restarting it
	// would starve commits for ever under load.
	mostCheckpoints = 64
)

// checkpoints is a pure core: the positions that wait for their acknowledgements to be
// settled. Each source partition has a line of its own, oldest first, so that it waits
// for nothing but what it has published itself: one topic whose broker is away holds
// back the source partitions that have something on it, and no other.
type checkpoints struct{ lines map[string][]checkpoint }

// clear forgets everything: what waited is read again.
func (c *checkpoints) clear() { c.lines = nil }

// holds reports whether something of a source partition waits.
func (c *checkpoints) holds(name string) bool { return len(c.lines[name]) > 0 }

// add notes that a source partition has come to a position, which needs proof, or has
// one before it that does. It goes into the newest checkpoint while that is young, else
// into one of its own.
func (c *checkpoints) add(now time.Time, name string, m moved, needs []need) {
	line := c.lines[name]
	n := len(line)
	if n == 0 || n < mostCheckpoints && now.Sub(line[n-1].born) >= spacing {
		line = append(line, checkpoint{born: now})
		n++
	}
	newest := &line[n-1]
	m.passed += newest.passed
	newest.moved = m
	for _, want := range needs {
		newest.want(want)
	}
	if c.lines == nil {
		c.lines = map[string][]checkpoint{}
	}
	c.lines[name] = line
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
	met := func(n need) bool {
		return n.topic == topic && n.partition == partition && n.session == session && !n.at.After(proven)
	}
	for _, line := range c.lines {
		for i := range line {
			line[i].needs = slices.DeleteFunc(line[i].needs, met)
		}
	}
}

// forget takes a revoked source partition out: it is not committed any more.
func (c *checkpoints) forget(g gone) {
	c.keep(g.name, slices.DeleteFunc(c.lines[g.name], func(each checkpoint) bool { return g.is(each.Position) }))
}

// release gives out, in the order of its line, every checkpoint that needs nothing any
// more and has none before it that does.
func (c *checkpoints) release(visit func(name string, m moved)) {
	for name, line := range c.lines {
		free := 0
		for free < len(line) && len(line[free].needs) == 0 {
			visit(name, line[free].moved)
			free++
		}
		if free > 0 {
			c.keep(name, slices.Delete(line, 0, free))
		}
	}
}

// keep puts what is left of a line in its place.
func (c *checkpoints) keep(name string, line []checkpoint) {
	if len(line) == 0 {
		delete(c.lines, name)
		return
	}
	c.lines[name] = line
}

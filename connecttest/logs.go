package connecttest

import "strings"

// Append says that the broker took a copy of the record into a log, that of a topic
// or of one of its partitions.
func (l *Ledger) Append(name string, id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live = true
	rec := l.known("published", id)
	if rec == nil {
		return
	}
	g := l.log(name)
	g.take(l, rec)
	if g.letters {
		l.process.letters++
	} else {
		l.process.appends++
	}
}

// take puts a copy into a log.
func (g *log) take(l *Ledger, rec *record) {
	g.held = append(g.held, rec)
	c := g.of(rec)
	c.appends++
	c.kept++
	if g.letters && !rec.diverted {
		l.report("I1", "%s has become a dead letter, and nothing is wrong with it", rec)
	}
}

// of returns what a log says of a record.
func (g *log) of(rec *record) *copies {
	if g.letters {
		return &rec.letters
	}
	return &rec.copies
}

// Flush says that the n oldest messages of a log survive a crash.
func (l *Ledger) Flush(name string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.log(name)
	for ; g.flushed < n && g.flushed < len(g.held); g.flushed++ {
		g.of(g.held[g.flushed]).flushed++
	}
}

// Crash says that the broker has lost what of a log was not flushed. It returns how
// many messages that was.
func (l *Ledger) Crash(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.log(name)
	gone := g.held[g.flushed:]
	for _, rec := range gone {
		c := g.of(rec)
		c.kept--
		c.lost++
	}
	g.held = g.held[:g.flushed]
	l.forgotten += len(gone)
	return len(gone)
}

// Unanswered says that the broker took a copy of the record and that the runtime
// cannot have known: the answer was lost, or came when its session was over.
func (l *Ledger) Unanswered(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec := l.known("published", id); rec != nil {
		rec.excused++
	}
}

// Log tells what a log holds at the end of the run, or what a consumer of it has
// received, oldest first: instead of Append, Flush and Crash.
func (l *Ledger) Log(name string, ids ...uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.log(name)
	for _, id := range ids {
		if rec := l.known("published", id); rec != nil {
			g.take(l, rec)
		}
	}
}

// Forgotten says how many messages the broker has lost in crashes: with Log.
func (l *Ledger) Forgotten(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten += n
}

func (l *Ledger) log(name string) *log {
	g := l.logs[name]
	if g == nil {
		g = &log{letters: l.rules.Letters != "" && (name == l.rules.Letters || strings.HasPrefix(name, l.rules.Letters+"-part-"))}
		l.logs[name] = g
	}
	return g
}

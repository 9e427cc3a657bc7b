package connecttest

import (
	"fmt"
	"sync"
)

// Record is one message the source wants published. A source record that is fanned
// out to several topics is several of them, at one position.
type Record struct {
	// ID names the record in the whole run, through every replay of it.
	ID uint64
	// Partition and Position are its offset; an empty Partition says that it has
	// none, and that no commit ever covers it.
	Partition string
	Position  uint64
	// Topic is the topic it is for.
	Topic string
	// Group is what keeps its order within the topic: the records of one group
	// arrive in the order in which they were first offered, but for replays. It is
	// usually the source partition and the key; empty means that no order is kept.
	Group string
}

// Rules are what a run has promised.
type Rules struct {
	// Settled says that nothing committed, or told to a sender, is lost when a
	// broker crashes. Otherwise what the broker forgot may be missing.
	Settled bool
	// ReadAhead is the most records that may have been offered in one epoch and
	// not be committed; 0 means no bound.
	ReadAhead int
	// Letters is the topic dead letters are published to; its logs, also those of its
	// partitions, hold letters, which have the ID of the record they stand for.
	Letters string
	// Copies is how many copies of records may be published beside those that are
	// accounted for, by a further offer or by Unanswered.
	Copies int
}

// Ledger keeps the books of one run. Tell it everything at the time it happens; it
// is safe for concurrent use. The broker's side is either told as it happens
// (Append, Flush, Crash), or once, at the end (Log, Forgotten); the first way finds
// also what only looks right in the end.
type Ledger struct {
	mu         sync.Mutex
	rules      Rules
	records    map[uint64]*record
	order      []*record // as first offered
	partitions map[string]*partition
	groups     map[group]int // records in it
	logs       map[string]*log
	live       bool // the logs are told as they change
	forgotten  int
	epoch      uint64
	ahead      int // offered in the running epoch and not committed
	process    sums
	found      []Violation
}

// sums counts since the last Boot.
type sums struct{ offers, appends, letters, skips, covered uint64 }

type record struct {
	Record
	index   int    // in its group
	offers  int    // how often it was offered
	epoch   uint64 // the last time
	excused int    // copies nobody could know of
	copies
	told      bool // somebody was told that it is published
	acked     bool // somebody was told that the broker has it, and the process that knows runs on
	left      bool // that process is gone
	orphan    bool // and a crash may lose it
	skipped   bool // dealt with by policy
	diverted  bool // a dead letter may stand for it
	letters   copies
	committed bool
}

// copies of a record, or of its dead letter.
type copies struct {
	appends int // that the broker took, forgotten ones included
	kept    int // that the logs hold
	flushed int // of those, that survive a crash
	lost    int // that a crash has taken
}

// promise is what stands for the record: copies of it, and of its dead letter.
func (r *record) promise() copies {
	c := r.copies
	if r.diverted {
		c.appends += r.letters.appends
		c.kept += r.letters.kept
		c.flushed += r.letters.flushed
		c.lost += r.letters.lost
	}
	return c
}

type partition struct {
	records   []*record // by position
	next      int       // the first that is not committed
	committed uint64
	any       bool // something was committed
}

type group struct{ topic, name string }

type log struct {
	letters bool // of the dead-letter topic
	held    []*record
	flushed int // how many of held survive a crash
}

// NewLedger opens the books.
func NewLedger(r Rules) *Ledger {
	return &Ledger{
		rules: r, records: map[uint64]*record{}, partitions: map[string]*partition{}, groups: map[group]int{}, logs: map[string]*log{},
	}
}

// Boot says that a process of the runtime begins: its counters are at zero.
func (l *Ledger) Boot() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.process = sums{}
}

// Epoch says that a life of the source begins, from the last commit.
func (l *Ledger) Epoch(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number <= l.epoch {
		l.report("I4", "epoch %d begins after epoch %d", number, l.epoch)
	}
	l.epoch, l.ahead = number, 0
}

// Offer says that the source hands r over, also for another time.
func (l *Ledger) Offer(r Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rec := l.records[r.ID]
	if rec == nil {
		rec = l.enter(r)
	}
	rec.offers++
	rec.epoch = l.epoch
	l.process.offers++
	if r.Partition == "" || rec.committed {
		return
	}
	if l.ahead++; l.rules.ReadAhead > 0 && l.ahead > l.rules.ReadAhead {
		l.report("I6", "%s is read %d records ahead of the commit; at most %d", rec, l.ahead, l.rules.ReadAhead)
	}
}

func (l *Ledger) enter(r Record) *record {
	g := group{r.Topic, r.Group}
	rec := &record{Record: r, index: l.groups[g]}
	l.groups[g]++
	l.records[r.ID] = rec
	l.order = append(l.order, rec)
	if r.Partition != "" {
		p := l.partition(r.Partition)
		p.records = append(p.records, rec)
	}
	return rec
}

func (l *Ledger) partition(name string) *partition {
	p := l.partitions[name]
	if p == nil {
		p = &partition{}
		l.partitions[name] = p
	}
	return p
}

// Skip says that the record was left out, by policy, and counted.
func (l *Ledger) Skip(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec := l.known("skipped", id); rec != nil {
		rec.skipped = true
		l.process.skips++
	}
}

// Tell says that somebody was told that the record is published, as Deliver does.
func (l *Ledger) Tell(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rec := l.known("delivered", id); rec != nil {
		rec.told = true
		l.early("told", rec)
	}
}

// Commit says that the source was told to commit a position of a partition, in an
// epoch.
func (l *Ledger) Commit(epoch uint64, name string, position uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.partition(name)
	switch {
	case name == "":
		l.report("I4", "an empty offset is committed")
	case epoch != l.epoch:
		l.report("I4", "%s@%d is committed in epoch %d, while %d is the running one", name, position, epoch, l.epoch)
	case p.any && position < p.committed:
		l.report("I4", "%s@%d is committed after %d", name, position, p.committed)
	}
	p.committed, p.any = max(p.committed, position), true
	for p.next < len(p.records) && p.records[p.next].Position <= position {
		rec := p.records[p.next]
		p.next++
		rec.committed = true
		l.process.covered++
		if rec.epoch == l.epoch {
			l.ahead--
		}
		l.early("committed", rec)
	}
}

// Revoke says that the source gives a partition up: what of it is not committed is
// not read ahead any more.
func (l *Ledger) Revoke(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.partition(name)
	for _, rec := range p.records[p.next:] {
		if rec.epoch == l.epoch {
			rec.epoch = 0
			l.ahead--
		}
	}
}

// early notes a promise that was made before it could be kept.
func (l *Ledger) early(what string, rec *record) {
	if !l.live || rec.skipped {
		return
	}
	switch c := rec.promise(); {
	case c.appends == 0:
		l.report("I3", "%s is %s and was never published", rec, what)
	case l.rules.Settled && c.flushed == 0:
		l.report("I2", "%s is %s and a crash would forget it", rec, what)
	}
}

func (l *Ledger) known(what string, id uint64) *record {
	rec := l.records[id]
	if rec == nil {
		l.report("I1", "record %d was %s and never offered", id, what)
	}
	return rec
}

// Report adds a violation that somebody else has seen.
func (l *Ledger) Report(invariant, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report(invariant, format, args...)
}

func (l *Ledger) report(invariant, format string, args ...any) {
	l.found = append(l.found, Violation{invariant, fmt.Sprintf(format, args...)})
}

// Lag returns how many of the offered records that have an offset are not
// committed.
func (l *Ledger) Lag() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	lag := 0
	for _, p := range l.partitions {
		lag += len(p.records) - p.next
	}
	return lag
}

// String names a record.
func (r *record) String() string {
	if r.Partition == "" {
		return fmt.Sprintf("record %d for %s", r.ID, r.Topic)
	}
	return fmt.Sprintf("record %d (%s@%d) for %s", r.ID, r.Partition, r.Position, r.Topic)
}

package flow

import (
	"context"
	"slices"
	"sync"
)

// Budget admits calls, blocks them while it is spent, and counts every record
// from admission to its fate (design laws 10 and 12). Nothing is ever dropped for
// lack of room. All methods are safe for concurrent use; only Admit blocks.
type Budget struct {
	mu      sync.Mutex
	core    budget
	part    part // of a Pool, if any
	totals  Totals
	byTopic []Totals
	kept    int // bytes held by records that are retained
	epoch   uint64
	waiting []*waiting
	ahead   line          // scratch of grant
	quiet   chan struct{} // closed once the budget is idle; nil while nobody waits for that
}

type waiting struct {
	call    *Call
	epoch   uint64
	in      bool // under Budget.mu; granted is closed with it
	granted chan struct{}
}

// NewBudget returns an empty budget.
func NewBudget(l Limits) *Budget {
	return &Budget{core: budget{limits: l}}
}

// Limits returns the bounds the budget was made with.
func (b *Budget) Limits() Limits { return b.core.limits }

// Declare tells of a topic before it is used: as soon as there are two, each is
// kept to half of the budget.
func (b *Budget) Declare(topic int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.core.topic(topic)
}

// Begin starts an epoch: source partitions are numbered anew, and calls of any
// other epoch are not admitted any more. Records of older epochs keep what they
// hold until they are resolved.
func (b *Budget) Begin(epoch uint64) {
	b.mu.Lock()
	defer b.unlock()
	b.epoch = epoch
	clear(b.core.sources)
	b.core.sources = b.core.sources[:0]
	b.core.spanned, b.core.unsettled = 0, 0
	b.grant()
}

// Admit takes what c asks for, waiting for room until ctx or quit ends. It returns
// nil, ErrTooLarge, ctx's cause, or errQuit when quit was closed first or epoch is
// not the running one; quit must be closed before another epoch begins. Calls are
// served in turn; one that waits only for its own topic or source partition lets
// calls pass that have nothing to do with it.
func (b *Budget) Admit(ctx context.Context, quit <-chan struct{}, errQuit error, epoch uint64, c *Call) error {
	w, err := b.enter(epoch, c, errQuit)
	if w == nil {
		return err
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-quit:
		err = errQuit
	}
	b.leave(w)
	return err
}

// enter admits or refuses c at once, or puts it into the queue.
func (b *Budget) enter(epoch uint64, c *Call, errQuit error) (*waiting, error) {
	b.mu.Lock()
	defer b.unlock()
	if epoch != b.epoch {
		return nil, errQuit
	}
	b.ahead.clear()
	b.core.fair = b.part.fair(b.core.limits)
	switch v := b.core.judge(c, &b.ahead); {
	case v == neverFits:
		return nil, ErrTooLarge
	case v == fits && len(b.waiting) == 0 && b.part.take(c):
		b.take(c)
		return nil, nil
	}
	w := &waiting{call: c, epoch: epoch, granted: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.grant()
	return w, nil
}

// leave takes w off the queue. If it was granted meanwhile, what it took is given
// back: its caller will not hand anything over.
func (b *Budget) leave(w *waiting) {
	b.mu.Lock()
	defer b.unlock()
	if w.in {
		b.undo(w.call, w.epoch)
		return
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(other *waiting) bool { return other == w })
	b.grant()
}

func (b *Budget) take(c *Call) {
	b.core.take(c)
	b.totals.admit(uint64(c.Records))
	for _, u := range c.Topics {
		b.topic(u.Topic).admit(uint64(u.Records))
	}
}

// Undo gives back an admitted call whose records were not handed over after all;
// they count as withdrawn.
func (b *Budget) Undo(c *Call, epoch uint64) {
	b.mu.Lock()
	defer b.unlock()
	b.undo(c, epoch)
}

func (b *Budget) undo(c *Call, epoch uint64) {
	if epoch == b.epoch {
		for _, s := range c.Sources {
			b.core.span(s.Source, -s.Slots)
		}
	}
	for _, u := range c.Topics {
		b.resolve(u.Topic, Withdrawn, u.Records, u.Bytes)
	}
	b.grant()
}

// Resolve gives back what records of one topic held, exactly once for each,
// whatever became of it and whatever its epoch.
func (b *Budget) Resolve(topic int32, f Fate, records, bytes int) {
	b.mu.Lock()
	defer b.unlock()
	b.resolve(topic, f, records, bytes)
	b.grant()
}

func (b *Budget) resolve(topic int32, f Fate, records, bytes int) {
	b.core.give(topic, records, bytes)
	b.totals.resolve(f, uint64(records))
	b.topic(topic).resolve(f, uint64(records))
}

// Advance says that every slot of a source partition below low is resolved, and
// that those held so many records.
func (b *Budget) Advance(epoch uint64, source int32, low, records uint64) {
	b.mu.Lock()
	defer b.unlock()
	if epoch != b.epoch {
		return
	}
	b.core.settled(source, low)
	b.core.reached(source, records)
	b.grant()
}

// Commit says how many records of some source partitions are committed by now.
func (b *Budget) Commit(epoch uint64, records map[int32]uint64) {
	b.mu.Lock()
	defer b.unlock()
	if epoch != b.epoch {
		return
	}
	more := uint64(0)
	for source, n := range records {
		more += b.core.stored(source, n)
	}
	if more == 0 {
		return
	}
	b.totals.Committed += more
	b.core.caution.committed(b.limits().Records + b.limits().Unsettled)
	b.grant()
}

// Revoke says that nothing more is committed for a source partition.
func (b *Budget) Revoke(epoch uint64, source int32) {
	b.mu.Lock()
	defer b.unlock()
	if epoch != b.epoch {
		return
	}
	b.core.revoke(source)
	b.grant()
}

// Rewound says that the source goes back to the last commit because the broker
// may have forgotten what it acknowledged.
func (b *Budget) Rewound() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.core.caution.rewound(b.core.ahead())
}

// Caution returns how many records may be read ahead of the commit while the
// broker lives shorter than settling takes; 0 means as many as ever.
func (b *Budget) Caution() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.core.caution.span
}

func (b *Budget) limits() Limits { return b.core.limits }

// Unsettled returns how many records are resolved and not committed.
func (b *Budget) Unsettled() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.core.unsettled
}

// grant lets waiting calls in, in turn. A call of an epoch that is over is left to
// its quit.
func (b *Budget) grant() {
	b.part.holds(b.core.bytes, b.core.records)
	b.core.fair = b.part.fair(b.core.limits)
	b.ahead.clear()
	full, asked := false, false
	b.waiting = slices.DeleteFunc(b.waiting, func(w *waiting) bool {
		if full || w.epoch != b.epoch {
			return false
		}
		switch b.core.judge(w.call, &b.ahead) {
		case fits:
			if asked = !b.part.take(w.call); asked {
				full = true
				break
			}
			b.take(w.call)
			w.in = true
			close(w.granted)
		case waitAll:
			full = true
		}
		return w.in
	})
	if !asked {
		b.part.drop()
	}
	if b.quiet != nil && b.core.idle() {
		close(b.quiet)
		b.quiet = nil
	}
}

func (b *Budget) topic(i int32) *Totals {
	for int(i) >= len(b.byTopic) {
		b.byTopic = append(b.byTopic, Totals{})
	}
	return &b.byTopic[i]
}

// Totals returns all counts, taken at one instant.
func (b *Budget) Totals() Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.totals
}

// Topic returns the counts of one topic; Committed is not counted by topic.
func (b *Budget) Topic(topic int32) Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int(topic) >= len(b.byTopic) {
		return Totals{}
	}
	return b.byTopic[topic]
}

// Held returns the bytes in flight and how many calls wait for room.
func (b *Budget) Held() (bytes, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.core.bytes, len(b.waiting)
}

package flow

import (
	"context"
	"sync"
)

// Budget admits calls, blocks them while it is spent, and counts every record
// from admission to its fate (design laws 10 and 12). Nothing is ever dropped for
// lack of room. All methods are safe for concurrent use; only Admit blocks.
type Budget struct {
	mu      sync.Mutex
	core    budget
	totals  Totals
	byTopic []Totals
	epoch   uint64
	waiting []*waiting
}

type waiting struct {
	call    *Call
	epoch   uint64
	granted chan struct{}
}

// NewBudget returns an empty budget.
func NewBudget(l Limits) *Budget {
	return &Budget{core: budget{limits: l}}
}

// Limits returns the bounds the budget was made with.
func (b *Budget) Limits() Limits { return b.core.limits }

// Begin starts an epoch: source partitions are numbered anew. Records of older
// epochs keep what they hold until they are resolved.
func (b *Budget) Begin(epoch uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch = epoch
	b.core.sources = b.core.sources[:0]
}

// Admit takes what c asks for, waiting for room until ctx or quit ends. It returns
// nil, ErrTooLarge, ctx's cause, or errQuit's value when quit was closed first.
// Calls are served in turn; one that waits only for its own topic or source
// partition lets others pass.
func (b *Budget) Admit(ctx context.Context, quit <-chan struct{}, errQuit error, epoch uint64, c *Call) error {
	b.mu.Lock()
	v := b.core.judge(c)
	if v == neverFits {
		b.mu.Unlock()
		return ErrTooLarge
	}
	if v == fits && !b.blocked() {
		b.take(c)
		b.mu.Unlock()
		return nil
	}
	w := &waiting{call: c, epoch: epoch, granted: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.mu.Unlock()

	var err error
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

// leave takes w off the queue. If it was granted meanwhile, what it took is given
// back: its caller will not hand anything over.
func (b *Budget) leave(w *waiting) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, other := range b.waiting {
		if other == w {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			b.grant()
			return
		}
	}
	b.undo(w.call, w.epoch)
}

// blocked reports whether a call in the queue waits for the runtime as a whole,
// which nobody may overtake.
func (b *Budget) blocked() bool {
	for _, w := range b.waiting {
		if b.core.judge(w.call) == waitAll {
			return true
		}
	}
	return false
}

func (b *Budget) take(c *Call) {
	b.core.take(c)
	b.totals.Read += uint64(c.Records)
	b.totals.InFlight += uint64(c.Records)
}

// Undo gives back an admitted call whose records were not handed over after all;
// they count as withdrawn.
func (b *Budget) Undo(c *Call, epoch uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.undo(c, epoch)
}

func (b *Budget) undo(c *Call, epoch uint64) {
	for _, u := range c.Topics {
		b.core.give(u.Topic, u.Records, u.Bytes)
	}
	if epoch == b.epoch {
		for _, s := range c.Sources {
			b.core.source(s.Source).next -= uint64(s.Slots)
		}
	}
	b.totals.resolve(Withdrawn, uint64(c.Records))
	b.grant()
}

// Resolve gives back what records of one topic held, exactly once for each,
// whatever became of it and whatever its epoch.
func (b *Budget) Resolve(topic int32, f Fate, records, bytes int) {
	if records == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.core.give(topic, records, bytes)
	b.totals.resolve(f, uint64(records))
	for int(topic) >= len(b.byTopic) {
		b.byTopic = append(b.byTopic, Totals{})
	}
	switch t := &b.byTopic[topic]; f {
	case Published:
		t.Published += uint64(records)
	case Withdrawn:
		t.Withdrawn += uint64(records)
	}
	b.grant()
}

// Advance says that every slot of a source partition below low is resolved.
func (b *Budget) Advance(epoch uint64, source int32, low uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if epoch != b.epoch {
		return
	}
	b.core.source(source).low = low
	b.grant()
}

// Commit counts records that a commit has covered.
func (b *Budget) Commit(records uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.totals.Committed += records
}

// grant lets waiting calls in, in turn.
func (b *Budget) grant() {
	kept := b.waiting[:0]
	for i, w := range b.waiting {
		switch b.core.judge(w.call) {
		case fits:
			b.take(w.call)
			close(w.granted)
		case waitAll:
			kept = append(kept, b.waiting[i:]...)
			clear(b.waiting[len(kept):])
			b.waiting = kept
			return
		default:
			kept = append(kept, w)
		}
	}
	clear(b.waiting[len(kept):])
	b.waiting = kept
}

// Totals returns all counts, taken at one instant.
func (b *Budget) Totals() Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.totals
}

// Topic returns the counts of one topic; Read is what it admitted.
func (b *Budget) Topic(topic int32) Totals {
	b.mu.Lock()
	defer b.mu.Unlock()
	var t Totals
	if int(topic) < len(b.byTopic) {
		t = b.byTopic[topic]
	}
	t.InFlight = uint64(b.core.topic(topic).Records)
	t.Read = t.Published + t.DeadLettered + t.Skipped + t.Parked + t.Withdrawn + t.InFlight
	return t
}

// Held returns the bytes in flight and how many calls wait for room.
func (b *Budget) Held() (bytes, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.core.bytes, len(b.waiting)
}

package flow

import "sync"

// Pool is what several budgets have in common: each may hold its weighted share, and
// borrow what the others do not use. Its methods are safe for concurrent use.
type Pool struct {
	mu      sync.Mutex // taken while a Budget's is held, never the other way round
	core    pool
	budgets map[*member]*Budget
}

// NewPool returns a pool of so many bytes and records, 0 records being no bound.
func NewPool(bytes, records int) *Pool {
	return &Pool{core: pool{total: amount{bytes, records}}, budgets: map[*member]*Budget{}}
}

// Cap returns l, or what there is in the pool if that is less.
func (p *Pool) Cap(l Limits) Limits {
	l.Bytes = min(l.Bytes, p.core.total.bytes)
	if r := p.core.total.records; r > 0 {
		l.Records = min(l.Records, r)
	}
	return l
}

// Held returns what all budgets hold together.
func (p *Pool) Held() (bytes, records int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum amount
	for _, m := range p.core.members {
		sum = sum.plus(m.held)
	}
	return sum.bytes, sum.records
}

// part is a Budget's side of a Pool; the zero part is that of a budget that shares
// with nobody. Budget.mu guards it.
type part struct {
	pool   *Pool
	member *member
}

// Join makes the budget share p from now on, by weight, until Leave. It must hold
// nothing yet, and have been made with limits that p has capped.
func (b *Budget) Join(p *Pool, weight int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	b.part = part{p, p.core.join(weight)}
	p.budgets[b.part.member] = b
}

// Leave gives up the share, and with it whatever the budget holds: the others may
// have it from now on. It may be called without Join, and twice.
func (b *Budget) Leave() {
	b.mu.Lock()
	p := b.part.pool
	if p == nil {
		b.mu.Unlock()
		return
	}
	p.mu.Lock()
	p.core.leave(b.part.member)
	delete(p.budgets, b.part.member)
	b.part = part{}
	p.mu.Unlock()
	b.mu.Unlock()
	p.wake()
}

// Fair returns what the budget may hold whatever others do: its limits, or its share
// of the pool if that is less.
func (b *Budget) Fair() Limits {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.part.fair(b.core.limits)
}

func (s part) fair(l Limits) Limits {
	if s.pool == nil {
		return l
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	f := s.member.fair
	l.Bytes = min(l.Bytes, f.bytes)
	if f.records > 0 {
		l.Records = min(l.Records, f.records)
	}
	return l
}

// take takes of the pool, or notes that the budget waits for it.
func (s part) take(c *Call) bool {
	if s.pool == nil {
		return true
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	return s.pool.core.take(s.member, amount{c.Bytes, c.Records})
}

// holds tells the pool what the budget holds.
func (s part) holds(bytes, records int) {
	if s.pool == nil {
		return
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.pool.core.holds(s.member, amount{bytes, records})
}

// drop tells the pool that the budget waits for nothing of it.
func (s part) drop() {
	if s.pool == nil {
		return
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.pool.core.drop(s.member)
}

// unlock ends a change of the budget. What it gave back may be what calls of the
// others wait for: their turn comes once this budget is unlocked, since no two are
// ever locked together.
func (b *Budget) unlock() {
	p := b.part.pool
	b.mu.Unlock()
	if p != nil {
		p.wake()
	}
}

// wake lets in whoever may enter now. Each that does may make way for another.
func (p *Pool) wake() {
	for _, b := range p.next() {
		b.mu.Lock()
		b.grant()
		b.unlock()
	}
}

func (p *Pool) next() []*Budget {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.core.eased {
		return nil
	}
	p.core.eased = false
	var all []*Budget
	for _, m := range p.core.next() {
		all = append(all, p.budgets[m])
	}
	return all
}

package flow

import "slices"

// amount is how much of both: bytes and records.
type amount struct{ bytes, records int }

func (a amount) plus(b amount) amount { return amount{a.bytes + b.bytes, a.records + b.records} }

func (a amount) most(b amount) amount {
	return amount{max(a.bytes, b.bytes), max(a.records, b.records)}
}

func (a amount) least(b amount) amount {
	return amount{min(a.bytes, b.bytes), min(a.records, b.records)}
}

// within reports whether a keeps to limit; a limit of 0 records is none.
func (a amount) within(limit amount) bool {
	return a.bytes <= limit.bytes && (limit.records == 0 || a.records <= limit.records)
}

// pool is the pure core of Pool: who of several runtimes may take more of what they
// share.
//
// Each has a fair share, by weight. What keeps it within its share enters as soon
// as there is room. What goes beyond borrows, and leaves room for what the others
// are seen to use: up to their share, twice what they have held of late, so that
// one that is growing finds its share free and one that is idle keeps nothing. So
// nobody borrows while somebody within its share waits. Nothing is taken back from
// who borrowed; its records resolve and are not replaced.
//
// A call larger than its runtime's share enters when the runtime holds nothing else,
// and in turn: what asks after it leaves it room, even within its share, or it
// would wait for ever; and it waits for what asked before it, or it would keep the
// others out for ever.
type pool struct {
	total   amount
	members []*member
	claims  uint64 // how many calls had to wait; numbers them
	eased   bool   // something has changed for the better of those that wait
}

// member is one runtime's part of a pool.
type member struct {
	weight     int
	fair, held amount
	peak       amount // the most it held or asked for of late
	claim      amount // what the first of its calls waits for, if turn is not 0
	turn       uint64 // the number of the claim
}

func (p *pool) join(weight int) *member {
	m := &member{weight: weight}
	p.members = append(p.members, m)
	p.divide()
	return m
}

func (p *pool) leave(m *member) {
	p.members = slices.DeleteFunc(p.members, func(o *member) bool { return o == m })
	p.divide()
	p.eased = true
}

// divide gives everyone present its share.
func (p *pool) divide() {
	sum := 0
	for _, m := range p.members {
		sum += m.weight
	}
	for _, m := range p.members {
		m.fair = amount{bytes: portion(p.total.bytes, m.weight, sum)}
		if p.total.records > 0 {
			m.fair.records = max(portion(p.total.records, m.weight, sum), 1)
		}
	}
}

// portion is total × weight / sum without an overflow in between.
func portion(total, weight, sum int) int {
	return total/sum*weight + total%sum*weight/sum
}

// take lets m have what it asks for, or notes that it waits for it.
func (p *pool) take(m *member, ask amount) bool {
	if !p.room(m, ask) {
		if m.turn == 0 {
			p.claims++
			m.turn = p.claims
		}
		m.claim = ask
		m.peak = m.peak.most(m.held.plus(ask))
		return false
	}
	p.drop(m)
	m.held = m.held.plus(ask)
	m.peak = m.peak.most(m.held)
	return true
}

// drop says that m waits for nothing any more.
func (p *pool) drop(m *member) {
	if m.turn != 0 {
		m.turn, m.claim = 0, amount{}
		m.peak = m.peak.least(m.held.plus(m.held))
		p.eased = true
	}
}

// holds says what m holds by now. Half of what it held is soon forgotten; more, and
// it is as busy as it was.
func (p *pool) holds(m *member, held amount) {
	if held == m.held {
		return
	}
	p.eased = p.eased || held.bytes < m.held.bytes || held.records < m.held.records
	m.held = held
	m.peak = m.peak.least(held.plus(held)).most(held.plus(m.claim))
}

// large reports whether m waits with a call larger than its share, and its turn
// will come.
func (m *member) large() bool {
	return m.turn != 0 && m.held == amount{} && !m.claim.within(m.fair)
}

// reserve is what whoever borrows leaves to m, what m holds included.
func (m *member) reserve() amount {
	r := m.peak.plus(m.peak).least(m.fair).most(m.held)
	if m.large() {
		r = r.most(m.claim)
	}
	return r
}

// room reports whether m may have what it asks for.
func (p *pool) room(m *member, ask amount) bool {
	if (ask == amount{}) {
		return true
	}
	turn := m.turn
	if turn == 0 {
		turn = p.claims + 1
	}
	own := m.held.plus(ask).within(m.fair)
	whole := !own && m.held == amount{}
	sum := m.held.plus(ask)
	for _, o := range p.members {
		before := o != m && o.turn != 0 && o.turn < turn
		switch {
		case o == m:
		case own && before && o.large():
			sum = sum.plus(o.claim)
		case own:
			sum = sum.plus(o.held)
		case whole && before && (o.large() || o.held.plus(o.claim).within(o.fair)):
			return false
		case whole:
			sum = sum.plus(o.held)
		default:
			sum = sum.plus(o.reserve())
		}
	}
	return sum.within(p.total)
}

// next returns whoever waits and may enter now, in the order they came.
func (p *pool) next() []*member {
	var all []*member
	for _, m := range p.members {
		if m.turn != 0 && p.room(m, m.claim) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(x, y *member) int { return int(x.turn) - int(y.turn) })
	return all
}

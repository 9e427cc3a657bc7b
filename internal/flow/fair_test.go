package flow

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPortion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ total, weight, sum, want int }{
		{100, 3, 4, 75},
		{100, 1, 4, 25},
		{100, 1, 1, 100},
		{10, 1, 3, 3},
		{2, 1, 3, 0},
		{math.MaxInt, 1, 2, math.MaxInt / 2},
		{math.MaxInt, 1_000_000, 1_000_000, math.MaxInt},
	} {
		if got := portion(c.total, c.weight, c.sum); got != c.want {
			t.Errorf("portion(%d, %d, %d) = %d, want %d", c.total, c.weight, c.sum, got, c.want)
		}
	}
}

// poolSteps are what three members of weights 2, 1 and 1 do with 100 bytes: who asks
// (or gives, below zero) how much, and whether they get it.
var poolSteps = []struct {
	name  string
	steps []step
}{
	{"each its share", []step{{0, 50, true}, {1, 25, true}, {2, 25, true}, {0, 1, false}}},
	{"one alone borrows all", []step{{1, 60, true}, {1, 40, true}}},
	{"what is not there is not lent", []step{{1, 90, true}, {2, 20, false}, {1, 5, false}}},
	{"nobody borrows while an owner waits", []step{
		{1, 90, true}, {2, 20, false}, {1, -11, true}, {1, 1, false}, {2, 20, true}, {1, 1, false},
	}},
	{"who is growing keeps twice what it holds", []step{{0, 20, true}, {1, 60, true}, {1, 1, false}, {0, 20, true}}},
	{"what was used of late is kept", []step{{0, 25, true}, {0, -12, true}, {1, 50, true}, {1, 1, false}}},
	{"what is long given back is lent", []step{{0, 25, true}, {0, -25, true}, {1, 100, true}}},
	{"half of it is remembered", []step{{0, 24, true}, {0, -18, true}, {1, 76, true}, {1, 1, false}}},
	{"a large call waits until its runtime holds nothing", []step{{1, 10, true}, {2, 70, true}, {1, 40, false}, {1, -10, true}, {1, 40, false}, {2, -10, true}, {1, 40, true}}},
	{"a large call has its turn", []step{{0, 50, true}, {2, 20, true}, {1, 60, false}, {2, 1, false}, {0, -30, true}, {0, 1, false}, {1, 60, true}}},
	{"a large call lets those before it in", []step{{2, 60, true}, {0, 30, true}, {0, 20, false}, {1, 60, false}, {2, -10, true}, {1, 60, false}, {0, 20, true}}},
	{"one large call after the other does not keep an owner out", []step{{1, 90, true}, {0, 20, false}, {1, -90, true}, {1, 90, false}, {0, 20, true}}},
	{"nothing needs no room", []step{{1, 100, true}, {1, 0, true}, {2, 0, true}}},
}

type step struct {
	who, bytes int
	ok         bool
}

func TestPool(t *testing.T) {
	t.Parallel()
	for _, c := range poolSteps {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &pool{total: amount{bytes: 100}}
			members := []*member{p.join(2), p.join(1), p.join(1)}
			for i, s := range c.steps {
				m := members[s.who]
				if s.bytes < 0 {
					p.holds(m, m.held.plus(amount{bytes: s.bytes}))
					continue
				}
				if got := p.take(m, amount{bytes: s.bytes}); got != s.ok {
					t.Fatalf("step %d, %+v: %t; members %+v", i, s, got, []member{*members[0], *members[1], *members[2]})
				}
			}
		})
	}
}

// Records are shared like bytes, if they are bounded at all.
func TestPoolSharesRecords(t *testing.T) {
	t.Parallel()
	p := &pool{total: amount{bytes: 1 << 30, records: 8}}
	a, b := p.join(3), p.join(1)
	if a.fair.records != 6 || b.fair.records != 2 {
		t.Fatalf("shares %+v and %+v", a.fair, b.fair)
	}
	if !p.take(a, amount{1, 5}) || !p.take(b, amount{1, 2}) || p.take(b, amount{1, 1}) || !p.take(a, amount{1, 1}) {
		t.Errorf("members %+v and %+v", *a, *b)
	}
	free := &pool{total: amount{bytes: 100}}
	if c := free.join(1); !free.take(c, amount{1, 1 << 40}) {
		t.Error("records are bounded although nobody asked for it")
	}
}

// Who is there decides the shares.
func TestPoolDividesAmongThosePresent(t *testing.T) {
	t.Parallel()
	p := &pool{total: amount{bytes: 100}}
	a := p.join(1)
	if a.fair.bytes != 100 {
		t.Errorf("alone it has %d", a.fair.bytes)
	}
	b := p.join(3)
	if a.fair.bytes != 25 || b.fair.bytes != 75 {
		t.Errorf("together they have %d and %d", a.fair.bytes, b.fair.bytes)
	}
	p.take(b, amount{bytes: 75})
	if p.take(a, amount{bytes: 50}) {
		t.Fatal("there was no room")
	}
	p.leave(b)
	if !p.eased || !slices.Equal(p.next(), []*member{a}) || !p.take(a, amount{bytes: 100}) || p.eased && len(p.next()) > 0 {
		t.Errorf("alone again it has %d", a.fair.bytes)
	}
}

// commons drives a pool at random: members ask, wait, give back and leave the line.
type commons struct {
	pool    *pool
	members []*member
	served  []int // how often each member was let in, by member
}

func newCommons(t *rapid.T) *commons {
	c := &commons{pool: &pool{total: amount{rapid.IntRange(20, 60).Draw(t, "bytes"), rapid.IntRange(0, 12).Draw(t, "records")}}}
	for range rapid.IntRange(2, 4).Draw(t, "members") {
		c.members = append(c.members, c.pool.join(rapid.IntRange(1, 4).Draw(t, "weight")))
	}
	c.served = make([]int, len(c.members))
	return c
}

func (c *commons) draw(t *rapid.T) (int, *member) {
	i := rapid.IntRange(0, len(c.members)-1).Draw(t, "who")
	return i, c.members[i]
}

// asks is the next call of a member: the one it waits for, or a new one.
func (c *commons) asks(t *rapid.T, m *member) amount {
	if m.turn != 0 {
		return m.claim
	}
	most := c.pool.total
	if most.records == 0 {
		most.records = 3
	}
	return amount{rapid.IntRange(0, most.bytes).Draw(t, "bytes"), rapid.IntRange(0, most.records).Draw(t, "records")}
}

func (c *commons) take(t *rapid.T, i int, m *member) {
	ask := c.asks(t, m)
	borrows := !m.held.plus(ask).within(m.fair) && m.held != amount{}
	if !c.pool.take(m, ask) {
		return
	}
	c.served[i]++
	if borrows && (ask != amount{}) && c.keepsOut(m) {
		t.Fatalf("%+v borrows %+v while one within its share waits: %+v, %+v", *m, ask, *c.members[0], *c.members[1])
	}
}

// keepsOut reports whether somebody other than m waits for what is its own, and finds
// no room beside m.
func (c *commons) keepsOut(m *member) bool {
	return slices.ContainsFunc(c.members, func(o *member) bool {
		return o != m && o.turn != 0 && o.held.plus(o.claim).within(o.fair) && !c.pool.room(o, o.claim)
	})
}

func (c *commons) give(t *rapid.T, m *member) {
	left := amount{rapid.IntRange(0, m.held.bytes).Draw(t, "left"), rapid.IntRange(0, m.held.records).Draw(t, "left records")}
	c.pool.holds(m, left)
}

// wake lets in whoever may enter after a change, as Pool.wake does.
func (c *commons) wake(t *rapid.T) {
	for c.pool.eased {
		c.pool.eased = false
		for _, m := range c.pool.next() {
			c.take(t, slices.Index(c.members, m), m)
		}
	}
	if left := c.pool.next(); len(left) > 0 {
		t.Fatalf("%+v waits although there is room", *left[0])
	}
}

func (c *commons) check(t *rapid.T) {
	c.wake(t)
	var sum amount
	for _, m := range c.members {
		sum = sum.plus(m.held)
		if m.turn == 0 && m.claim != (amount{}) {
			t.Fatalf("%+v waits without a turn", *m)
		}
	}
	if !sum.within(c.pool.total) {
		t.Fatalf("%+v held of %+v", sum, c.pool.total)
	}
}

// Whatever is asked and given back, the sum keeps to the pool and nobody borrows
// while somebody waits for what is its own; and when everything is given back, over
// and over, everybody who waits is let in, whatever the others ask meanwhile.
func TestPoolIsFairAndAlive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newCommons(t)
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) { i, m := c.draw(t); c.take(t, i, m) },
			"give": func(t *rapid.T) { _, m := c.draw(t); c.give(t, m) },
			"drop": func(t *rapid.T) { _, m := c.draw(t); c.pool.drop(m) },
			"":     c.check,
		})
		// Everybody is greedy from now on: asks again at once, and records resolve in
		// whatever order.
		clear(c.served)
		for round := range 10 * len(c.members) {
			c.pool.holds(c.members[round%len(c.members)], amount{})
			c.check(t)
			i, m := c.draw(t)
			c.take(t, i, m)
			for j, o := range c.members {
				c.take(t, j, o)
			}
		}
		for i, n := range c.served {
			if n == 0 {
				t.Fatalf("member %d of weight %d was never let in: %+v", i, c.members[i].weight, *c.members[i])
			}
		}
	})
}

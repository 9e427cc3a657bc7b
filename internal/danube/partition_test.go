package danube

import (
	"context"
	"net"
	"testing"
)

// shelf makes sessions that share a store of connections, and counts those.
type shelf struct {
	t     *testing.T
	conns *conns
}

func newShelf(t *testing.T) *shelf {
	dial := func(context.Context, string) (net.Conn, error) { return nil, net.ErrClosed }
	s := &shelf{t, &conns{dial: dial, open: map[connKey]*conn{}}}
	t.Cleanup(s.conns.closeAll)
	return s
}

func (s *shelf) session(id uint64, address string) *session {
	where := at(endpoint{addr: address})
	used, err := s.conns.acquire(where.key())
	if err != nil {
		s.t.Fatal(err)
	}
	return (&session{id: id, at: where, conn: used, conns: s.conns, ctx: context.Background()}).use()
}

// uses returns how many hold the connection to an address.
func (s *shelf) uses(address string) int {
	if c := s.conns.open[at(endpoint{addr: address}).key()]; c != nil {
		return c.uses
	}
	return 0
}

func (s *shelf) want(address string, uses int) {
	s.t.Helper()
	if have := s.uses(address); have != uses {
		s.t.Errorf("%d hold the connection to %s, want %d", have, address, uses)
	}
}

func TestAdoption(t *testing.T) {
	t.Parallel()
	s, p := newShelf(t), &partition{}
	if p.borrow(0) != nil || p.adopted() != nil {
		t.Fatal("a session out of nowhere")
	}
	p.offer(s.session(1, "a:1"))
	if p.borrow(1) != nil {
		t.Error("offered is not adopted")
	}
	p.adopt(2)
	if p.borrow(2) != nil {
		t.Error("adopted what was never offered")
	}
	p.adopt(1)
	sending := p.borrow(1)
	if sending == nil || p.borrow(2) != nil {
		t.Fatal("1 is adopted, and nothing else")
	}
	p.offer(s.session(2, "b:1"))
	p.adopt(2)
	s.want("a:1", 1) // for what is in flight
	s.want("b:1", 1)
	sending.release()
	s.want("a:1", 0)
	p.adopt(1)
	if p.borrow(1) != nil {
		t.Error("went back to a session that was replaced")
	}
	p.close()
	s.want("b:1", 0)
	if p.adopted() != nil || p.begin() {
		t.Error("a closed partition goes on")
	}
	p.offer(s.session(3, "c:1"))
	s.want("c:1", 0)
}

// TestAdoptionInOrder adopts one of several sessions that were opened: those
// before it are let go of, those after it wait on.
func TestAdoptionInOrder(t *testing.T) {
	t.Parallel()
	s, p := newShelf(t), &partition{}
	for id := uint64(1); id <= 3; id++ {
		p.offer(s.session(id, "a:1"))
	}
	p.adopt(2)
	s.want("a:1", 2)
	p.adopt(1)
	if p.borrow(1) != nil {
		t.Error("adopted one that was passed over")
	}
	p.adopt(3)
	s.want("a:1", 1)
	p.close()
	s.want("a:1", 0)
}

// TestSameSessionElsewhere finds the current session again, at another place.
func TestSameSessionElsewhere(t *testing.T) {
	t.Parallel()
	s, p := newShelf(t), &partition{}
	p.offer(s.session(1, "a:1"))
	p.adopt(1)
	p.offer(s.session(1, "b:1"))
	s.want("a:1", 0)
	if have := p.borrow(1); have == nil || have.at.addr != "b:1" {
		t.Errorf("sends go to %+v", have)
	}
	p.adopt(1)
	s.want("b:1", 1)
}

func TestUnadoptedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	s, p := newShelf(t), &partition{}
	for id := range uint64(100) {
		p.offer(s.session(id, "a:1"))
	}
	s.want("a:1", mostOffered)
	p.adopt(99)
	s.want("a:1", 1)
}

func TestOnlyOneOpening(t *testing.T) {
	t.Parallel()
	p := &partition{}
	if !p.begin() || p.begin() {
		t.Error("two openings at once")
	}
	p.end()
	if !p.begin() {
		t.Error("no opening after one has ended")
	}
	p.offer(newShelf(t).session(1, "a:1"))
	if !p.begin() {
		t.Error("no opening after a session was opened")
	}
}

func TestConnectionsAreShared(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	a, b := s.session(1, "a:1"), s.session(2, "a:1")
	if a.conn != b.conn {
		t.Error("two connections to one broker")
	}
	proxied := connKey{endpoint{addr: "a:1"}, "http://b"}
	if other, err := s.conns.acquire(proxied); err != nil || other == a.conn {
		t.Errorf("a broker behind a proxy shares a connection: %v", err)
	}
	a.release()
	s.want("a:1", 1)
	b.release()
	s.want("a:1", 0)
	again := s.session(3, "a:1")
	s.conns.closeAll()
	again.release() // closed already, no harm
	if _, err := s.conns.acquire(proxied); err == nil {
		t.Error("a connection after all were closed")
	}
}

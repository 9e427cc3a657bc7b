package devbroker

import (
	"net"
	"sync"
)

// gate is a listener that can refuse, and that knows its connections. Its lock is
// never held while waiting for anything.
type gate struct {
	net.Listener
	mu       sync.Mutex
	refusing bool
	conns    map[*conn]struct{}
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, conns: map[*conn]struct{}{}}
}

// Accept returns the next connection it lets in; it resets the others.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		own := &conn{Conn: c, gate: g}
		if g.admit(own) {
			return own, nil
		}
		own.sever()
	}
}

func (g *gate) admit(c *conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusing {
		return false
	}
	g.conns[c] = struct{}{}
	return true
}

func (g *gate) forget(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
}

// refuse turns new connections away, or no longer. A TCP port stays bound, so
// that nobody else gets it: connections are reset as soon as they are made.
func (g *gate) refuse(on bool) {
	g.mu.Lock()
	g.refusing = on
	g.mu.Unlock()
	if l, ok := g.Listener.(*memoryListener); ok {
		l.refusing.Store(on)
	}
}

// cut severs all connections.
func (g *gate) cut() {
	g.mu.Lock()
	all := make([]*conn, 0, len(g.conns))
	for c := range g.conns {
		all = append(all, c)
	}
	g.mu.Unlock()
	for _, c := range all {
		c.sever()
	}
}

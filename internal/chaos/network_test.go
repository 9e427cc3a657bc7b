package chaos

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// network is what lies between the runtime and the brokers, and what goes wrong
// there: connections are cut, everything takes longer, or nothing comes through.
type network struct {
	*devbroker.Network

	mu    sync.Mutex
	links map[*link]struct{}
	delay time.Duration
	hole  chan struct{} // not nil while nothing comes through; closed when it does
}

func newNetwork() *network {
	return &network{Network: devbroker.NewNetwork(), links: map[*link]struct{}{}}
}

// Dial connects to a broker, if the network lets it.
func (n *network) Dial(ctx context.Context, address string) (net.Conn, error) {
	hole, delay := n.weather()
	if hole != nil {
		select {
		case <-hole:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if delay > 0 {
		pass(delay)
	}
	c, err := n.Network.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	l := &link{Conn: c, network: n, closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[l] = struct{}{}
	return l, nil
}

func (n *network) weather() (hole chan struct{}, delay time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hole, n.delay
}

// slow makes every write take longer; 0 ends it.
func (n *network) slow(by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = by
}

// swallow lets nothing through, either way, until it is told otherwise.
func (n *network) swallow(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case on && n.hole == nil:
		n.hole = make(chan struct{})
	case !on && n.hole != nil:
		close(n.hole)
		n.hole = nil
	}
}

// cut breaks every connection there is.
func (n *network) cut() {
	n.mu.Lock()
	var all []*link
	for l := range n.links {
		all = append(all, l)
	}
	n.mu.Unlock()
	for _, l := range all {
		_ = l.Close()
	}
}

// link is a connection through the network.
type link struct {
	net.Conn
	network *network
	once    sync.Once
	closed  chan struct{}
}

// Read returns what has come through.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.pass()
	return n, err
}

// Write waits while nothing comes through, as it does once TCP's buffers are full.
func (l *link) Write(b []byte) (int, error) {
	l.pass()
	if _, delay := l.network.weather(); delay > 0 {
		pass(delay)
	}
	return l.Conn.Write(b)
}

func (l *link) pass() {
	for {
		hole, _ := l.network.weather()
		if hole == nil {
			return
		}
		select {
		case <-hole:
		case <-l.closed:
			return
		}
	}
}

// Close closes the connection and lets go of who waits in it.
func (l *link) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.links, l)
	})
	return l.Conn.Close()
}

package danube

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// Client holds the connections to the brokers of one cluster, and what uses
// them. All its methods are safe for concurrent use.
type Client struct {
	settings Settings
	net      network
	conns    *conns
	requests atomic.Uint64 // request ids; brokers only echo them

	ctx    context.Context // ends with Close; the hard cut
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	users  map[closer]struct{} // transports and consumers not closed yet
	closed bool
}

// closer is a Transport or a Consumer.
type closer interface{ Close() }

// New checks the settings, all of them at once, and returns a client. It dials
// nothing yet. Errors are of ClassConfig.
func New(s Settings) (*Client, error) {
	s = s.withDefaults()
	n, err := s.network()
	if err != nil {
		return nil, err
	}
	certificates, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	c := &Client{
		settings: s,
		net:      n,
		conns:    &conns{dial: s.Dial, tls: certificates, open: map[connKey]*conn{}},
		users:    map[closer]struct{}{},
	}
	if s.Token != nil {
		c.conns.token = &token{source: s.Token}
	}
	for _, seed := range n.seeds { // held until Close, as lookups come and go
		if _, err := c.conns.acquire(at(seed).key()); err != nil {
			c.conns.closeAll()
			return nil, err
		}
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c, nil
}

// Close cuts whatever is under way, closes every transport, consumer and
// connection of the client, and returns when all their goroutines have ended.
// What should get its answer first is closed before. Closing again does nothing.
func (c *Client) Close() {
	c.mu.Lock()
	users := c.users
	c.users, c.closed = nil, true
	c.mu.Unlock()
	c.cancel(errClosed)
	c.conns.closeAll()
	for u := range users {
		u.Close()
	}
}

// adopt makes Close see to u.
func (c *Client) adopt(u closer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	c.users[u] = struct{}{}
	return nil
}

// forget is called when u is closed by itself.
func (c *Client) forget(u closer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.users, u)
}

// Ping reports whether a broker answers: nil when one of the configured ones
// does, and takes the token; else why not. It is bounded by ctx, and by 5 s for
// each broker.
func (c *Client) Ping(ctx context.Context) error {
	var faults []error
	for _, seed := range c.net.seeds {
		// No producer has the id 0; that the broker says so is all we ask.
		question := &wire.HealthCheckRequest{RequestId: c.requests.Add(1)}
		err := c.ask(ctx, "ping", "", at(seed), wire.CheckHealth, question, new(wire.HealthCheckResponse))
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

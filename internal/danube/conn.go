package danube

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// errClosed is the cause of everything that ends because the client is closed.
var errClosed = errors.New("client is closed")

// connKey tells connections apart. Behind a proxy, one address leads to many
// brokers, each with a connection of its own.
type connKey struct {
	endpoint
	broker string // the broker_url; empty unless behind a proxy
}

// conn is a connection with its users counted.
type conn struct {
	*grpc.ClientConn
	key  connKey
	uses int // guarded by conns.mu
}

// conns holds one connection per broker and closes it when nobody uses it any
// more; grpc re-dials while somebody does.
type conns struct {
	dial  func(context.Context, string) (net.Conn, error)
	tls   *tls.Config
	token *token // nil: none

	mu     sync.Mutex
	open   map[connKey]*conn
	closed bool
}

// acquire returns the connection for key, to be given back with release. Nothing
// is dialled before the first call on it.
func (c *conns) acquire(key connKey) (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if have := c.open[key]; have != nil {
		have.uses++
		return have, nil
	}
	cc, err := grpc.NewClient("passthrough:///"+key.addr, c.options(key)...)
	if err != nil {
		return nil, err
	}
	made := &conn{ClientConn: cc, key: key, uses: 1}
	c.open[key] = made
	return made, nil
}

// release gives a connection back; the last user closes it.
func (c *conns) release(used *conn) {
	c.mu.Lock()
	used.uses--
	last := used.uses == 0 && !c.closed
	if last {
		delete(c.open, used.key)
	}
	c.mu.Unlock()
	if last {
		_ = used.Close() // fails only if closed before
	}
}

// closeAll closes every connection, which cuts the calls on it, and refuses new
// ones.
func (c *conns) closeAll() {
	c.mu.Lock()
	c.closed = true
	open := c.open
	c.open = nil
	c.mu.Unlock()
	// All at once: grpc-go waits for seconds to say goodbye on a connection through
	// which nothing comes.
	var closing sync.WaitGroup
	for _, each := range open {
		closing.Go(func() { _ = each.Close() })
	}
	closing.Wait()
}

func (c *conns) options(key connKey) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithContextDialer(c.dial),
		grpc.WithTransportCredentials(c.credentials(key)),
		// Patience is ours; grpc should notice soon that a broker is back.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: attemptTimeout,
		}),
		// Half-open connections are found even while nothing is sent.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 20 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}),
		// One attempt is one attempt; and no proxy's or resolver's service
		// configuration changes that.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		// A message of the largest size a broker takes comes back with an offset.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessageSize + 64<<10)),
	}
	if c.token != nil { // on a connection without TLS, grpc refuses it
		options = append(options, grpc.WithPerRPCCredentials(c.token))
	}
	return options
}

func (c *conns) credentials(key connKey) credentials.TransportCredentials {
	if key.tls {
		return credentials.NewTLS(c.tls)
	}
	return insecure.NewCredentials()
}

package devbroker

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// Network is a network in memory, for brokers and clients that share the clock of
// a testing/synctest bubble. Connections are buffered both ways, as TCP's are. A
// Network belongs to the bubble it is first used in. It is safe for concurrent
// use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
	ports     int
}

// NewNetwork returns an empty network.
func NewNetwork() *Network { return &Network{listeners: map[string]*memoryListener{}} }

// firstPort is the first port given to who asks for port 0.
const firstPort = 40000

// backlog is how many connections may wait to be accepted.
const backlog = 128

// Dial connects to a listener of the network; it has the shape that
// grpc.WithContextDialer wants. Nobody there, or a listener that refuses, is
// ECONNREFUSED, as TCP has it.
func (n *Network) Dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.ports++
	from := memoryAddr("client:" + strconv.Itoa(firstPort+n.ports))
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "memory", Addr: memoryAddr(address), Err: syscall.ECONNREFUSED}
	if l == nil || l.refusing.Load() {
		return nil, refused
	}
	client, server := newPipe(from, l.addr)
	select {
	case l.incoming <- server:
		return client, nil
	case <-l.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listen opens an address; port 0 means a free one.
func (n *Network) listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == "0" {
		n.ports++
		address = net.JoinHostPort(host, strconv.Itoa(firstPort+n.ports))
	}
	if n.listeners[address] != nil {
		return nil, fmt.Errorf("address %s is in use", address)
	}
	l := &memoryListener{
		network:  n,
		addr:     memoryAddr(address),
		incoming: make(chan net.Conn, backlog),
		closed:   make(chan struct{}),
	}
	n.listeners[address] = l
	return l, nil
}

type memoryListener struct {
	network  *Network
	addr     memoryAddr
	incoming chan net.Conn
	refusing atomic.Bool
	once     sync.Once
	closed   chan struct{}
}

// Accept waits for a connection.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close frees the address and resets connections nobody accepted.
func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, string(l.addr))
		l.network.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.incoming:
				_ = c.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr is the address listened on.
func (l *memoryListener) Addr() net.Addr { return l.addr }

type memoryAddr string

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return string(a) }

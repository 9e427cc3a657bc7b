package danube

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/test/bufconn"
)

// swallowed is a connection whose writes hang once its network is a black hole, as
// those of TCP do when its buffer is full, until it is closed.
type swallowed struct {
	net.Conn
	hole   *atomic.Bool
	closed chan struct{}
	once   atomic.Bool
}

func (s *swallowed) Write(p []byte) (int, error) {
	if s.hole.Load() {
		<-s.closed
		return 0, net.ErrClosed
	}
	return s.Conn.Write(p)
}

func (s *swallowed) Close() error {
	if s.once.CompareAndSwap(false, true) {
		close(s.closed)
	}
	return s.Conn.Close()
}

// closingTime returns how long it takes to close n connections through which nothing
// comes any more.
func closingTime(t *testing.T, n int) time.Duration {
	t.Helper()
	listener, server, served := bufconn.Listen(1<<16), grpc.NewServer(), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() { server.Stop(); <-served }()
	var hole atomic.Bool
	all := &conns{open: map[connKey]*conn{}, dial: func(ctx context.Context, _ string) (net.Conn, error) {
		c, err := listener.DialContext(ctx)
		return &swallowed{Conn: c, hole: &hole, closed: make(chan struct{})}, err
	}}
	for i := range n {
		c, err := all.acquire(connKey{endpoint: endpoint{addr: fmt.Sprintf("broker-%d:6650", i)}})
		if err != nil {
			t.Fatal(err)
		}
		for c.Connect(); c.GetState() != connectivity.Ready; {
			if !c.WaitForStateChange(t.Context(), c.GetState()) {
				t.Fatal("never connected")
			}
		}
	}
	hole.Store(true)
	began := time.Now()
	all.closeAll()
	return time.Since(began)
}

// Connections are closed side by side: many brokers behind a black hole hold a stop up
// no longer than one does, and one no longer than grpc-go waits to say goodbye.
func TestClosingTakesAsLongAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, many := closingTime(t, 1), closingTime(t, 5)
		if one == 0 {
			t.Fatal("a connection is closed at once although nothing comes through; the test shows nothing")
		}
		if many > one+time.Second || one > 10*time.Second {
			t.Errorf("closing one takes %v, and five of them %v", one, many)
		}
	})
}

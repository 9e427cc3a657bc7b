package devbroker

import (
	"context"
	"net"
	"reflect"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// conn is a client's connection as the gate let it in.
type conn struct {
	net.Conn
	gate *gate
	// severed is set before the connection is cut by the broker: what the owner
	// still finds of its requests is not carried out.
	severed atomic.Bool
	// frames is what the gRPC server writes to.
	frames *framed
}

// RemoteAddr is the client's address, by which a handler finds the connection.
func (c *conn) RemoteAddr() net.Addr { return &peerAddr{c.Conn.RemoteAddr(), c} }

// Close closes the connection in order.
func (c *conn) Close() error {
	c.gate.forget(c)
	return c.Conn.Close()
}

// sever cuts the connection at once: what is under way in it is lost.
func (c *conn) sever() {
	c.severed.Store(true)
	if l, ok := c.Conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // reset instead of an orderly end
	}
	_ = c.Close()
}

type peerAddr struct {
	net.Addr
	conn *conn
}

// connOf returns the connection a request came by.
func connOf(ctx context.Context) *conn {
	if p, ok := peer.FromContext(ctx); ok {
		if a, ok := p.Addr.(*peerAddr); ok {
			return a.conn
		}
	}
	return nil
}

// shake wraps a handshake to put the framed connection on top.
type shake struct {
	credentials.TransportCredentials
}

func (s shake) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c, info, err := s.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return c, info, err
	}
	f := newFramed(c)
	if own, ok := raw.(*conn); ok {
		own.frames = f
	}
	return f, info, nil
}

func (s shake) Clone() credentials.TransportCredentials {
	return shake{s.TransportCredentials.Clone()}
}

// streamID returns the HTTP/2 stream of a request. gRPC keeps it to itself, so it
// is read out of the field; ok is false should that ever be named otherwise.
func streamID(ctx context.Context) (id uint32, ok bool) {
	v := reflect.ValueOf(grpc.ServerTransportStreamFromContext(ctx))
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return 0, false
	}
	field := v.Elem().FieldByName("id")
	if !field.IsValid() || field.Kind() != reflect.Uint32 {
		return 0, false
	}
	return uint32(field.Uint()), true
}

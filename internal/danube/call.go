package danube

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// ask makes one small call to the broker at p, bounded by attemptTimeout.
func (c *Client) ask(ctx context.Context, op, topic string, p place, method string, in, out proto.Message) error {
	used, err := c.conns.acquire(p.key())
	if err != nil {
		return &callError{topic: topic, op: op, broker: p.url(), cause: err}
	}
	defer c.conns.release(used)
	return c.askOn(ctx, used, op, topic, p, method, in, out)
}

// askOn is ask on a connection the caller holds.
func (c *Client) askOn(ctx context.Context, on *conn, op, topic string, p place, method string, in, out proto.Message, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(p.outgoing(ctx), c.attempt())
	defer cancel()
	if err := on.Invoke(ctx, method, in, out, append(options, grpc.StaticMethod())...); err != nil {
		return &callError{topic: topic, op: op, broker: p.url(), cause: err}
	}
	return nil
}

// attempt is how long a small call may take.
func (c *Client) attempt() time.Duration { return min(attemptTimeout, c.settings.RequestTimeout) }

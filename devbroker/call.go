package devbroker

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// call is one request on its way through the broker.
type call struct {
	ctx     context.Context
	broker  *Broker
	method  string
	conn    *conn
	host    *host // who acts
	now     time.Time
	request func(*state) Request // for faults

	apply   func(*state) error // the RPC itself, once
	applied bool
	err     error
	fault   *armed
	header  metadata.MD
	// hold keeps the answer back after the request was applied.
	hold <-chan struct{}
}

// run takes the call through authentication, faults and the owner.
func (c *call) run() error {
	if err := c.admit(); err != nil {
		return err
	}
	if !c.broker.ask(c.step) {
		return errGone
	}
	if c.fault != nil {
		if err := c.suffer(); err != nil {
			return err
		}
	}
	if !c.applied && !c.broker.ask(c.carryOut) {
		return errGone
	}
	if err := c.wait(); err != nil {
		return err
	}
	if c.err == errPanicked {
		return c.reset()
	}
	if c.err == nil && c.header != nil {
		return grpc.SetHeader(c.ctx, c.header)
	}
	return c.err
}

// admit finds the connection, checks the token and the proxy's header.
func (c *call) admit() error {
	c.conn = connOf(c.ctx)
	if c.conn == nil {
		return internal("request without a connection")
	}
	md, _ := metadata.FromIncomingContext(c.ctx)
	if err := c.broker.authenticate(md); err != nil {
		return err
	}
	var err error
	c.host, err = c.broker.route(c.method, c.conn.gate, md)
	return err
}

// step is the owner's part: a fault may come before the request, or after.
func (c *call) step(s *state) {
	c.fault = s.suffer(func() Request { return c.describe(s) })
	if c.fault == nil || c.fault.Applied {
		c.carryOut(s)
	}
}

func (c *call) describe(s *state) Request {
	r := c.request(s)
	r.Method, r.Listener = c.method, c.host.index
	return r
}

// carryOut applies the request, unless the broker has cut its connection since.
func (c *call) carryOut(s *state) {
	c.applied = true
	if c.conn.severed.Load() || c.host.dead {
		c.err = errGone
		return
	}
	c.now = time.Now()
	c.err = c.apply(s)
}

// wait keeps the answer back while the owner says so.
func (c *call) wait() error {
	if c.hold == nil {
		return nil
	}
	select {
	case <-c.hold:
		return nil
	case <-c.ctx.Done():
		return status.FromContextError(c.ctx.Err()).Err()
	case <-c.broker.closing:
		return errGone
	}
}

// suffer lets the fault happen; nil says that the request goes on.
func (c *call) suffer() error {
	if c.fault.Delay > 0 {
		timer := time.NewTimer(c.fault.Delay)
		defer timer.Stop()
		if err := c.sit(timer.C); err != nil {
			return err
		}
	}
	switch {
	case c.fault.Stall:
		return c.sit(nil)
	case c.fault.Disconnect:
		c.conn.sever()
		return errGone
	case c.fault.Reset:
		return c.reset()
	case c.fault.Code != codes.OK:
		return status.Error(c.fault.Code, c.fault.Text)
	}
	return nil
}

// sit waits for the time, or for the fault to be lifted.
func (c *call) sit(timer <-chan time.Time) error {
	select {
	case <-timer:
	case <-c.fault.lifted:
	case <-c.ctx.Done():
		return status.FromContextError(c.ctx.Err()).Err()
	case <-c.broker.closing:
		return errGone
	}
	return nil
}

// reset does what a panicking handler looks like. The handler then stays until
// its caller's deadline or the end of the connection: if it returned, the server
// would answer on the stream it does not know to be reset.
func (c *call) reset() error {
	id, ok := streamID(c.ctx)
	if !ok || c.conn.frames == nil || c.conn.frames.reset(id) != nil {
		return status.Error(codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL")
	}
	<-c.ctx.Done()
	return status.FromContextError(c.ctx.Err()).Err()
}

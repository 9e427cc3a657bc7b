package danube

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// session is one producer id of one topic partition, at the place where it was
// opened. It holds its connection as long as anybody uses it.
type session struct {
	id    uint64
	at    place
	conn  *conn
	conns *conns
	// templates are by schema; the newest, which is nearly always the one asked
	// for, comes first.
	templates atomic.Pointer[variant]
	// template makes another.
	template func(*flow.Schema) *wire.Template
	// ctx is what sends derive from: nothing ever cancels it, and it carries
	// what a proxy needs. A send is given up by its own deadline (law 9), or when
	// the connection is closed.
	ctx context.Context

	uses atomic.Int32
}

// use takes one use of s; its counterpart is release. The caller must know that
// s is still in use by somebody.
func (s *session) use() *session {
	s.uses.Add(1)
	return s
}

// release gives one use back; the last one lets go of the connection.
func (s *session) release() {
	if s.uses.Add(-1) == 0 {
		s.conns.release(s.conn)
	}
}

// create opens a session of partition p at a place: one CreateProducer.
func (t *Transport) create(ctx context.Context, p *partition, where place) (*session, flushInterval, error) {
	c := t.client
	used, err := c.conns.acquire(where.key())
	if err != nil {
		return nil, none, &callError{topic: p.topic, op: "create producer", broker: where.url(), cause: err}
	}
	question := &wire.ProducerRequest{
		RequestId:    c.requests.Add(1),
		ProducerName: p.producer,
		TopicName:    p.topic,
	}
	if t.topic.Producer.Reliable {
		question.DispatchStrategy = wire.DispatchStrategy_Reliable
	}
	if t.topic.Schema != nil {
		question.SchemaRef = t.topic.Schema.reference()
	}
	var answer wire.ProducerResponse
	var header metadata.MD
	if err := c.askOn(ctx, used, "create producer", p.topic, where, wire.CreateProducer, question, &answer, grpc.Header(&header)); err != nil {
		c.conns.release(used)
		return nil, none, err
	}
	s := &session{
		id: answer.GetProducerId(), at: where, conn: used, conns: c.conns,
		template: func(schema *flow.Schema) *wire.Template {
			return t.wireProducer(p, answer.GetProducerId(), where.says, schema).Template()
		},
		ctx: where.outgoing(context.Background()),
	}
	return s.use(), announced(header), nil
}

// flushInterval is what a broker announces, negative when it announces nothing.
type flushInterval = time.Duration

const none flushInterval = -1

// announced reads the flush interval out of the header of CreateProducer's
// answer.
func announced(header metadata.MD) flushInterval {
	values := header.Get(wire.FlushIntervalHeader)
	if len(values) != 1 {
		return none
	}
	ms, err := strconv.ParseUint(values[0], 10, 31)
	if err != nil {
		return none
	}
	return time.Duration(ms) * time.Millisecond
}

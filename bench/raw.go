package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// raw is the measure of all things here: grpc-go's Invoke in a loop, with its
// default options, a generated message, and as many goroutines as messages are to
// be under way, each a lane of its own. What it sends is what the runtime sends,
// attribute for attribute.
type raw struct {
	conn  *grpc.ClientConn
	lanes []*rawLane
}

// rawLane is one goroutine's part. Everything in its message that can be used
// again is.
type rawLane struct {
	conn    *grpc.ClientConn
	mould   mould
	at      int
	lanes   uint64
	mu      sync.Mutex // one call at a time; only deliver ever waits for it
	seq     uint64
	message wire.StreamMessage
}

// connector is the name under which every contestant stamps its messages.
const connector = "bench"

// sourcePartition is the one partition of the records' source.
const sourcePartition = "records"

func newRaw(name string, c course, lanes int) (*raw, error) {
	conn, err := grpc.NewClient("passthrough:///"+c.broker, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	topic := topicOf(name, 0)
	var made wire.ProducerResponse
	question := &wire.ProducerRequest{ProducerName: connector + "-" + name, TopicName: topic, DispatchStrategy: wire.DispatchStrategy_Reliable}
	if err := conn.Invoke(context.Background(), wire.CreateProducer, question, &made); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: create producer: %w", name, err), conn.Close())
	}
	r := &raw{conn: conn}
	for i, key := range keysFor(lanes) {
		r.lanes = append(r.lanes, &rawLane{conn: conn, mould: c.mould, at: i, lanes: uint64(lanes), message: wire.StreamMessage{
			ProducerName: made.ProducerName,
			MsgId:        &wire.MsgID{ProducerId: made.ProducerId, TopicName: topic, BrokerAddr: "http://" + c.broker},
			RoutingKey:   &key,
			Attributes: map[string]string{
				"danube.connect.connector": connector,
				"danube.connect.epoch":     strconv.FormatInt(time.Now().UnixMicro(), 10),
				"danube.connect.partition": sourcePartition,
			},
		}})
	}
	return r, nil
}

// run has every lane send until stop.
func (r *raw) run(stop <-chan struct{}) (uint64, error) {
	sent, errs := make([]uint64, len(r.lanes)), make([]error, len(r.lanes))
	var wait sync.WaitGroup
	for i, l := range r.lanes {
		wait.Go(func() { sent[i], errs[i] = l.run(stop) })
	}
	wait.Wait()
	var sum uint64
	for _, n := range sent {
		sum += n
	}
	return sum, errors.Join(errs...)
}

func (l *rawLane) run(stop <-chan struct{}) (n uint64, err error) {
	for {
		select {
		case <-stop:
			return n, nil
		default:
		}
		if err := l.send(context.Background()); err != nil {
			return n, err
		}
		n++
	}
}

// send makes one call.
func (l *rawLane) send(ctx context.Context) error {
	position := l.seq*l.lanes + uint64(l.at)
	m := &l.message
	m.RequestId = position + 1
	m.PublishTime = uint64(time.Now().UnixMilli())
	m.Payload = l.mould.payload(l.at, l.seq)
	number := strconv.FormatUint(position, 10)
	m.Attributes["danube.connect.position"] = number
	m.Attributes["danube.connect.seq"] = number
	var answer wire.MessageResponse
	if err := l.conn.Invoke(ctx, wire.SendMessage, m, &answer); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	l.seq++
	return nil
}

// deliver makes a call on the lane whose turn it is.
func (r *raw) deliver(ctx context.Context, call int) error {
	l := r.lanes[call%len(r.lanes)]
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.send(ctx)
}

func (r *raw) close() error { return r.conn.Close() }

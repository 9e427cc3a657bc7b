package main

import (
	"errors"
	"fmt"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// floor is our own client without the runtime: one goroutine that starts the next
// message of a lane when the last one is acknowledged. What the runtime costs is
// what it loses against floor.
type floor struct {
	client    *danube.Client
	transport *danube.Transport
	mould     mould
	lanes     []flow.Message
	seqs      []uint64
	position  uint64
	taken     []flow.Result
}

func newFloor(name string, c course) (*floor, error) {
	client, err := danube.New(danube.Settings{URL: "http://" + c.broker})
	if err != nil {
		return nil, err
	}
	transport, err := client.Transport(danube.Topic{
		Producer:  connect.Producer{Topic: topicOf(name, 0), Reliable: true},
		Connector: connector, Lanes: c.lanes, Stamp: true,
	})
	if err != nil {
		client.Close()
		return nil, err
	}
	f := &floor{client: client, transport: transport, mould: c.mould, lanes: make([]flow.Message, c.lanes), seqs: make([]uint64, c.lanes)}
	session, err := f.open()
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	epoch := uint64(time.Now().UnixMicro())
	for i, key := range keysFor(c.lanes) {
		f.lanes[i] = flow.Message{Session: session, Lane: i, Parcel: flow.Parcel{
			Key: key, Keyed: true, Stamp: flow.Stamp{Partition: sourcePartition, Epoch: epoch},
		}}
	}
	return f, nil
}

// open waits for a session and adopts it.
func (f *floor) open() (uint64, error) {
	f.transport.Open(0)
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	for {
		select {
		case <-f.transport.Events().Wake():
		case <-patience.C:
			return 0, errors.New("no session within 10 s")
		}
		for _, e := range f.transport.Events().Take(nil) {
			switch e.Kind {
			case flow.Opened:
				f.transport.Adopt(0, e.Session)
				return e.Session, nil
			case flow.Failed:
				return 0, e.Err
			}
		}
	}
}

// run keeps every lane busy until stop.
func (f *floor) run(stop <-chan struct{}) (n uint64, err error) {
	for i := range f.lanes {
		f.start(i)
	}
	for flying, stopped := len(f.lanes), false; flying > 0; {
		select {
		case <-stop:
			stop, stopped = nil, true
		case <-f.transport.Results().Wake():
		}
		f.taken = f.transport.Results().Take(f.taken)
		for i := range f.taken {
			r := &f.taken[i]
			flying--
			if r.Outcome != flow.OK {
				err = errors.Join(err, fmt.Errorf("send: %s: %w", r.Outcome, r.Err))
				continue
			}
			n++
			if !stopped {
				f.start(r.Message.Lane)
				flying++
			}
		}
	}
	return n, err
}

func (f *floor) start(lane int) {
	m := &f.lanes[lane]
	m.Parcel.Payload = f.mould.payload(lane, f.seqs[lane])
	m.Parcel.Stamp.Position, m.Parcel.Stamp.Seq = f.position, f.position
	f.seqs[lane]++
	f.position++
	f.transport.Start(m)
}

func (f *floor) close() error {
	f.transport.Close()
	f.client.Close()
	return nil
}

package devbroker

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// receive streams a consumer's messages to it, until the caller goes away, the
// consumer is taken over (which ends the stream in order) or the broker ends.
func receive(server any, ss grpc.ServerStream) error {
	in := new(wire.ReceiveRequest)
	r := request{Message: in}
	if err := ss.RecvMsg(&r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	f := &feed{stream: ss, call: &call{ctx: ss.Context(), broker: server.(*Broker), method: receiveMessages}}
	f.call.request = func(s *state) Request { return consumerRequest(s, in.ConsumerId) }
	f.call.apply = func(s *state) error { return f.connect(s, in.ConsumerId) }
	defer f.disconnect()
	if err := f.call.run(); err != nil {
		return err
	}
	// The real broker sends its header as soon as the stream is taken up, which is
	// how a client knows that from now on it will be told.
	if err := ss.SendHeader(nil); err != nil {
		return err
	}
	return f.run()
}

func consumerRequest(s *state, id uint64) Request {
	if k := s.consumers[id]; k != nil {
		return Request{Topic: k.sub.topic.name, Producer: k.name}
	}
	return Request{}
}

// feed is one call of ReceiveMessages.
type feed struct {
	call     *call
	stream   grpc.ServerStream
	consumer *consumer
	from     *stream
	stalling bool
}

func (f *feed) connect(s *state, id uint64) error {
	k := s.consumers[id]
	if k == nil || k.sub.topic.owner != f.call.host {
		return notFound("the consumer with id %d does not exist", id)
	}
	f.consumer, f.stalling = k, s.settings.Quirks.ReaderStall
	f.from = k.connect(s, f.call.now)
	return nil
}

func (f *feed) run() error {
	for {
		select {
		case m := <-f.from.out:
			if err := f.stream.SendMsg(m); err != nil {
				return err
			}
			f.taken()
		case <-f.from.end:
			return nil
		case <-f.call.ctx.Done():
			return status.FromContextError(f.call.ctx.Err()).Err()
		case <-f.call.broker.closing:
			return errGone
		}
	}
}

// taken tells a dispatcher that may wait for it that there is room again.
func (f *feed) taken() {
	if f.stalling {
		f.call.broker.ask(func(s *state) {
			f.consumer.sub.stall.release()
			f.consumer.sub.dispatch(s, time.Now())
		})
	}
}

func (f *feed) disconnect() {
	if f.from != nil {
		f.call.broker.ask(func(s *state) { f.consumer.disconnect(s, f.from, time.Now()) })
	}
}

package devbroker

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func ackRequest(_ *state, in *wire.AckRequest) Request {
	return Request{Topic: in.MsgId.GetTopicName()}
}

// ack ends the delivery of a message. One that is not in flight, be it late or
// twice, is OK and does nothing.
func ack(s *state, c *call, in *wire.AckRequest) (*wire.AckResponse, error) {
	if in.MsgId == nil {
		return nil, errPanicked
	}
	u, err := s.acknowledged(c, in.MsgId, in.SubscriptionName)
	if err != nil {
		return nil, err
	}
	if d := u.flight[in.MsgId.TopicOffset]; d != nil && !u.blocked {
		u.settle(d)
		if c.now.Sub(u.cur.savedAt) >= saveEvery {
			u.save(c.now)
		}
		u.dispatch(s, c.now)
	}
	return &wire.AckResponse{RequestId: in.RequestId}, nil
}

// acknowledged finds the subscription an ack or nack is about.
func (s *state) acknowledged(c *call, id *wire.MsgID, name string) (*subscription, error) {
	t := s.on(c.host, id.TopicName)
	if t == nil {
		return nil, internal("unable to acknowledge: topic %s is not here", id.TopicName)
	}
	u := t.subscription(name, c.now)
	if u == nil {
		return nil, internal("unable to acknowledge: topic %s has no subscription %s", t.name, name)
	}
	return u, nil
}

// later is when a refused message goes again: by its number of redeliveries, or
// when the consumer says, whichever is later.
func later(d *delivery, in *wire.NackRequest, now time.Time) time.Time {
	wait := delay(d.tries + 1)
	if asked := in.GetDelayMs(); asked > uint64(wait.Milliseconds()) {
		wait = time.Duration(min(asked, maxAsked)) * time.Millisecond
	}
	return now.Add(wait)
}

// maxAsked bounds a delay asked for, so that it stays a duration: a year.
const maxAsked = 365 * 24 * 60 * 60 * 1000

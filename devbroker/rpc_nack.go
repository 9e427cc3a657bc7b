package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

func nackRequest(_ *state, in *wire.NackRequest) Request {
	return Request{Topic: in.MsgId.GetTopicName()}
}

// nack refuses a message: it is delivered again after a while, and after too many
// times the subscription stops.
func nack(s *state, c *call, in *wire.NackRequest) (*wire.NackResponse, error) {
	if in.MsgId == nil {
		return nil, errPanicked
	}
	u, err := s.acknowledged(c, in.MsgId, in.SubscriptionName)
	if err != nil {
		return nil, err
	}
	if d := u.flight[in.MsgId.TopicOffset]; d != nil && d.to != nil {
		due := later(d, in, c.now)
		u.again(s, d, due)
		u.lookAt(s, due)
		u.dispatch(s, c.now)
	}
	return &wire.NackResponse{RequestId: in.RequestId}, nil
}

package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

func sendRequest(_ *state, in *wire.StreamMessage) Request {
	return Request{
		Topic:      in.MsgId.GetTopicName(),
		Producer:   in.ProducerName,
		Key:        in.GetRoutingKey(),
		Payload:    in.Payload,
		Attributes: in.Attributes,
	}
}

// sendMessage appends a message, with the checks in the order of the real broker.
// It knows no duplicates: a message sent twice is there twice.
func sendMessage(s *state, c *call, in *wire.StreamMessage) (*wire.MessageResponse, error) {
	if in.MsgId == nil {
		return nil, errPanicked
	}
	p := s.producers[in.MsgId.ProducerId]
	if p == nil || p.host != c.host {
		return nil, notFound("the producer with id %d does not exist", in.MsgId.ProducerId)
	}
	if most := s.settings.MaxMessageSize; most > 0 && len(in.Payload) > most {
		return nil, invalid("message size %d exceeds maximum allowed %d", len(in.Payload), most)
	}
	if err := p.leaving.refusal(in.MsgId.TopicName, c.now); err != nil {
		return nil, err
	}
	t := s.on(c.host, in.MsgId.TopicName)
	if t == nil {
		return nil, unpublished("Topic %s not found in registry", in.MsgId.TopicName)
	}
	if err := s.checkSchema(t, in); err != nil {
		return nil, err
	}
	if p.topic != t {
		return nil, unpublished("producer %d is not attached to topic %s", p.id, t.name)
	}
	c.hold = t.accept(s, in, c.now)
	return &wire.MessageResponse{RequestId: in.RequestId}, nil
}

package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

func healthRequest(s *state, in *wire.HealthCheckRequest) Request {
	if p := s.producers[in.Id]; p != nil {
		return Request{Topic: p.topic.name, Producer: p.name}
	}
	if c := s.consumers[in.Id]; c != nil {
		return Request{Topic: c.sub.topic.name, Producer: c.name}
	}
	return Request{}
}

// healthCheck says whether the broker knows a producer, or has a stream to a
// consumer. It is no lease: nothing expires that does not ask.
func healthCheck(s *state, c *call, in *wire.HealthCheckRequest) (*wire.HealthCheckResponse, error) {
	alive := false
	switch in.Client {
	case wire.HealthCheckRequest_Producer:
		p := s.producers[in.Id]
		alive = p != nil && p.host == c.host && p.leaving == nil && s.on(c.host, p.topic.name) != nil
	case wire.HealthCheckRequest_Consumer:
		k := s.consumers[in.Id]
		alive = k != nil && k.sub.topic.owner == c.host && k.active
	default:
		return nil, invalid("unknown client type %d", in.Client)
	}
	if alive {
		return &wire.HealthCheckResponse{Status: wire.HealthCheckResponse_OK}, nil
	}
	return &wire.HealthCheckResponse{Status: wire.HealthCheckResponse_CLOSE}, nil
}

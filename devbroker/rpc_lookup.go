package devbroker

import (
	"strings"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func lookupRequest(_ *state, in *wire.TopicLookupRequest) Request { return Request{Topic: in.Topic} }

// topicLookup says whom to connect to for a topic. Any broker answers.
func topicLookup(s *state, c *call, in *wire.TopicLookupRequest) (*wire.TopicLookupResponse, error) {
	if !validName(in.Topic) {
		return nil, badName(in.Topic)
	}
	out := &wire.TopicLookupResponse{RequestId: in.RequestId}
	owner := c.host
	if s.on(c.host, in.Topic) != nil {
		out.ResponseType = wire.TopicLookupResponse_Connect
	} else if owner = s.ownerLike(in.Topic); owner == nil {
		return nil, notFound("unable to find the broker of topic %s", in.Topic)
	}
	out.BrokerUrl, out.ConnectUrl = owner.name, s.connectURL(owner)
	out.Proxy = out.BrokerUrl != out.ConnectUrl
	return out, nil
}

// ownerLike returns the owner of the topic, and else of one whose name only
// contains it: the real broker looks for a piece of text in the paths of its
// assignments. (It does so even when the topic itself is there.)
func (s *state) ownerLike(name string) *host {
	if t := s.topics[name]; t != nil {
		return t.owner
	}
	for _, t := range s.sortedTopics() {
		if strings.Contains(t.name, name) {
			return t.owner
		}
	}
	return nil
}

// connectURL is what a client dials to reach h: h, or the proxy.
func (s *state) connectURL(h *host) string {
	if s.settings.Proxy {
		return s.hosts[0].url
	}
	return h.url
}

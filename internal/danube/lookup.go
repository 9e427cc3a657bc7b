package danube

import (
	"cmp"
	"context"
	"slices"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc/metadata"
)

// place is where a topic lives: what to dial, and what to say there.
type place struct {
	endpoint
	// broker is the broker_url to name in every call, letter for letter; empty
	// unless a proxy stands in front.
	broker string
	// says is the URL that goes into messages as the broker's address.
	says string
}

// at is the place of a topic when nobody knows better: the broker just asked.
func at(e endpoint) place { return place{endpoint: e, says: e.url()} }

// key is the key of the place's connection.
func (p place) key() connKey { return connKey{p.endpoint, p.broker} }

// outgoing adds to ctx what a proxy needs to see.
func (p place) outgoing(ctx context.Context) context.Context {
	if p.broker == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, wire.BrokerURLHeader, p.broker)
}

// lookup asks one broker where topic lives. The place is always usable: when the
// broker does not know, or says something no one can dial, it is the broker
// itself, whose own word on a producer decides. The error tells why; it is not
// answered if the broker could not be reached.
func (c *Client) lookup(ctx context.Context, topic string, asked endpoint) (place, error) {
	var answer wire.TopicLookupResponse
	question := &wire.TopicLookupRequest{RequestId: c.requests.Add(1), Topic: topic}
	if err := c.ask(ctx, "lookup", topic, at(asked), wire.TopicLookup, question, &answer); err != nil {
		return at(asked), err
	}
	if answer.GetResponseType() == wire.TopicLookupResponse_Failed || answer.GetConnectUrl() == "" {
		return at(asked), nil
	}
	found := place{says: answer.GetConnectUrl()}
	if answer.GetProxy() {
		found.broker = answer.GetBrokerUrl()
	}
	e, err := advertised(answer.GetConnectUrl(), asked)
	switch {
	case c.net.override != nil:
		found.endpoint = *c.net.override
	case err != nil:
		c.settings.Logger.Warn("broker advertises an address nobody can dial",
			"topic", topic, "asked", asked.url(), "connect_url", answer.GetConnectUrl(), "error", err)
		return at(asked), nil
	default:
		found.endpoint = e
	}
	return found, nil
}

// find asks for topic until a broker answers: the one at home, where the topic
// lived last (if known), then every seed. Each turn begins with the next of
// them, so that no broker with stale knowledge, and no dead one, is asked first
// for ever.
func (c *Client) find(ctx context.Context, topic string, home *endpoint, turn int) (place, error) {
	order := c.net.seeds
	if home != nil && !slices.Contains(order, *home) {
		order = append([]endpoint{*home}, order...)
	} else if home != nil {
		turn += slices.Index(order, *home)
	}
	var silent error
	for i := range order {
		found, err := c.lookup(ctx, topic, order[(turn+i)%len(order)])
		if err == nil || answered(err) {
			return found, err
		}
		silent = cmp.Or(silent, err)
	}
	return place{}, silent
}

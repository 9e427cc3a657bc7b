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

// asking is whom to ask where a topic lives: the broker at home, where it lived
// last (if that is known), then every seed. Each round begins with the next of
// them, so that no broker with stale knowledge, and no dead one, is asked first
// for ever.
type asking struct {
	order []endpoint
	turn  int
}

// asking begins a search.
func (c *Client) asking(home *endpoint) *asking {
	a := new(asking)
	if home != nil {
		a.learn(*home)
	}
	for _, seed := range c.net.seeds {
		a.learn(seed)
	}
	return a
}

// learn adds a broker that answers.
func (a *asking) learn(e endpoint) {
	if !slices.Contains(a.order, e) {
		a.order = append(a.order, e)
	}
}

// round returns everyone once, in the order to ask them in now.
func (a *asking) round() []endpoint {
	first := a.turn % len(a.order)
	a.turn++
	return slices.Concat(a.order[first:], a.order[:first])
}

// find asks for topic, in one round, until a broker answers. Without an answer
// the place is zero.
func (c *Client) find(ctx context.Context, topic string, a *asking) (place, error) {
	var silent error
	for _, e := range a.round() {
		found, err := c.lookup(ctx, topic, e)
		if err == nil || answered(err) {
			return found, err
		}
		silent = cmp.Or(silent, err)
	}
	return place{}, silent
}

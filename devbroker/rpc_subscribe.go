package devbroker

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func subscribeRequest(_ *state, in *wire.ConsumerRequest) Request {
	return Request{Topic: in.TopicName, Producer: in.ConsumerName}
}

// subscribe attaches a consumer to a subscription, which it creates when there is
// none: at the end of the log, of the type asked for. An existing one keeps its
// type. A name that is there already is taken over, with its id.
func subscribe(s *state, c *call, in *wire.ConsumerRequest) (*wire.ConsumerResponse, error) {
	t, err := s.open(c.host, in.TopicName)
	if err != nil {
		return nil, err
	}
	u, err := s.subscription(t, in, c.now)
	if err != nil {
		return nil, err
	}
	k := u.consumer(in.ConsumerName)
	if k != nil {
		k.release(c.now)
	} else if k, err = s.join(u, in.ConsumerName); err != nil {
		return nil, err
	}
	k.active, k.filters = true, in.KeyFilters
	return &wire.ConsumerResponse{RequestId: in.RequestId, ConsumerId: k.id, ConsumerName: k.name}, nil
}

// open finds a topic to consume from.
func (s *state) open(h *host, name string) (*topic, error) {
	t := s.topics[name]
	switch {
	case !validName(name):
		return nil, badName(name)
	case t == nil:
		return nil, notFound("Unable to find the topic %s", name)
	case t.owner != h:
		return nil, elsewhere(name)
	}
	t.loaded = true
	return t, nil
}

func (s *state) subscription(t *topic, in *wire.ConsumerRequest, now time.Time) (*subscription, error) {
	if u := t.subscription(in.Subscription, now); u != nil {
		return u, nil
	}
	if _, known := wire.ConsumerRequest_SubscriptionType_name[int32(in.SubscriptionType)]; !known {
		return nil, invalid("unknown subscription type %d", in.SubscriptionType)
	}
	if most := s.settings.MaxSubscriptions; most > 0 && len(t.subscriptions(now)) >= most {
		return nil, denied("Subscription limit reached for topic %s", t.name)
	}
	u := newSubscription(t, in.Subscription, in.SubscriptionType, now)
	t.subs[u.name] = u
	return u, nil
}

// join adds a consumer. On an Exclusive subscription the first one counts even
// when it is gone, as in the real broker.
func (s *state) join(u *subscription, name string) (*consumer, error) {
	if u.kind == wire.ConsumerRequest_Exclusive && len(u.consumers) > 0 {
		return nil, denied("exclusive subscription %s already has the consumer %s", u.name, u.consumers[0].name)
	}
	consumers := 0
	for _, sub := range u.topic.subs {
		consumers += len(sub.consumers)
	}
	if most := s.settings.MaxConsumers; most > 0 && consumers >= most {
		return nil, exhausted("Consumer limit reached for topic %s", u.topic.name)
	}
	k := &consumer{id: newID(s.consumers), name: name, sub: u}
	u.consumers = append(u.consumers, k)
	s.consumers[k.id] = k
	return k, nil
}

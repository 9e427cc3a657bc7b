package devbroker

import (
	"maps"
	"slices"
	"time"
)

// topic is a topic or one partition of one: to the broker they are the same.
type topic struct {
	name     string
	reliable bool
	owner    *host
	// loaded is false from the writing of the metadata until the owner has
	// answered the first CreateProducer.
	loaded    bool
	log       topicLog
	producers map[string]*producer
	subs      map[string]*subscription
	checks    checks
	accepted  uint64 // messages answered OK or appended, ever
}

// producer is one name on one topic.
type producer struct {
	id    uint64
	name  string
	topic *topic
	host  *host
	// leaving is set while the topic moves away from host; see move.go.
	leaving *departure
}

func (s *state) create(name string, reliable bool, owner *host) *topic {
	t := &topic{
		name:      name,
		reliable:  reliable,
		owner:     owner,
		log:       topicLog{most: s.settings.Retain, mostOf: s.settings.RetainBytes},
		producers: map[string]*producer{},
		subs:      map[string]*subscription{},
	}
	s.topics[name] = t
	s.log.Info("topic created", "topic", name, "reliable", reliable, "listener", owner.index)
	return t
}

// on returns the topic if h owns it and has it loaded.
func (s *state) on(h *host, name string) *topic {
	if t := s.topics[name]; t != nil && t.owner == h && t.loaded {
		return t
	}
	return nil
}

// unload forgets who is attached: what a topic loses when its broker stops or it
// moves. Subscriptions stay, with their cursor.
func (s *state) unload(t *topic) {
	for _, p := range t.producers {
		if p.leaving == nil {
			delete(s.producers, p.id)
		}
	}
	clear(t.producers)
	for _, sub := range t.subs {
		sub.unload(s)
	}
	t.checks.unload()
}

// accept stores a message of a reliable topic, or hands one of another to who
// is there, and returns what to wait for before answering; nil is nothing.
func (t *topic) accept(s *state, in *streamMessage, now time.Time) <-chan struct{} {
	t.accepted++
	if !t.reliable {
		in.MsgId.TopicOffset = 0
		for _, sub := range t.subs {
			sub.pass(s, in)
		}
		return nil
	}
	t.log.append(in)
	if s.settings.Flush == 0 {
		t.log.flush()
	}
	var hold <-chan struct{}
	for _, sub := range t.subs {
		sub.dispatch(s, now)
		if h := sub.stall.holdBack(); h != nil {
			hold = h
		}
	}
	return hold
}

// subscription returns a live subscription by name. One of a topic that is not
// reliable is gone after a minute without consumers.
func (t *topic) subscription(name string, now time.Time) *subscription {
	sub := t.subs[name]
	if sub != nil && !t.reliable && !sub.idle.IsZero() && now.Sub(sub.idle) >= idleLimit {
		delete(t.subs, name)
		return nil
	}
	return sub
}

const idleLimit = time.Minute

// subscriptions returns the live ones.
func (t *topic) subscriptions(now time.Time) []string {
	names := slices.Sorted(maps.Keys(t.subs))
	return slices.DeleteFunc(names, func(name string) bool { return t.subscription(name, now) == nil })
}

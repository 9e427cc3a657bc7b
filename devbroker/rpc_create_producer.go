package devbroker

import (
	"strconv"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func createProducerRequest(_ *state, in *wire.ProducerRequest) Request {
	return Request{Topic: in.TopicName, Producer: in.ProducerName}
}

// createProducer attaches a producer, or finds the one of that name. The access
// mode is not enforced and the version of a schema reference is not read, as in
// the real broker.
func createProducer(s *state, c *call, in *wire.ProducerRequest) (*wire.ProducerResponse, error) {
	if !validName(in.TopicName) {
		return nil, badName(in.TopicName)
	}
	t, fresh, err := s.resolve(c.host, in)
	if err != nil {
		return nil, err
	}
	if t.reliable != (in.DispatchStrategy == wire.DispatchStrategy_Reliable) {
		return nil, precondition("the dispatch strategy does not match that of the existing topic %s", t.name)
	}
	// A broker in standalone mode does not bind the subject in the call that
	// creates the topic.
	if subject := in.SchemaRef.GetSubject(); subject != "" && !fresh {
		if err := s.bind(t, subject); err != nil {
			return nil, err
		}
	}
	p, err := s.attach(c.host, t, in.ProducerName)
	if err != nil {
		return nil, err
	}
	if s.settings.Flush > 0 {
		c.header = metadata.Pairs(FlushHeader, strconv.FormatInt(s.settings.Flush.Milliseconds(), 10))
	} else {
		c.header = metadata.Pairs(FlushHeader, "0")
	}
	return &wire.ProducerResponse{RequestId: in.RequestId, ProducerId: p.id, ProducerName: p.name}, nil
}

// resolve returns the topic if h may serve it; fresh when this call created it.
func (s *state) resolve(h *host, in *wire.ProducerRequest) (t *topic, fresh bool, err error) {
	name := in.TopicName
	if namespace := namespaceOf(name); !s.namespaces[namespace] {
		return nil, false, unavailable("Unable to find the namespace %s", namespace)
	}
	if t := s.topics[name]; t != nil {
		if t.owner != h {
			return nil, false, elsewhere(name)
		}
		t.loaded = true
		return t, false, nil
	}
	if err := s.mayCreate(in); err != nil {
		return nil, false, err
	}
	reliable := in.DispatchStrategy == wire.DispatchStrategy_Reliable
	if s.settings.Standalone {
		t := s.create(name, reliable, h)
		t.loaded = true
		return t, true, nil
	}
	s.create(name, reliable, s.leastLoaded())
	return nil, false, unavailable("the topic %s metadata was created, need to redo the lookup to find the correct broker", name)
}

// mayCreate checks a topic that is not there. A plain topic and a partitioned one
// of the same name exclude each other, and to the real broker any longer name is
// a partition.
func (s *state) mayCreate(in *wire.ProducerRequest) error {
	name := in.TopicName
	if s.settings.NoAutoCreate {
		return notFound("Unable to find the topic %s", name)
	}
	if in.DispatchStrategy != wire.DispatchStrategy_Reliable && in.DispatchStrategy != wire.DispatchStrategy_NonReliable {
		return invalid("Dispatch strategy is missing for topic %s", name)
	}
	if base, ok := partitionOf(name); ok {
		if s.topics[base] != nil {
			return exists("topic %s exists and is no partitioned topic", base)
		}
		return nil
	}
	for other := range s.topics {
		if strings.HasPrefix(other, name) {
			return exists("topic %s exists as a partitioned topic", name)
		}
	}
	return nil
}

// bind ties the topic to a subject, which stays until the topic is unloaded.
func (s *state) bind(t *topic, subject string) error {
	switch {
	case t.checks.subject == subject:
		return nil
	case t.checks.subject != "":
		return precondition("topic %s uses schema subject %s, not %s", t.name, t.checks.subject, subject)
	case s.registry.subjects[subject] == nil:
		return precondition("Failed to assign schema to topic %s: subject %s is not registered", t.name, subject)
	}
	t.checks.subject = subject
	return nil
}

// attach registers the producer, or returns the one that has the name.
func (s *state) attach(h *host, t *topic, name string) (*producer, error) {
	if p := t.producers[name]; p != nil {
		return p, nil
	}
	if most := s.settings.MaxProducers; most > 0 && len(t.producers) >= most {
		return nil, exhausted("Producer limit reached for topic %s", t.name)
	}
	p := &producer{id: newID(s.producers), name: name, topic: t, host: h}
	t.producers[name] = p
	s.producers[p.id] = p
	return p, nil
}

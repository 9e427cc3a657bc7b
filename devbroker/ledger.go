package devbroker

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Message is a message as the log holds it.
type Message struct {
	Topic  string
	Offset uint64
	// Payload and Attributes are the broker's own; do not change them.
	Payload    []byte
	Attributes map[string]string
	// Key is the routing key; Keyed tells an empty one from none.
	Key   string
	Keyed bool
	// Producer and ProducerID are as the producer sent them, and so is
	// PublishTime, which has milliseconds.
	Producer    string
	ProducerID  uint64
	PublishTime time.Time
	// SchemaID and SchemaVersion are 0 when the message carries none.
	SchemaID      uint64
	SchemaVersion uint32
	// Flushed says that a crash of this moment would not forget it.
	Flushed bool
}

// Log yields what the log of a topic, or of one partition, holds now, in the
// order of the offsets: a ledger that is independent of every consumer. A topic
// that is not reliable has no log, and neither has one that does not exist.
func (b *Broker) Log(topic string) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		var entries []entry
		safe := 0
		b.ask(func(s *state) {
			if t := s.topics[topic]; t != nil {
				entries = slices.Clone(t.log.entries)
				safe = int(max(t.log.flushed, t.log.base) - t.log.base)
			}
		})
		for i, e := range entries {
			if !yield(e.message(topic, i < safe)) {
				return
			}
		}
	}
}

func (e entry) message(topic string, flushed bool) Message {
	m := e.msg
	return Message{
		Topic:         topic,
		Offset:        e.offset,
		Payload:       m.Payload,
		Attributes:    m.Attributes,
		Key:           m.GetRoutingKey(),
		Keyed:         m.RoutingKey != nil,
		Producer:      m.ProducerName,
		ProducerID:    m.MsgId.ProducerId,
		PublishTime:   time.UnixMilli(int64(m.PublishTime)),
		SchemaID:      m.GetSchemaId(),
		SchemaVersion: m.GetSchemaVersion(),
		Flushed:       flushed,
	}
}

// Topic is what the broker knows of a topic, or of one partition.
type Topic struct {
	Name     string
	Reliable bool
	// Listener is the index of the broker that owns the topic.
	Listener int
	// Accepted counts the messages ever taken, forgotten ones included; Kept is
	// how many the log holds.
	Accepted uint64
	Kept     int
	// Producers, Subscriptions are names, sorted.
	Producers, Subscriptions []string
	// Subject is the schema subject the topic is bound to; empty for none.
	Subject string
}

// Topics returns all topics by name.
func (b *Broker) Topics() []Topic {
	var all []Topic
	b.ask(func(s *state) {
		for _, t := range s.sortedTopics() {
			all = append(all, Topic{
				Name:          t.name,
				Reliable:      t.reliable,
				Listener:      t.owner.index,
				Accepted:      t.accepted,
				Kept:          len(t.log.entries),
				Producers:     slices.Sorted(maps.Keys(t.producers)),
				Subscriptions: t.subscriptions(time.Now()),
				Subject:       t.checks.subject,
			})
		}
	})
	return all
}

package devbroker

import (
	"fmt"
	"time"
)

// Move gives a topic to another listener, as the unloading of a topic does: its
// producers and consumers are forgotten, its log and the cursors of its
// subscriptions go with it. Lookups name the new owner at once.
//
// What the old owner's producers hear is, for phase, that the topic is draining;
// for another phase, that it is not in the registry; and then NOT_FOUND. A phase
// of 0 means NOT_FOUND at once. It is an error when there is no such topic or
// listener.
func (b *Broker) Move(topic string, listener int, phase time.Duration) error {
	if err := b.checkListener(listener); err != nil {
		return err
	}
	err := fmt.Errorf("devbroker: there is no topic %q to move", topic)
	b.ask(func(s *state) {
		if t := s.topics[topic]; t != nil {
			s.move(t, s.hosts[listener], phase)
			err = nil
		}
	})
	return err
}

func (b *Broker) checkListener(i int) error {
	if i < 0 || i >= len(b.hosts) {
		return fmt.Errorf("devbroker: there is no listener %d; must be 0 to %d", i, len(b.hosts)-1)
	}
	return nil
}

func (s *state) move(t *topic, to *host, phase time.Duration) {
	if t.owner == to {
		return
	}
	s.log.Info("topic moves", "topic", t.name, "from", t.owner.index, "to", to.index)
	if phase > 0 {
		s.depart(t, phase)
	}
	s.unload(t)
	t.owner, t.loaded = to, false
}

// departure is what is left of a producer at the broker its topic has left.
type departure struct {
	topic                 string
	drained, deregistered time.Time
}

// depart keeps the producers known to the old owner until the phases are over.
func (s *state) depart(t *topic, phase time.Duration) {
	now := time.Now()
	d := &departure{t.name, now.Add(phase), now.Add(2 * phase)}
	for _, p := range t.producers {
		p.leaving = d
		id := p.id
		s.agenda.at(d.deregistered, func(s *state, _ time.Time) { delete(s.producers, id) })
	}
}

// refusal is how a send is refused while the topic leaves; nil for a producer
// that is not leaving.
func (d *departure) refusal(topic string, now time.Time) error {
	switch {
	case d == nil:
		return nil
	case now.Before(d.drained):
		return unpublished("topic %s is draining or closed", topic)
	default:
		return unpublished("Topic %s not found in registry", topic)
	}
}

package devbroker

import "time"

// Refuse turns connections to a listener away, and cuts those there are; off
// accepts them again. Nothing is forgotten and ownership stays: the broker lives,
// it cannot be reached. It is an error when there is no such listener.
func (b *Broker) Refuse(listener int, on bool) error {
	if err := b.checkListener(listener); err != nil {
		return err
	}
	b.ask(func(s *state) {
		h := s.hosts[listener]
		h.gate.refuse(on || h.dead)
		if on {
			h.gate.cut()
		}
		s.log.Info("listener refuses", "listener", listener, "on", on)
	})
	return nil
}

// Kill is kill -9 of one broker for good: it refuses connections and forgets its
// producers and what it had not flushed. Lookups at the others go on naming it
// and their CreateProducer answers UNAVAILABLE until failover has passed (24 s on
// a real cluster); then its topics, with all they had flushed, go to brokers that
// live. It is an error when there is no such listener.
func (b *Broker) Kill(listener int, failover time.Duration) error {
	if err := b.checkListener(listener); err != nil {
		return err
	}
	b.ask(func(s *state) {
		h := s.hosts[listener]
		if h.dead {
			return
		}
		h.dead = true
		h.deaths++
		death := h.deaths
		h.gate.refuse(true)
		s.cut(h)
		s.eachOf(h, func(t *topic) { t.log.forget() })
		s.restart(h)
		s.log.Info("broker killed", "listener", listener, "failover", failover)
		s.agenda.at(time.Now().Add(failover), func(s *state, _ time.Time) {
			if h.dead && h.deaths == death {
				s.failOver(h)
			}
		})
	})
	return nil
}

// Revive starts a killed broker again: it has the topics that have not failed
// over yet. It is an error when there is no such listener.
func (b *Broker) Revive(listener int) error {
	if err := b.checkListener(listener); err != nil {
		return err
	}
	b.ask(func(s *state) {
		h := s.hosts[listener]
		h.dead = false
		h.gate.refuse(false)
		s.log.Info("broker revived", "listener", listener)
	})
	return nil
}

// failOver hands the topics of a dead broker out. With nobody left they stay.
func (s *state) failOver(h *host) {
	s.eachOf(h, func(t *topic) {
		to := s.leastLoaded()
		if to.dead {
			return
		}
		s.move(t, to, 0)
		if s.settings.Quirks.LocalStorage {
			t.log = topicLog{most: t.log.most, mostOf: t.log.mostOf}
			t.resetSubscriptions()
		}
	})
}

// eachOf visits the topics of a broker by name.
func (s *state) eachOf(h *host, visit func(*topic)) {
	for _, t := range s.sortedTopics() {
		if t.owner == h {
			visit(t)
		}
	}
}

package devbroker

// Forget restarts the brokers and keeps all data: producers and consumers are
// forgotten, every connection is cut, new ones are accepted at once. (Refuse
// keeps them away for longer.)
func (b *Broker) Forget() {
	b.ask(func(s *state) { s.restart(s.hosts...) })
}

// Crash is kill -9 of every broker, and a new start: what Forget does, and all
// that was acknowledged since the last flush is forgotten too. It returns how
// many messages of which topic that was. Offsets of forgotten messages are not
// given out again.
func (b *Broker) Crash() map[string]int {
	forgotten := map[string]int{}
	b.ask(func(s *state) {
		s.cut(s.hosts...)
		for name, t := range s.topics {
			if n := t.log.forget(); n > 0 {
				forgotten[name] = n
			}
		}
		s.restart(s.hosts...)
		s.log.Info("crash", "forgotten", forgotten)
	})
	return forgotten
}

func (s *state) cut(hosts ...*host) {
	for _, h := range hosts {
		h.gate.cut()
	}
}

// restart forgets what the brokers had in memory alone. Connections go first: no
// answer of the old process leaves after it is gone.
func (s *state) restart(hosts ...*host) {
	s.cut(hosts...)
	for _, h := range hosts {
		for _, t := range s.topics {
			if t.owner == h {
				s.unload(t)
				if s.settings.Quirks.OffsetReset {
					t.log.next = 0
					t.resetSubscriptions()
				}
			}
		}
		for id, p := range s.producers {
			if p.host == h {
				delete(s.producers, id)
			}
		}
	}
}

package devbroker

import (
	"cmp"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// state is everything the cluster knows. It belongs to the owner.
type state struct {
	settings   Settings
	log        *slog.Logger
	agenda     agenda
	hosts      []*host
	namespaces map[string]bool
	topics     map[string]*topic
	producers  map[uint64]*producer
	consumers  map[uint64]*consumer
	registry   registry
	armed      []*armed
	spent      []*armed
}

// host is one broker of the cluster: a listener.
type host struct {
	index int
	gate  *gate
	// url is what a client dials; name is the broker's own, which differs behind
	// a proxy.
	url, name string
	// dead is set by Kill: it owns topics and answers nobody.
	dead   bool
	deaths int
}

func newState(settings Settings, hosts []*host) *state {
	s := &state{
		settings:   settings,
		log:        settings.Logger,
		hosts:      hosts,
		namespaces: map[string]bool{"default": true, "system": true},
		topics:     map[string]*topic{},
		producers:  map[uint64]*producer{},
		consumers:  map[uint64]*consumer{},
		registry:   newRegistry(),
	}
	for _, namespace := range settings.Namespaces {
		s.namespaces[namespace] = true
	}
	for _, name := range settings.Topics {
		s.namespaces[namespaceOf(name)] = true
		s.create(name, true, s.leastLoaded()).loaded = true
	}
	if settings.Flush > 0 {
		s.flushLater(time.Now())
	}
	return s
}

// flushLater plans the next flush, and every one after it.
func (s *state) flushLater(now time.Time) {
	s.agenda.at(now.Add(s.settings.Flush), func(s *state, due time.Time) {
		for _, t := range s.topics {
			t.log.flush()
		}
		s.flushLater(due)
	})
}

// sortedTopics returns the topics by name, the order of the real broker's keys.
func (s *state) sortedTopics() []*topic {
	return slices.SortedFunc(maps.Values(s.topics), func(a, b *topic) int { return cmp.Compare(a.name, b.name) })
}

// leastLoaded returns the live broker with the fewest topics, the first of them.
func (s *state) leastLoaded() *host {
	owned := map[*host]int{}
	for _, t := range s.topics {
		owned[t.owner]++
	}
	best := s.hosts[0]
	for _, h := range s.hosts {
		if best.dead || !h.dead && owned[h] < owned[best] {
			best = h
		}
	}
	return best
}

// newID returns an id over all 64 bits, as the real broker's are.
func newID[T any](taken map[uint64]T) uint64 {
	for {
		id := rand.Uint64()
		if _, ok := taken[id]; !ok && id != 0 {
			return id
		}
	}
}

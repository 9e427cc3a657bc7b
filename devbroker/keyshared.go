package devbroker

import (
	"cmp"
	"hash/fnv"
	"path"
	"slices"
	"strconv"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// keyOf is what a KeyShared subscription goes by.
func keyOf(m *wire.StreamMessage) string {
	if m.RoutingKey != nil {
		return *m.RoutingKey
	}
	return m.ProducerName
}

// pickByKey chooses by the key, so that a key stays with one consumer, and lets
// one message of a key out at a time.
func (u *subscription) pickByKey(d *delivery) *consumer {
	key := keyOf(d.msg)
	if busy := u.keys[key]; busy != nil && busy != d {
		return nil
	}
	var able []*consumer
	for _, c := range u.consumers {
		if c.stream != nil && c.takes(key) {
			able = append(able, c)
		}
	}
	return onRing(able, key)
}

// takes reports whether one of the consumer's filters matches; none match all.
func (c *consumer) takes(key string) bool {
	return len(c.filters) == 0 || slices.ContainsFunc(c.filters, func(glob string) bool {
		ok, err := path.Match(glob, key)
		return ok && err == nil
	})
}

// virtualNodes is how many points of the ring a consumer has.
const virtualNodes = 100

type point struct {
	at uint32
	c  *consumer
}

// onRing returns the consumer whose point follows that of the key.
func onRing(able []*consumer, key string) *consumer {
	if len(able) < 2 {
		if len(able) == 0 {
			return nil
		}
		return able[0]
	}
	ring := make([]point, 0, len(able)*virtualNodes)
	for _, c := range able {
		for i := range virtualNodes {
			ring = append(ring, point{fold(c.name + "-" + strconv.Itoa(i)), c})
		}
	}
	slices.SortFunc(ring, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	i, _ := slices.BinarySearchFunc(ring, fold(key), func(p point, at uint32) int { return cmp.Compare(p.at, at) })
	return ring[i%len(ring)].c
}

// fold is FNV-1a of 64 bits, folded to 32.
func fold(text string) uint32 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	sum := h.Sum64()
	return uint32(sum>>32) ^ uint32(sum)
}

package flow

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A call is the sum of what was added, by topic and by source partition, whatever
// the order.
func TestCallAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Call
		c.Add(7, 7)
		c.AddSlot(7)
		c.Clear()
		topics, sources := map[int32]Use{}, map[int32]int{}
		records, bytes := 0, 0
		for range rapid.IntRange(0, 40).Draw(t, "adds") {
			topic, size := rapid.Int32Range(0, 3).Draw(t, "topic"), rapid.IntRange(0, 9).Draw(t, "size")
			c.Add(topic, size)
			u := topics[topic]
			topics[topic] = Use{topic, u.Records + 1, u.Bytes + size}
			records++
			bytes += size
			source := rapid.Int32Range(0, 3).Draw(t, "source")
			c.AddSlot(source)
			sources[source]++
		}
		gotTopics, gotSources := map[int32]Use{}, map[int32]int{}
		for _, u := range c.Topics {
			gotTopics[u.Topic] = u
		}
		for _, s := range c.Sources {
			gotSources[s.Source] = s.Slots
		}
		if len(c.Topics) != len(topics) || len(c.Sources) != len(sources) {
			t.Errorf("%d topics and %d sources, want %d and %d: one entry each", len(c.Topics), len(c.Sources), len(topics), len(sources))
		}
		if diff := cmp.Diff(topics, gotTopics); diff != "" {
			t.Errorf("topics (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(sources, gotSources); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
		if c.Records != records || c.Bytes != bytes {
			t.Errorf("%d records of %d bytes, want %d of %d", c.Records, c.Bytes, records, bytes)
		}
	})
}

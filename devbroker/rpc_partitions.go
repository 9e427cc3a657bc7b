package devbroker

import (
	"strings"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// topicPartitions lists the partitions of a topic, or the topic itself. Like the
// real broker it lists every topic whose name merely begins with the one asked
// for, in the order of the names (part-10 before part-2), and nothing is no
// error.
func topicPartitions(s *state, _ *call, in *wire.TopicLookupRequest) (*wire.TopicPartitionsResponse, error) {
	if !validName(in.Topic) {
		return nil, badName(in.Topic)
	}
	out := &wire.TopicPartitionsResponse{RequestId: in.RequestId}
	if s.topics[in.Topic] != nil {
		out.Partitions = []string{in.Topic}
		return out, nil
	}
	for _, t := range s.sortedTopics() {
		if strings.HasPrefix(t.name, in.Topic) {
			out.Partitions = append(out.Partitions, t.name)
		}
	}
	return out, nil
}

package connect

import (
	"fmt"
	"strings"
)

// MaxPartitions is the most partitions a Producer may ask for. Danube itself
// sets no limit; each partition costs a producer on the broker and a set of
// lanes here.
const MaxPartitions = 4096

// Producer names a Danube topic a source writes to.
type Producer struct {
	// Topic is /namespace/name; see CheckTopic.
	Topic string
	// Partitions is 0 for a plain topic, and n for the n topics
	// <Topic>-part-0 … <Topic>-part-<n-1>. 1 is not the same as 0: it names
	// <Topic>-part-0. The broker stores the count nowhere, so every producer of a
	// topic must agree on it.
	Partitions int
	// Reliable asks for the reliable dispatch strategy: messages are stored and
	// delivered at least once. Without it the broker hands a message to the
	// subscriptions of the moment and forgets it. The first creator of a topic
	// decides; a Producer that disagrees is refused by the broker.
	Reliable bool
}

// Validate returns an error of ClassConfig when the topic or the partitions
// cannot be right, and nil otherwise.
func (p Producer) Validate() error {
	if err := CheckTopic(p.Topic); err != nil {
		return ConfigError("producer: %w", err)
	}
	if p.Partitions < 0 || p.Partitions > MaxPartitions {
		return ConfigError("producer %s: partitions = %d; must be between 0 (a plain topic) and %d",
			p.Topic, p.Partitions, MaxPartitions)
	}
	return nil
}

// CheckTopic reports what is wrong with the name of a topic, nil when nothing is.
// A name is /namespace/topic, each part of letters A–Z and a–z, digits, _ and -.
// The broker takes more than that (empty parts, text before the first slash) and
// some of it creates topics nobody can use.
func CheckTopic(name string) error {
	const right = "must be /namespace/topic, each part of [A-Za-z0-9_-]"
	namespace, topic, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	switch {
	case name == "":
		return fmt.Errorf("topic is empty; %s", right)
	case name[0] != '/' || !ok || strings.Contains(topic, "/"):
		return fmt.Errorf("topic %q has the wrong shape; %s", name, right)
	case namespace == "" || topic == "":
		return fmt.Errorf("topic %q has an empty part; %s", name, right)
	}
	for _, r := range namespace + topic {
		if !isTopicRune(r) {
			return fmt.Errorf("topic %q contains %q; %s", name, r, right)
		}
	}
	return nil
}

func isTopicRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

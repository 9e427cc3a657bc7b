package danube

import (
	"strconv"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// PartitionOf returns the topic partition a key belongs to: FNV-1a over its
// bytes, modulo the number of partitions, as every Danube client does it. It is
// 0 for a plain topic (partitions = 0).
func PartitionOf(key string, partitions int) int {
	if partitions <= 1 {
		return 0
	}
	return int(flow.HashKey(key) % uint64(partitions))
}

// PartitionTopic returns the full name of a partition of p, which is a topic of
// its own; for a plain topic it is the topic.
func PartitionTopic(p connect.Producer, partition int) string {
	if p.Partitions == 0 {
		return p.Topic
	}
	return p.Topic + partSuffix + strconv.Itoa(partition)
}

// ProducerName returns the name under which a connector registers at a topic,
// before the number of a partition is added. It is the same in every run, so
// that a broker that still knows the producer gives its session back.
func ProducerName(connector, topic string) string {
	return connector + "-" + strings.ReplaceAll(topic, "/", "-")
}

const partSuffix = "-part-"

// partitionName adds the number of a partition to the name of a producer.
func partitionName(name string, p connect.Producer, partition int) string {
	if p.Partitions == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(partition)
}

// count is the number of topics p stands for.
func count(p connect.Producer) int { return max(p.Partitions, 1) }

// isPartition reports whether name is a partition of base. Brokers list topics
// by prefix, strangers among them.
func isPartition(name, base string) bool {
	digits, found := strings.CutPrefix(name, base+partSuffix)
	if !found || digits == "" || (digits[0] == '0' && digits != "0") {
		return false
	}
	return !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

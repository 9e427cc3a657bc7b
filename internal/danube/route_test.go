package danube

import (
	"hash/fnv"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// vectors are the partitions every Danube client must agree on.
var vectors = []struct {
	key           string
	of3, of4, of8 int
}{
	{"", 2, 1, 5},
	{"a", 1, 0, 4},
	{"user-1", 2, 0, 4},
	{"user-123", 1, 3, 3},
	{"device-42", 1, 0, 0},
	{"order:1001", 1, 1, 1},
	{"ключ", 0, 1, 1},
}

func TestPartitionOf(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		for partitions, want := range map[int]int{0: 0, 1: 0, 3: v.of3, 4: v.of4, 8: v.of8} {
			if have := PartitionOf(v.key, partitions); have != want {
				t.Errorf("key %q of %d partitions: %d, want %d", v.key, partitions, have, want)
			}
		}
	}
}

func FuzzPartitionOf(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.key, 8)
	}
	f.Fuzz(func(t *testing.T, key string, partitions int) {
		have := PartitionOf(key, partitions)
		if partitions < 1 {
			partitions = 1
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(key))
		if want := int(h.Sum64() % uint64(partitions)); have != want {
			t.Errorf("key %q of %d partitions: %d, want %d", key, partitions, have, want)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	plain := connect.Producer{Topic: "/default/events"}
	parts := connect.Producer{Topic: "/default/events", Partitions: 12}
	name := ProducerName("src", plain.Topic)
	for have, want := range map[string]string{
		name:                           "src--default-events",
		PartitionTopic(plain, 0):       "/default/events",
		PartitionTopic(parts, 0):       "/default/events-part-0",
		PartitionTopic(parts, 11):      "/default/events-part-11",
		partitionName(name, plain, 0):  "src--default-events",
		partitionName(name, parts, 11): "src--default-events-11",
	} {
		if have != want {
			t.Errorf("%q, want %q", have, want)
		}
	}
	if one := (connect.Producer{Topic: "/a/b", Partitions: 1}); PartitionTopic(one, 0) != "/a/b-part-0" || count(one) != 1 || count(plain) != 1 || count(parts) != 12 {
		t.Error("one partition is not a plain topic")
	}
}

func TestIsPartition(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"/a/t-part-0": true, "/a/t-part-10": true,
		"/a/t": false, "/a/t2-part-0": false, "/a/t-part-": false, "/a/t-part-x": false, "/a/t-part-1x": false,
		"/a/t-part-01": false, "/a/t-part--1": false, "/a/t-part-0-part-0": false,
	} {
		if have := isPartition(name, "/a/t"); have != want {
			t.Errorf("%q a partition of /a/t: %v", name, have)
		}
	}
}

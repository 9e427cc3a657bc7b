package offset_test

import (
	"fmt"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// BenchmarkCommit is one durable commit: two syncs of the disk.
func BenchmarkCommit(b *testing.B) {
	for _, partitions := range []int{1, 100} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			s := opened(b, fresh(b))
			must(b, s.Begin(b.Context(), 1))
			offsets := make([]connect.Offset, partitions)
			b.ReportAllocs()
			for n := uint64(1); b.Loop(); n++ {
				for i := range offsets {
					offsets[i] = at(fmt.Sprintf("partition-%03d", i), n)
				}
				must(b, s.Commit(b.Context(), 1, offsets))
			}
		})
	}
}

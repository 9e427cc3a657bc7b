package handover

import (
	"fmt"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// BenchmarkHandAll is a Poll result of 1000 records of raw bytes with keys and
// offsets, from envelopes to parcels in a pipe, and what undoes it: the way through
// the gate alone costs no allocation per record.
func BenchmarkHandAll(b *testing.B) {
	const records = 1000
	for _, partitions := range []int{1, 8} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			r := newRig(Settings{MaxMessage: 1 << 20, BatchSize: 500, Commits: true}, flow.Limits{Records: 8192, Bytes: 64 << 20})
			r.Begin(1)
			envelopes := make([]connect.Envelope, records)
			payload := make([]byte, 256)
			var parcels []flow.Parcel
			var notices []flow.Notice
			value := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				for i := range envelopes {
					value++
					envelopes[i] = connect.Bytes(topicA, payload).WithKey("key").At(connect.Offset{Partition: names[i%partitions], Value: value})
				}
				if err := r.HandAll(b.Context(), envelopes); err != nil {
					b.Fatal(err)
				}
				notices = r.notes.Take(notices)
				for i := range notices {
					if n := &notices[i]; n.Kind == flow.Admitted {
						r.budget.Advance(1, n.Source, n.Slot+1, n.Slot+1)
					}
				}
				parcels = r.pipes[topicA].Take(parcels)
				r.budget.Resolve(0, flow.Published, records, records*parcels[0].Size)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
		})
	}
}

var names = []string{"partition-0", "partition-1", "partition-2", "partition-3", "partition-4", "partition-5", "partition-6", "partition-7"}

// BenchmarkHand is a Send of one record.
func BenchmarkHand(b *testing.B) {
	r := newRig(Settings{MaxMessage: 1 << 20, BatchSize: 500, Commits: true}, flow.Limits{Records: 8192, Bytes: 64 << 20})
	r.Begin(1)
	var parcels []flow.Parcel
	var notices []flow.Notice
	one := []connect.Envelope{at("p", 0, "payload")}
	b.ReportAllocs()
	for b.Loop() {
		one[0].Offset.Value++
		if err := r.Hand(b.Context(), one, nil); err != nil {
			b.Fatal(err)
		}
		notices = r.notes.Take(notices)
		parcels = r.pipes[topicA].Take(parcels)
		r.budget.Advance(1, 0, one[0].Offset.Value, one[0].Offset.Value)
		r.budget.Resolve(0, flow.Published, 1, parcels[0].Size)
	}
}

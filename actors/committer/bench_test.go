package committer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// BenchmarkRing is one slot's way through a watermark that holds so many: admitted,
// resolved, passed. Receipts come in order, or in random order within the window.
func BenchmarkRing(b *testing.B) {
	for _, window := range []int{1_000, 100_000} {
		for _, order := range []string{"ordered", "shuffled"} {
			b.Run(fmt.Sprintf("window=%d/%s", window, order), func(b *testing.B) {
				receipts := make([]uint64, window)
				for i := range receipts {
					receipts[i] = uint64(i)
				}
				if order == "shuffled" {
					rand.New(rand.NewPCG(1, 2)).Shuffle(window, func(i, j int) { receipts[i], receipts[j] = receipts[j], receipts[i] })
				}
				var r ring
				passed := 0
				pass := func(*entry) { passed++ }
				b.ReportAllocs()
				rounds := 0
				for b.Loop() {
					base := r.next
					for i := range uint64(window) {
						r.admit(base+i, entry{value: i})
					}
					for i, slot := range receipts {
						r.resolve(base + slot)
						if i%16 == 0 {
							r.advance(pass)
						}
					}
					r.advance(pass)
					rounds++
				}
				if passed != rounds*window {
					b.Fatalf("passed %d slots of %d", passed, rounds*window)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(passed), "ns/slot")
			})
		}
	}
}

// BenchmarkTracker is the same by notices, in batches of 256, with the budget told.
func BenchmarkTracker(b *testing.B) {
	const batch = 256
	bench := newBench()
	bench.begin(1, "p")
	step := func() {
		for n := range bench.held.All(bench.notes) {
			bench.core.step(n)
		}
		bench.publish(dawn)
	}
	step()
	notices := make([]flow.Notice, batch)
	slot, rounds := uint64(0), 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range uint64(batch) {
			notices[i] = flow.Notice{Kind: flow.Admitted, Epoch: 1, Slot: slot + i, Value: slot + i}
		}
		bench.notes.Put(notices...)
		step()
		for i := range uint64(batch) {
			notices[i] = flow.Notice{Kind: flow.Resolved, Epoch: 1, Slot: slot + i}
		}
		bench.notes.Put(notices...)
		step()
		slot += batch
		rounds++
	}
	if p, _ := bench.latest.take(); p["p"].Slots != slot {
		b.Fatalf("came to %+v, want %d slots", p["p"], slot)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*batch), "ns/slot")
}

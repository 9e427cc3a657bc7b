package flow

import (
	"fmt"
	"testing"
)

// BenchmarkPipeHop is one value's way from a sender to a receiver in another
// goroutine and back: both ends recycle.
func BenchmarkPipeHop(b *testing.B) {
	for _, size := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			there, back := NewPipe[Parcel](), NewPipe[Parcel]()
			quit := make(chan struct{})
			done := make(chan struct{})
			go func() {
				defer close(done)
				var storage []Parcel
				for {
					select {
					case <-there.Wake():
						storage = there.Take(storage)
						back.Put(storage...)
					case <-quit:
						return
					}
				}
			}()
			batch := make([]Parcel, size)
			var storage []Parcel
			b.ReportAllocs()
			for b.Loop() {
				there.Put(batch...)
				for got := 0; got < size; got += len(storage) {
					<-back.Wake()
					storage = back.Take(storage)
				}
			}
			close(quit)
			<-done
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size*2), "ns/hop")
		})
	}
}

// BenchmarkHeld is the receiver's side of a hop, one goroutine.
func BenchmarkHeld(b *testing.B) {
	for _, size := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			p, h := NewPipe[Parcel](), Held[Parcel]{}
			batch := make([]Parcel, size)
			b.ReportAllocs()
			for b.Loop() {
				p.Put(batch...)
				n := 0
				for range h.All(p) {
					n++
				}
				if n != size {
					b.Fatalf("got %d values of %d", n, size)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/value")
		})
	}
}

// BenchmarkAdmit is a call of 500 records for one topic and one source, admitted
// and resolved; nobody waits.
func BenchmarkAdmit(b *testing.B) {
	budget := NewBudget(Limits{Records: 2048, Bytes: 64 << 20})
	c := call(0, 500, 0, 500)
	low := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := budget.Admit(b.Context(), nil, nil, 0, c); err != nil {
			b.Fatal(err)
		}
		budget.Resolve(0, Published, 500, 500)
		low += 500
		budget.Advance(0, 0, low, low)
	}
}

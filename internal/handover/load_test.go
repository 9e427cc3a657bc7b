package handover

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Many senders at once, while partitions are revoked and topics declared: each call
// stays together and in order, slots have no gap, and the tracker hears of a slot
// before any publisher gets its record.
func TestGateUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const senders, calls, size = 6, 150, 5
		r := newRig(Settings{MaxMessage: 1000, BatchSize: 10, Commits: true}, flow.Limits{Records: 40, Bytes: 10000})
		r.Begin(1)
		quit := make(chan struct{})
		var work, sending sync.WaitGroup
		work.Go(func() { receive(t, r, quit) })
		for s := range senders {
			sending.Go(func() {
				for c := range calls {
					var envelopes []connect.Envelope
					for i := range size {
						envelopes = append(envelopes, at(fmt.Sprintf("p%d", s%3), uint64(0), fmt.Sprintf("%d.%d.%d", s, c, i)))
					}
					if err := r.Hand(t.Context(), envelopes, nil); err != nil {
						t.Errorf("Hand: %v", err)
					}
				}
			})
		}
		sending.Go(func() {
			for range calls {
				r.Revoke("p0")
				r.Declare(&Topic{Producer: connect.Producer{Topic: "/default/late"}, Index: 2, Encoder: plain{}, Measure: measure, Pipe: flow.NewPipe[flow.Parcel]()})
				r.Marks()
			}
		})
		sending.Wait()
		synctest.Wait()
		close(quit)
		work.Wait()
		if got, want := r.budget.Totals(), uint64(senders*calls*size); got.Published != want || got.InFlight != 0 {
			t.Errorf("totals %+v, want %d published", got, want)
		}
	})
}

// receive resolves what arrives, and holds it to the notices.
func receive(t *testing.T, r *rig, quit chan struct{}) {
	type slot struct {
		source int32
		slot   uint64
	}
	announced, next := map[slot]bool{}, map[int32]uint64{}
	for {
		select {
		case <-quit:
			return
		case <-r.pipes[topicA].Wake():
		}
		parcels := r.pipes[topicA].Take(nil)
		for _, n := range r.notes.Take(nil) {
			if n.Kind != flow.Admitted {
				continue
			}
			announced[slot{n.Source, n.Slot}] = true
			if n.Slot != next[n.Source] {
				t.Errorf("slot %d of source %d follows %d", n.Slot, n.Source, next[n.Source])
			}
			next[n.Source]++
		}
		for i, p := range parcels {
			if p.Source != flow.NoSource && !announced[slot{p.Source, p.Slot}] {
				t.Errorf("slot %d of source %d was not announced before its record", p.Slot, p.Source)
			}
			var s, c, k, s2, c2, k2 int
			_, _ = fmt.Sscanf(string(p.Payload), "%d.%d.%d", &s, &c, &k)
			if i > 0 && k > 0 {
				if _, _ = fmt.Sscanf(string(parcels[i-1].Payload), "%d.%d.%d", &s2, &c2, &k2); s != s2 || c != c2 || k != k2+1 {
					t.Errorf("a call was parted: %s before %s", parcels[i-1].Payload, p.Payload)
				}
			}
			if p.Source != flow.NoSource {
				r.budget.Advance(1, p.Source, p.Slot+1, p.Slot+1)
			}
			r.budget.Resolve(0, flow.Published, 1, p.Size)
		}
	}
}

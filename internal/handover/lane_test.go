package handover

import (
	"testing"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// The lane is the source partition's in all its lives, whatever its number is; a
// record that an offset behind it covers belongs to that one's partition.
func TestLaneIsThatOfTheName(t *testing.T) {
	t.Parallel()
	r := open()
	r.handAll(t, at("q", 1, "q1"), at("p", 1, "p1"), at("", 0, "covered"), at("p", 2, "p2"), at("", 0, "loose"))
	r.Revoke("p")
	r.handAll(t, at("p", 1, "p1 again"))
	r.Begin(2)
	r.handAll(t, at("p", 1, "p1 in the next epoch"))
	p, q := flow.HashKey("p"), flow.HashKey("q")
	want := []uint64{q, p, p, p, 0, p, p}
	parcels := r.pipes[topicA].Take(nil)
	if len(parcels) != len(want) {
		t.Fatalf("%d parcels, want %d", len(parcels), len(want))
	}
	for i, parcel := range parcels {
		if parcel.Lane != want[i] {
			t.Errorf("%s is in lane %d, want %d", parcel.Payload, parcel.Lane, want[i])
		}
	}
}

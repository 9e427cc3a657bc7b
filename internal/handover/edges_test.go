package handover

import (
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// edgeCalls are calls of a transactional source, each with how many records no commit
// would wait for.
var edgeCalls = []struct {
	name    string
	offsets []uint64 // 0: none
	loose   int
}{
	{"nothing", nil, 0},
	{"all with an offset", []uint64{1, 1, 2}, 0},
	{"covered by the next one", []uint64{0, 0, 2}, 0},
	{"one at the end", []uint64{1, 0}, 1},
	{"none at all", []uint64{0, 0, 0}, 3},
}

func TestEdges(t *testing.T) {
	t.Parallel()
	for _, c := range edgeCalls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var envelopes []connect.Envelope
			for _, v := range c.offsets {
				e := connect.String("/default/t", "x").Envelope()
				if v > 0 {
					e = connect.String("/default/t", "x").At(connect.Offset{Partition: "p", Value: v})
				}
				envelopes = append(envelopes, e)
			}
			for _, strict := range []bool{true, false} {
				err := (&Gate{settings: Settings{Transactional: strict}}).edges(envelopes)
				if (err != nil) != (strict && c.loose > 0) || err != nil && connect.ClassOf(err) != connect.ClassConfig {
					t.Errorf("transactional %t: %v, with %d records without an offset", strict, err, c.loose)
				}
			}
		})
	}
}

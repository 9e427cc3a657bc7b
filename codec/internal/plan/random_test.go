package plan

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"testing"
)

var seedFlag = flag.Uint64("plan.seed", 0, "first seed of TestRandom; 0 draws one")

// TestRandom is what the fuzzer does, a little of it in every run of the tests,
// and shows that what the chooser makes is worth it: schemas that are handled, and
// texts of both verdicts.
func TestRandom(t *testing.T) {
	t.Parallel()
	first := *seedFlag
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("seed %d; -plan.seed=%d replays it", first, first)
	handled, proved, refused, left := 0, 0, 0, 0
	const rounds = 600
	for i := range uint64(rounds) {
		c := newChooser(binary.LittleEndian.AppendUint64(nil, first+i))
		c.bytes = nil
		schema, source := c.document()
		o, err := newOracle(source)
		if err != nil || o.plan == nil {
			continue
		}
		handled++
		root, _ := schema.(map[string]any)
		for range 6 {
			fitting := c.fitting(root, root, 6)
			for _, text := range []string{fitting, c.mutate(fitting)} {
				if err := o.compare([]byte(text)); err != nil {
					t.Errorf("seed %d: %s\n%v", first+i, source, err)
				}
				switch {
				case o.plan.Valid([]byte(text)):
					proved++
				case o.accepts([]byte(text)):
					left++
				default:
					refused++
				}
			}
		}
	}
	t.Logf("%d of %d schemas handled; %d texts proved, %d refused, %d left to the library", handled, rounds, proved, refused, left)
	if handled < rounds/4 || proved < rounds || refused < rounds || left > proved/5 {
		t.Error("that shows too little")
	}
}

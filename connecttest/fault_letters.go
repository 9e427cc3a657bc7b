package connecttest

import (
	"math/rand/v2"
	"time"
)

// refusesLetters is what stops a runtime.
const refusesLetters = "dead letters refused"

// letterMishaps are faults of the dead-letter topic.
func letterMishaps() []mishap {
	return []mishap{
		{"F18", "dead-letter topic down", 12 * time.Second, 6, strikeLetters(func(s *shard) *int { return &s.down })},
		{"F18", "broker of the dead letters killed", 4 * time.Second, 6, strikeLettersKill},
		{"F18", "dead-letter topic stalls", 30 * time.Second, 2, strikeLettersStall},
		{"F18", refusesLetters, 4 * time.Second, 1, strikeLetters(func(s *shard) *int { return &s.strict })},
	}
}

// newLetterFaults draws faults of the dead-letter topic, if there is one.
func newLetterFaults(p *plan) []fault {
	if p.letters.Topic == "" {
		return nil
	}
	r := rand.New(rand.NewPCG(p.seed, 5))
	all, sum := letterMishaps(), 0
	for i := range all {
		sum += all[i].weight
	}
	faults := make([]fault, r.IntN(3))
	for i := range faults {
		n, m := r.IntN(sum), 0
		for n >= all[m].weight {
			n -= all[m].weight
			m++
		}
		faults[i] = fault{
			mishap: &all[m], at: time.Duration(r.Int64N(int64(p.traffic + 5*time.Second))), target: r.IntN(12),
			lasts: 1 + time.Duration(r.Int64N(int64(all[m].most))),
		}
	}
	return faults
}

func strikeLetters(of func(*shard) *int) func(*world, *fault) func() {
	return func(w *world, _ *fault) func() {
		for _, s := range w.letterShards() {
			*of(s)++
		}
		return func() {
			for _, s := range w.letterShards() {
				*of(s)--
			}
		}
	}
}

func (w *world) letterShard(f *fault) *shard {
	all := w.letterShards()
	return all[f.target%len(all)]
}

func strikeLettersKill(w *world, f *fault) func() {
	b := w.letterShard(f).owner
	w.kill(b)
	return func() { w.revive(b) }
}

func strikeLettersStall(w *world, f *fault) func() {
	s := w.letterShard(f)
	s.stalled++
	return func() {
		if s.stalled--; s.stalled == 0 {
			w.release(s)
		}
	}
}

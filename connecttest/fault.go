package connecttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// mishap is a kind of fault, named by its row in docs/guarantees.md and what it is.
type mishap struct {
	row, name string
	// most is how long it lasts at most; 0: it is over at once.
	most time.Duration
	// weight is how often it is drawn.
	weight int
	strike func(w *world, f *fault) (heal func())
}

// fault is one mishap of a schedule.
type fault struct {
	*mishap
	at, lasts time.Duration
	target    int // which broker, partition or topic, modulo how many there are
}

// String is the fault as a line of a schedule.
func (f *fault) String() string {
	s := fmt.Sprintf("%8.3fs %-3s %s #%d", f.at.Seconds(), f.row, f.name, f.target)
	if f.lasts > 0 {
		s += fmt.Sprintf(" for %v", f.lasts.Round(time.Millisecond))
	}
	return s
}

// mishaps are all there are.
func mishaps() []mishap {
	return []mishap{
		{"F37", "broker killed", 4 * time.Second, 12, strikeKill},
		{"F37", "broker stands still, answers, and is killed", 8 * time.Second, 3, strikeLastWord},
		{"F37", "broker killed, its last answers late", time.Second, 4, strikeLastAnswers},
		{"F12", "broker stands still", 8 * time.Second, 2, strikeStill},
		{"F15", "broker restarts and keeps its data", 2 * time.Second, 2, strikeRestart},
		{"F40", "broker killed, and another takes over", 8 * time.Second, 3, strikeFailover},
		{"F15", "producer opened by somebody else", 0, 1, strikeTwin},
		{"F12", "connections reset", 0, 3, strikeReset},
		{"F12", "requests lost", 2 * time.Second, 2, strikeNumber(func(b *broker) *int { return &b.dropping })},
		{"F13", "answers lost", 2 * time.Second, 3, strikeNumber(func(b *broker) *int { return &b.mute })},
		{"F14", "answers late", 5 * time.Second, 2, strikeNumber(func(b *broker) *int { return &b.slow })},
		{"F15", "topic moves", 0, 3, strikeMove},
		{"F38", "topic stalls", 30 * time.Second, 1, strikeStall},
		{"F39", "streams are reset", 3 * time.Second, 1, strikeNumber(func(b *broker) *int { return &b.flaky })},
		{"F16", "log has trouble", 3 * time.Second, 1, strikeNumber(func(b *broker) *int { return &b.busy })},
		{"F36", "access denied", 3 * time.Second, 1, strikeNumber(func(b *broker) *int { return &b.denying })},
		{"F2", "runtime killed", 3 * time.Second, 3, strikeRuntime},
		{"F6", "runtime stopped and started", 2 * time.Second, 2, strikeStop},
		{"F7", "publisher restarts", 0, 1, strikePublisher},
		{"F11", "source fails", 0, 2, strikeSource},
		{"F21", "commits fail", 4 * time.Second, 2, strikeCommits},
		{"F27", "actors starve", 2 * time.Second, 2, strikeStarve},
		{"F23", "partition revoked", 0, 2, strikeRevoke},
	}
}

// newFaults draws the schedule of a seed. It depends on nothing else, so that the
// schedule less some of its faults is a schedule too.
func newFaults(seed uint64) []fault {
	r := rand.New(rand.NewPCG(seed, 2))
	p := newPlan(seed)
	all := mishaps()
	sum := 0
	for i := range all {
		sum += all[i].weight
	}
	faults := make([]fault, r.IntN(9))
	for i := range faults {
		n, m := r.IntN(sum), 0
		for n >= all[m].weight {
			n -= all[m].weight
			m++
		}
		f := fault{mishap: &all[m], at: time.Duration(r.Int64N(int64(p.traffic + 5*time.Second))), target: r.IntN(12)}
		if f.most > 0 {
			f.lasts = 1 + time.Duration(r.Int64N(int64(pick(r, f.most, f.most/10))))
		}
		faults[i] = f
	}
	faults = append(faults, newLetterFaults(&p)...)
	slices.SortStableFunc(faults, func(a, b fault) int { return int(a.at - b.at) })
	return faults
}

func schedule(faults []fault) string {
	lines := make([]string, len(faults))
	for i := range faults {
		lines[i] = "  " + faults[i].String()
	}
	return strings.Join(lines, "\n")
}

func strikeKill(w *world, f *fault) func() {
	b := w.broker(f)
	w.kill(b)
	return func() { w.revive(b) }
}

// strikeFailover gives the topics of a killed broker, with what it had written, to
// another that is up. It may never come back.
func strikeFailover(w *world, f *fault) func() {
	b := w.broker(f)
	w.kill(b)
	return func() {
		other := w.running()
		if b.up || other == nil {
			w.revive(b)
			return
		}
		for _, s := range w.shards {
			if s.owner == b {
				s.owner = other
				s.moves++
			}
		}
		if w.rng.IntN(2) == 0 {
			w.revive(b)
		}
	}
}

// running returns one of the brokers that are up, nil when none is.
func (w *world) running() *broker {
	first := w.rng.IntN(len(w.brokers))
	for i := range w.brokers {
		if b := w.brokers[(first+i)%len(w.brokers)]; b.up {
			return b
		}
	}
	return nil
}

// strikeTwin is the race of two calls of CreateProducer: the process knows two ids,
// and gives out the second from now on.
func strikeTwin(w *world, f *fault) func() {
	if s := w.shards[f.target%len(w.shards)]; s.id != 0 {
		s.twin, s.id = s.id, w.rng.Uint64()|1
	}
	return func() {}
}

// strikeLastWord kills a broker as soon as it has answered what piled up while it
// stood still.
func strikeLastWord(w *world, f *fault) func() {
	b := w.broker(f)
	heal := strikeStill(w, f)
	return func() {
		heal()
		w.heals++
		w.after(span(w.rng, 0, 3*time.Millisecond), func() {
			w.kill(b)
			w.after(500*time.Millisecond, func() {
				w.revive(b)
				w.healed()
			})
		})
	}
}

// strikeLastAnswers kills a broker whose answers are still on their way when its
// next life begins.
func strikeLastAnswers(w *world, f *fault) func() {
	b := w.broker(f)
	b.slow++
	return func() {
		b.slow--
		w.kill(b)
		w.heals++
		w.after(span(w.rng, 0, 300*time.Millisecond), func() {
			w.revive(b)
			w.healed()
		})
	}
}

// strikeStill stops a process for a while. Twice around both proofs, and then a
// kill, is what nothing protects from: so only once a life.
func strikeStill(w *world, f *fault) func() {
	b := w.broker(f)
	if !b.up || b.stood {
		return func() {}
	}
	b.still, b.stood = true, true
	life := b.life
	return func() {
		if b.life == life {
			w.resume(b)
		}
	}
}

func strikeRestart(w *world, f *fault) func() {
	b := w.broker(f)
	if b.up {
		w.flushAll(b)
	}
	w.kill(b)
	return func() { w.revive(b) }
}

func strikeReset(w *world, f *fault) func() {
	w.broker(f).resets++
	return func() {}
}

// strikeNumber counts how many faults of one kind a broker has at the moment.
func strikeNumber(of func(*broker) *int) func(*world, *fault) func() {
	return func(w *world, f *fault) func() {
		n := of(w.broker(f))
		*n++
		return func() { *n-- }
	}
}

func strikeMove(w *world, f *fault) func() {
	s := w.shards[f.target%len(w.shards)]
	if s.owner.up && !s.owner.still {
		w.flushShard(s)
		s.id, s.twin, s.owner = 0, 0, w.running()
		s.moves, s.due = s.moves+1, false
	}
	return func() {}
}

func strikeStall(w *world, f *fault) func() {
	s := w.shards[f.target%len(w.shards)]
	s.stalled++
	return func() {
		if s.stalled--; s.stalled == 0 {
			w.release(s)
		}
	}
}

func strikeRuntime(w *world, _ *fault) func() {
	w.rt.die()
	return func() { w.boot() }
}

func strikeStop(w *world, _ *fault) func() {
	rt := w.rt
	rt.stop(nil)
	return func() { w.bootAfter(rt) }
}

func strikePublisher(w *world, f *fault) func() {
	if rt := w.rt; !rt.dead {
		p := rt.pubs[f.target%len(rt.pubs)]
		p.actor.Restart()
		rt.schedule(p, 0)
	}
	return func() {}
}

func strikeSource(w *world, _ *fault) func() {
	w.rt.reopen(w.rt.epoch, false)
	return func() {}
}

func strikeCommits(w *world, _ *fault) func() {
	w.source.failing++
	return func() { w.source.failing-- }
}

func strikeStarve(w *world, _ *fault) func() {
	w.starved++
	return func() { w.starved-- }
}

func strikeRevoke(w *world, f *fault) func() {
	w.rt.revoke(f.target % w.plan.sources)
	return func() {}
}

package connecttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// world is one run: brokers, a source, a runtime, and a clock that goes from event
// to event. Everything happens in one goroutine, in an order that the seed fixes.
type world struct {
	plan    plan
	faults  []fault
	rng     *rand.Rand
	now     time.Duration
	agenda  agenda
	books   *Ledger
	brokers []*broker
	shards  []*shard
	source  *source
	keys    map[uint64]string
	taken   map[uint64]time.Duration // in the running epoch, when the broker last took a copy
	poisons map[uint64]poison
	blamed  map[uint64]int // how often the broker gave a record an answer that may blame it
	rt      *process
	starved int           // faults at work that make actors slow
	heals   int           // faults that are not over
	calm    time.Duration // since when none is
	over    bool
	halted  error // what stopped the runtime for good
	trace   func(string)
}

// dawn is when a world begins; its clock has no other meaning.
func (w *world) time(d time.Duration) time.Time { return time.Unix(1_000_000, 0).Add(d) }

func newWorld(p plan, faults []fault) *world {
	w := &world{plan: p, faults: faults, rng: rand.New(rand.NewPCG(p.seed, 3)), keys: map[uint64]string{}, taken: map[uint64]time.Duration{}, poisons: map[uint64]poison{}, blamed: map[uint64]int{}}
	w.books = NewLedger(Rules{Settled: p.settled, ReadAhead: p.readAhead(), Letters: p.letters.Topic})
	for range p.brokers {
		w.brokers = append(w.brokers, &broker{up: true})
	}
	topics := p.topics
	if p.letters.Topic != "" {
		topics = append(slices.Clone(topics), p.letters)
	}
	for _, t := range topics {
		for i := range max(t.Partitions, 1) {
			name := t.Topic
			if t.Partitions > 0 {
				name = fmt.Sprintf("%s-part-%d", t.Topic, i)
			}
			w.shards = append(w.shards, &shard{name: name, owner: w.brokers[w.rng.IntN(p.brokers)], phase: span(w.rng, 0, p.flush+1)})
		}
	}
	w.source = newSource(w)
	return w
}

func (w *world) after(d time.Duration, do func()) { w.agenda.push(w.now+max(d, 0), do) }

func (w *world) say(format string, args ...any) {
	if w.trace != nil {
		w.trace(fmt.Sprintf("%10.3fs ", w.now.Seconds()) + fmt.Sprintf(format, args...))
	}
}

// delay is how long something travels to a broker, or from it.
func (w *world) delay(b *broker) time.Duration {
	if b != nil && (b.slow > 0 && w.rng.IntN(4) == 0 || w.plan.tail && w.rng.IntN(25) == 0) {
		return span(w.rng, 0, 3*time.Second)
	}
	return span(w.rng, 0, w.plan.latency)
}

// lag is how long an actor takes to look.
func (w *world) lag() time.Duration {
	switch {
	case w.starved > 0:
		return span(w.rng, 0, 400*time.Millisecond)
	case w.rng.IntN(8) == 0:
		return span(w.rng, 0, 10*time.Millisecond)
	}
	return 0
}

// Limits of a run.
const (
	patience = 5 * time.Minute // from the end of the last fault until all is committed
	stopping = time.Minute     // that a stop takes when nothing is wrong
	// mostEvents is what no world needs: it is going round in circles.
	mostEvents = 1 << 19
)

// run lets the world happen, and returns what the books say.
func (w *world) run() Verdict {
	for i := range w.faults {
		f := &w.faults[i]
		w.heals++
		w.agenda.push(f.at, func() {
			w.say("%s", f)
			heal := f.strike(w, f)
			w.after(f.lasts, func() {
				heal()
				w.healed()
			})
		})
	}
	w.boot()
	w.agenda.push(time.Second, w.watch)
	for !w.over && len(w.agenda.events) > 0 {
		e := w.agenda.pop()
		w.now = e.at
		if limit := max(w.calm, w.plan.traffic) + patience; w.now > limit && w.heals == 0 || w.now > 2*limit || w.agenda.seq > mostEvents {
			w.books.Report("I8", "%v after the last fault, %d records are not committed after %d events", patience, w.books.Lag(), w.agenda.seq)
			return w.books.Judge(false)
		}
		e.do()
	}
	complete := w.over && w.halted == nil
	if !w.over {
		w.books.Report("I8", "nothing is left to happen, and the source is not finished")
	}
	return w.books.Judge(complete)
}

// watch looks, now and then, for commits that starve: records that were taken while
// nothing was wrong, and are not committed in time.
func (w *world) watch() {
	limit := w.plan.commitLag(slices.ContainsFunc(w.faults, func(f fault) bool { return strings.Contains(f.name, "late") }))
	for i := range w.source.parts {
		p := &w.source.parts[i]
		if w.plan.kind == pushing || w.heals > 0 || w.rt.gone() || w.rt.stopping || p.stored >= uint64(w.plan.each) {
			continue
		}
		since := w.calm
		for _, r := range p.ids[p.stored+1] {
			at, ok := w.taken[r.ID]
			if !ok {
				at = w.now
			}
			since = max(since, at)
		}
		if len(p.ids[p.stored+1]) > 0 && w.now-since > limit {
			w.books.Report("I8", "%s@%d was published %v ago, with nothing wrong since, and is not committed", p.name, p.stored+1, w.now-since)
			return
		}
	}
	w.after(time.Second, w.watch)
}

func (w *world) healed() {
	if w.heals--; w.heals == 0 {
		w.calm = w.now
		w.finishIfDone()
	}
}

// boot starts a process of the runtime.
func (w *world) boot() {
	if w.over || w.halted != nil || !w.rt.gone() {
		return
	}
	w.say("the runtime starts")
	w.books.Boot()
	w.rt = newProcess(w)
}

// bootAfter is boot as soon as the process that stops is gone.
func (w *world) bootAfter(rt *process) {
	if rt.gone() {
		w.boot()
		return
	}
	w.heals++
	w.after(100*time.Millisecond, func() {
		w.bootAfter(rt)
		w.healed()
	})
}

// finishIfDone stops the runtime once everything is dealt with.
func (w *world) finishIfDone() {
	if w.heals > 0 || w.halted != nil || w.rt.gone() || !w.source.done() {
		return
	}
	w.rt.stop(nil)
}

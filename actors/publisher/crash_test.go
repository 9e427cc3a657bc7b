package publisher

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

var (
	crashSeeds = flag.Int("crash.seeds", 2000, "how many schedules to simulate")
	crashSeed  = flag.Uint64("crash.seed", 1, "the first of them")
)

// voyage is one schedule: a source that can go back, a publisher, a mortal broker, and
// in the place of the tracker a book that keeps each promise by itself.
type voyage struct {
	*Actor
	*mortal
	parcels *flow.Pipe[flow.Parcel]
	notes   *flow.Pipe[flow.Notice]
	budget  *flow.Budget

	epoch, cursor, stored uint64
	resting               int // ticks in which nothing is read
	lost                  bool
	leaving               chan struct{} // the withdrawal of the lost epoch
	promises              map[uint64]promise
	through               map[uint64]time.Time // by session, what is proven
	rewinds               int
	fault                 string
}

// promise is the receipt of one record.
type promise struct {
	session uint64
	at      time.Time
}

const (
	voyageRecords = 60
	voyageAhead   = 40
	voyageKeys    = 5
)

func newVoyage(seed uint64, settle *Settle) *voyage {
	rng := rand.New(rand.NewPCG(seed, seed))
	v := &voyage{
		mortal: newMortal(rng, 2), parcels: flow.NewPipe[flow.Parcel](), notes: flow.NewPipe[flow.Notice](),
		budget: flow.NewBudget(flow.Limits{Records: 1 << 20, Bytes: 1 << 20}),
		epoch:  1, promises: map[uint64]promise{}, through: map[uint64]time.Time{},
	}
	v.Actor = New(Settings{
		Topic: "/default/t", Partitions: 2, Lanes: 2, Settle: settle, Stop: context.Background(),
		Parcels: v.parcels, Transport: v.mortal, Tracker: v.notes, Budget: v.budget,
	})
	for _, p := range v.partitions {
		p.session.pause = func(tries int) time.Duration { return time.Duration(min(tries, 5)) * modelTick } // without its jitter
	}
	return v
}

// read takes records from the source, now and then, as far as it may.
func (v *voyage) read() {
	if v.resting > 0 {
		v.resting--
		return
	}
	if v.chance(25) {
		v.resting = v.rng.IntN(80)
	}
	for range v.rng.IntN(3) {
		if v.cursor == voyageRecords || v.cursor-v.stored >= voyageAhead {
			return
		}
		c := &flow.Call{}
		c.Add(0, 1)
		if err := v.budget.Admit(context.Background(), nil, nil, 0, c); err != nil {
			v.fault = err.Error()
		}
		key := fmt.Sprint("k", v.cursor%voyageKeys)
		v.parcels.Put(flow.Parcel{Payload: []byte("x"), Key: key, Keyed: true, Epoch: v.epoch, Slot: v.cursor, Size: 1})
		v.cursor++
	}
}

// hear takes what the publisher says, in order.
func (v *voyage) hear() {
	for _, n := range v.notes.Take(nil) {
		switch {
		case n.Kind == flow.Proven:
			v.through[n.Session] = n.At
		case n.Kind == flow.SessionLost && n.Epoch == v.epoch:
			v.lost = true
		case n.Kind == flow.Resolved && n.Epoch == v.epoch && !v.lost:
			v.promises[n.Slot] = promise{n.Session, n.At}
		}
	}
	if v.lost {
		v.rewind()
		return
	}
	v.commit()
}

// commit goes as far as each record is settled, and looks whether it is where it
// should be.
func (v *voyage) commit() {
	for {
		p, ok := v.promises[v.stored]
		if !ok || p.session != 0 && p.at.After(v.through[p.session]) {
			return
		}
		if !v.durable[v.stored] {
			v.fault = fmt.Sprintf("record %d is committed, and the broker may forget it", v.stored)
		}
		v.stored++
	}
}

// rewind lets the publisher let go of the epoch and begins the next at the commit.
func (v *voyage) rewind() {
	if v.leaving == nil {
		v.leaving = make(chan struct{})
		v.commands.Put(withdrawal{Epoch: v.epoch, done: v.leaving})
		return
	}
	select {
	case <-v.leaving:
	default:
		return
	}
	v.epoch++
	v.rewinds++
	v.cursor, v.lost, v.leaving = v.stored, false, nil
	clear(v.promises)
}

// tick is everything that happens at one time.
func (v *voyage) tick() {
	v.pass()
	if !v.lost {
		v.read()
	}
	v.step(v.now)
	v.exchange() // what takes no time
	v.step(v.now)
	if wake := v.step(v.now); !wake.IsZero() && !wake.After(v.now) {
		v.fault = "wants to be called again at once, with nothing to do"
	}
	v.hear()
	v.end()
}

// order looks for a record that became durable before one of its key that comes
// before it: after each, only the next may follow, or one that was there already.
func (v *voyage) order() {
	for key, log := range v.log {
		next := uint64(0)
		for _, value := range log {
			if i := value / voyageKeys; i > next {
				v.fault = fmt.Sprintf("%s: record %d of it follows record %d: %v", key, i, next, log)
				return
			} else {
				next = i + 1
			}
		}
	}
}

// sail runs a schedule: faults for a while, then none, and in the end all is
// committed and at rest.
func (v *voyage) sail() string {
	for range 600 {
		if v.tick(); v.fault != "" {
			return v.fault
		}
	}
	v.healed, v.resting = true, 0
	for range 400 {
		v.tick()
	}
	v.order()
	switch totals := v.budget.Totals(); {
	case v.fault != "":
		return v.fault
	case v.stored != voyageRecords:
		return fmt.Sprintf("after 4 s without a fault %d of %d records are committed", v.stored, voyageRecords)
	case totals.InFlight != 0 || totals.Read != totals.Published+totals.Withdrawn:
		return fmt.Sprintf("counts do not reconcile: %+v", totals)
	case !v.dry() || !v.Actor.proven() || len(v.requests)+len(v.replies) > 0:
		return "is not at rest with everything committed"
	}
	return ""
}

// Invariants 1, 5, 8 and 15, the publisher's part: what is committed was durable
// then, in order, and after the last fault everything is.
func TestCrashesLoseNothing(t *testing.T) {
	t.Parallel()
	forgot, kills, rewinds := 0, 0, 0
	for seed := *crashSeed; seed < *crashSeed+uint64(*crashSeeds); seed++ {
		v := newVoyage(seed, &Settle{Flush: modelFlush, Margin: modelMargin})
		if fault := v.sail(); fault != "" {
			t.Fatalf("%v after dawn: %s\nreplay: go test ./actors/publisher -run %s -crash.seed=%d -crash.seeds=1",
				v.mortal.now.Sub(dawn), fault, t.Name(), seed)
		}
		forgot, kills, rewinds = forgot+v.forgot, kills+v.kills, rewinds+v.rewinds
	}
	t.Logf("seeds from %d, %d of them: %d kills, %d acknowledged records forgotten, %d rewinds", *crashSeed, *crashSeeds, kills, forgot, rewinds)
	if forgot < *crashSeeds || rewinds < *crashSeeds/2 {
		t.Errorf("%d schedules forgot %d records with %d rewinds: they show too little", *crashSeeds, forgot, rewinds)
	}
}

// weaker are settings that promise less; the same schedules show it.
var weaker = []struct {
	name   string
	settle *Settle
}{
	{"an OK is final", nil},
	{"a flush interval that is too short", &Settle{Flush: modelFlush / 2, Margin: modelMargin}},
	{"a margin that is exactly what the writer needs", &Settle{Flush: modelFlush, Margin: modelNeed}},
}

func TestCrashesShowWhatIsTooWeak(t *testing.T) {
	t.Parallel()
	for _, w := range weaker {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 20_000; seed++ {
				if fault := newVoyage(seed, w.settle).sail(); fault != "" {
					t.Logf("seed %d: %s", seed, fault)
					return
				}
			}
			t.Error("20000 schedules lose nothing")
		})
	}
}

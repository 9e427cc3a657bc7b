package publisher

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// drift is one schedule of a source that cannot go back: it hands each record over
// once, and some are waited for. The mortal broker is that of a voyage; in the place of
// the tracker is a book that keeps each promise by itself.
type drift struct {
	*Actor
	*mortal
	parcels *flow.Pipe[flow.Parcel]
	notes   *flow.Pipe[flow.Notice]
	budget  *flow.Budget

	epoch, cursor uint64
	resting       int // ticks in which nothing is read
	leaving       chan struct{}
	firsts        map[uint64]flow.Notice // by record, the receipt
	through       [2]time.Time           // by partition, what is settled, as the tracker is told
	waiters       []*voucher
	epochs        int
	fault         string
}

// voucher is a waiter that looks whether what it is told is true.
type voucher struct {
	*drift
	record  uint64
	settles bool
	told    int
}

func (v *voucher) Settles() bool { return v.settles }

func (v *voucher) Resolve(err error) {
	switch v.told++; {
	case v.told > 1:
		v.fault = fmt.Sprintf("the waiter of record %d is told twice", v.record)
	case err != nil:
		v.fault = fmt.Sprintf("the waiter of record %d is told %v; it is to wait until the record is sent again", v.record, err)
	case v.settles && !v.durable[v.record]:
		v.fault = fmt.Sprintf("the waiter of record %d is told that it is settled, and the broker may forget it", v.record)
	}
}

func newDrift(seed uint64, settle Settle) *drift {
	rng := rand.New(rand.NewPCG(seed, ^seed))
	d := &drift{
		mortal: newMortal(rng, 2), parcels: flow.NewPipe[flow.Parcel](), notes: flow.NewPipe[flow.Notice](),
		budget: flow.NewBudget(flow.Limits{Records: 1 << 20, Bytes: 1 << 20}), epoch: 1, firsts: map[uint64]flow.Notice{},
	}
	settle.Retain = true
	ordering := []Ordering{ByKey, ByKey, ByPartition}[rng.IntN(3)]
	d.Actor = New(Settings{
		Topic: "/default/t", Partitions: 2, Lanes: 2, Ordering: ordering, Settle: &settle, Stop: context.Background(),
		Parcels: d.parcels, Transport: d.mortal, Tracker: d.notes, Budget: d.budget,
	})
	for _, p := range d.partitions {
		p.session.pause = func(tries int) time.Duration { return time.Duration(min(tries, 5)) * modelTick } // without its jitter
	}
	return d
}

// read takes records from the source, now and then; a new epoch begins when all of the
// one before is sent.
func (d *drift) read() {
	if d.leaving != nil {
		if !closed(d.leaving) {
			return
		}
		d.leaving = nil
		d.epoch++
		d.epochs++
	}
	if d.chance(150) {
		d.leaving = make(chan struct{})
		d.commands.Put(withdrawal{Epoch: d.epoch, Drain: true, done: d.leaving})
		return
	}
	if d.resting--; d.resting > 0 {
		return
	}
	if d.chance(25) {
		d.resting = d.rng.IntN(80)
	}
	for range d.rng.IntN(3) {
		if d.cursor == voyageRecords {
			return
		}
		d.hand()
	}
}

func (d *drift) hand() {
	c := &flow.Call{}
	c.Add(0, 1)
	if err := d.budget.Admit(context.Background(), nil, nil, 0, c); err != nil {
		d.fault = err.Error()
	}
	p := flow.Parcel{
		Payload: []byte("x"), Key: fmt.Sprint("k", d.cursor%voyageKeys), Keyed: true, Epoch: d.epoch, Slot: d.cursor, Size: 1,
	}
	if d.rng.IntN(3) == 0 {
		v := &voucher{drift: d, record: d.cursor, settles: d.rng.IntN(3) > 0}
		d.waiters, p.Waiter = append(d.waiters, v), v
	}
	d.parcels.Put(p)
	d.cursor++
}

// hear takes what the publisher says, in order, and commits as far as that goes.
func (d *drift) hear() {
	for _, n := range d.notes.Take(nil) {
		switch {
		case n.Kind == flow.SessionLost:
			d.fault = "the source is to go back, and cannot"
		case n.Kind == flow.Proven:
			d.through[n.Partition] = n.At
			d.commit(n)
		case n.Kind == flow.Resolved && d.firsts[n.Slot].Kind != 0:
			d.fault = fmt.Sprintf("record %d is resolved twice", n.Slot)
		case n.Kind == flow.Resolved && !n.At.After(d.through[n.Partition]):
			d.fault = fmt.Sprintf("record %d is proven before it is resolved", n.Slot)
		case n.Kind == flow.Resolved:
			d.firsts[n.Slot] = n
		}
	}
}

// commit looks whether all that a proof covers is where it should be.
func (d *drift) commit(proof flow.Notice) {
	for record, n := range d.firsts {
		if n.Partition == proof.Partition && !n.At.After(proof.At) && !d.durable[record] {
			d.fault = fmt.Sprintf("record %d may be committed, and the broker may forget it", record)
		}
	}
}

// look holds the budget against what the broker has: whatever it may still forget is
// counted in, and each record once.
func (d *drift) look() {
	unwritten := 0
	for record := range d.cursor {
		if !d.durable[record] {
			unwritten++
		}
	}
	t := d.budget.Totals()
	held, _ := d.budget.Held()
	switch {
	case t.Read != t.Published+t.Withdrawn+t.InFlight || t.Withdrawn != 0:
		d.fault = fmt.Sprintf("counts do not reconcile: %+v", t)
	case held < unwritten:
		d.fault = fmt.Sprintf("%d bytes are held, and %d records are not written", held, unwritten)
	case held != int(t.Retained+t.InFlight):
		d.fault = fmt.Sprintf("%d bytes are held by %+v", held, t)
	}
}

// tick is everything that happens at one time.
func (d *drift) tick() {
	d.pass()
	d.read()
	d.step(d.now)
	d.exchange() // what takes no time
	d.step(d.now)
	if wake := d.step(d.now); !wake.IsZero() && !wake.After(d.now) {
		d.fault = "wants to be called again at once, with nothing to do"
	}
	d.hear()
	d.look()
	d.end()
}

// sail runs a schedule: faults for a while, then none, and in the end all is settled
// and at rest.
func (d *drift) sail() string {
	for range 600 {
		if d.tick(); d.fault != "" {
			return d.fault
		}
	}
	d.healed, d.resting = true, 0
	for range 500 {
		if d.tick(); d.fault != "" {
			return d.fault
		}
	}
	v := &voyage{mortal: d.mortal}
	if v.order(); v.fault != "" {
		return v.fault
	}
	for _, w := range d.waiters {
		if w.told != 1 {
			return fmt.Sprintf("the waiter of record %d is told %d times", w.record, w.told)
		}
	}
	switch t := d.budget.Totals(); {
	case len(d.durable) != voyageRecords || len(d.firsts) != voyageRecords:
		return fmt.Sprintf("after 5 s without a fault %d of %d records are written, %d resolved", len(d.durable), voyageRecords, len(d.firsts))
	case t.Published != voyageRecords || t.Retained != 0 || d.budget.Retained() != 0:
		return fmt.Sprintf("all is written, the counts are %+v", t)
	case !d.dry() || !d.Actor.proven() || len(d.requests)+len(d.replies) > 0:
		return "is not at rest with everything settled"
	}
	for record, n := range d.firsts {
		if n.At.After(d.through[n.Partition]) {
			return fmt.Sprintf("record %d is settled, and the tracker was not told", record)
		}
	}
	return ""
}

// Invariants 1, 5, 8 and 15 for a source that cannot go back: nothing is lost whatever
// the broker forgets, in order; who waits for a record to settle is told so when it is
// written, and not before; and each is counted once.
func TestRetainedIsNeverLost(t *testing.T) {
	t.Parallel()
	forgot, kills, epochs, waiters := 0, 0, 0, 0
	for seed := *crashSeed; seed < *crashSeed+uint64(*crashSeeds); seed++ {
		d := newDrift(seed, Settle{Flush: modelFlush, Margin: modelMargin})
		if fault := d.sail(); fault != "" {
			t.Fatalf("%v after dawn: %s\nreplay: go test ./actors/publisher -run %s -crash.seed=%d -crash.seeds=1",
				d.mortal.now.Sub(dawn), fault, t.Name(), seed)
		}
		forgot, kills, epochs, waiters = forgot+d.forgot, kills+d.kills, epochs+d.epochs, waiters+len(d.waiters)
	}
	t.Logf("seeds from %d, %d of them: %d kills, %d acknowledged records forgotten, %d epochs, %d waiters", *crashSeed, *crashSeeds, kills, forgot, epochs, waiters)
	if forgot < *crashSeeds || epochs < *crashSeeds || waiters < *crashSeeds {
		t.Errorf("%d schedules forgot %d records, with %d epochs and %d waiters: they show too little", *crashSeeds, forgot, epochs, waiters)
	}
}

// The same schedules show what is too weak.
func TestRetentionShowsWhatIsTooWeak(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]Settle{
		"a flush interval that is too short":             {Flush: modelFlush / 2, Margin: modelMargin},
		"a margin that is exactly what the writer needs": {Flush: modelFlush, Margin: modelNeed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 20_000; seed++ {
				if fault := newDrift(seed, settle).sail(); fault != "" {
					t.Logf("seed %d: %s", seed, fault)
					return
				}
			}
			t.Error("20000 schedules lose nothing")
		})
	}
}

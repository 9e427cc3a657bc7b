package connecttest

import (
	"errors"
	"slices"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// errNetwork is the cause of whatever the model network and brokers refuse.
var errNetwork = errors.New("simulated trouble")

// transport is a model of the client: publisher.Transport for one topic, on the
// model network.
type transport struct {
	w       *world
	rt      *process
	results *flow.Pipe[flow.Result]
	events  *flow.Pipe[flow.SessionEvent]
	shards  []*shard
	adopted []uint64
	conn    []*broker // by partition, where its session is
	opening []bool
	index   int32
	taken   [][]uint64 // by partition, what the session has acknowledged, oldest first
	away    []*request // sent, and perhaps not arrived
	oks     []okay     // told, and not yet dealt with by the publisher
}

type okay struct {
	partition   int
	session, id uint64
}

// request is one call on its way.
type request struct {
	t         *transport
	partition int
	message   *flow.Message // nil for a health check
	record    uint64
	session   uint64
	broker    *broker
	life      int // of the process it was sent to
	resets    int
	sent      time.Duration
	applied   bool
	arrived   bool
	done      bool // answered, or given up
}

func newTransport(rt *process, index int32, shards []*shard) *transport {
	n := len(shards)
	return &transport{
		w: rt.w, rt: rt, results: flow.NewPipe[flow.Result](), events: flow.NewPipe[flow.SessionEvent](),
		index: index, taken: make([][]uint64, n),
		shards: shards, adopted: make([]uint64, n), conn: make([]*broker, n), opening: make([]bool, n),
	}
}

func (t *transport) Results() *flow.Pipe[flow.Result]      { return t.results }
func (t *transport) Events() *flow.Pipe[flow.SessionEvent] { return t.events }

// Start sends a message.
func (t *transport) Start(m *flow.Message) {
	r := t.request(m.Partition, m.Session)
	r.message, r.record = m, recordID(m.Parcel.Payload)
	if m.Session != t.adopted[m.Partition] || r.broker == nil {
		t.answer(r, flow.Unadopted)
		return
	}
	t.send(r)
}

// send lets a request travel.
func (t *transport) send(r *request) {
	if len(t.away) > 64 {
		t.away = slices.DeleteFunc(t.away, func(r *request) bool { return r.arrived })
	}
	t.away = append(t.away, r)
	t.w.after(t.w.delay(r.broker), func() { t.w.arrive(r) })
}

// cut is the end of the process: what was on its way has arrived in this moment, or
// never does.
func (t *transport) cut() {
	for _, r := range t.away {
		if !r.arrived && t.w.rng.IntN(2) == 0 {
			t.w.arrive(r)
		}
		r.arrived, r.done = true, true
	}
}

// request is a call that begins now, on the connection of the session.
func (t *transport) request(partition int, session uint64) *request {
	r := &request{t: t, partition: partition, session: session, broker: t.conn[partition], sent: t.w.now}
	if r.broker != nil {
		r.life, r.resets = r.broker.life, r.broker.resets
	}
	return r
}

// arrive is when a request reaches its broker.
func (w *world) arrive(r *request) {
	b := r.broker
	r.arrived = true
	switch {
	case r.done:
	case !b.up || b.life != r.life || b.resets != r.resets || b.dropping > 0 || r.t.shards[r.partition].down > 0:
		w.fail(r)
	case b.still:
		b.waiting = append(b.waiting, r)
	case r.message == nil:
		w.check(r)
	default:
		w.receive(r)
	}
}

// fail breaks the connection under a request.
func (w *world) fail(r *request) {
	if r.done {
		return
	}
	r.done = true
	w.after(w.delay(r.broker), func() {
		if r.message == nil {
			r.t.alive(r, flow.Quiet)
			return
		}
		if r.applied {
			w.books.Unanswered(r.record)
		}
		r.t.answer(r, flow.Unknown)
	})
}

func (w *world) known(r *request) bool {
	s := r.t.shards[r.partition]
	return s.owner == r.broker && r.session != 0 && (s.id == r.session || s.twin == r.session)
}

// receive is what a broker does with a message.
func (w *world) receive(r *request) {
	s, b := r.t.shards[r.partition], r.broker
	outcome := flow.OK
	switch {
	case !w.known(r):
		outcome = flow.Lost
	case b.denying > 0:
		outcome = flow.Denied
	case s.strict > 0:
		outcome = flow.Refused
	case !r.message.Parcel.Letter && (r.record == w.plan.poison || w.poisons[r.record] == refusable):
		outcome = w.refusal() // what it can tell without its log
	case b.busy > 0:
		outcome = flow.Busy
	case b.flaky > 0 && w.rng.IntN(4) == 0:
		outcome = pick(w.rng, flow.Reset, flow.Unclear)
		if w.rng.IntN(2) == 0 {
			w.take(s, r.record)
			w.books.Unanswered(r.record)
		}
	default:
		r.applied = true
		w.take(s, r.record)
		switch {
		case s.stalled > 0:
			w.stall(s, r)
			return
		case b.mute > 0:
			w.fail(r)
			return
		}
	}
	w.reply(r, func() { r.t.answer(r, outcome) })
}

// stall holds an answer until the stall ends, or until the client has waited long
// enough.
func (w *world) stall(s *shard, r *request) {
	s.held = append(s.held, r)
	w.after(r.sent+sendDeadline-w.now, func() {
		if !r.done {
			r.done = true
			w.books.Unanswered(r.record)
			r.t.answer(r, flow.Stalled)
		}
	})
}

// reply sends an answer on its way. It may come although the process that gave it
// has died since.
func (w *world) reply(r *request, tell func()) {
	if r.done {
		return
	}
	w.after(w.delay(r.broker), func() {
		b := r.broker
		switch {
		case r.done:
		case b.resets != r.resets, (b.life != r.life || !b.up) && w.rng.IntN(2) == 0:
			w.fail(r)
		default:
			r.done = true
			tell()
		}
	})
}

// answer tells the publisher what became of a message.
func (t *transport) answer(r *request, o flow.Outcome) {
	if t.rt.dead {
		return
	}
	var err error
	switch o {
	case flow.Refused, flow.Reset, flow.Unclear:
		err = &poisoned{r.record}
		t.w.blamed[r.record]++
	case flow.OK:
		t.oks = append(t.oks, okay{r.partition, r.session, r.record})
	default:
		err = errNetwork
	}
	t.results.Put(flow.Result{Message: r.message, Outcome: o, Sent: t.w.time(r.sent), Answered: t.w.time(t.w.now), Err: err})
	t.rt.poke()
}

// stepped is said when the publisher has dealt with everything: an OK in a session
// that was over by then is one it could not believe.
func (t *transport) stepped() {
	for _, o := range t.oks {
		if t.adopted[o.partition] != o.session {
			t.w.books.Unanswered(o.id)
		} else if t.w.plan.kind == pushing {
			t.taken[o.partition] = append(t.taken[o.partition], o.id)
		}
	}
	t.oks = t.oks[:0]
}

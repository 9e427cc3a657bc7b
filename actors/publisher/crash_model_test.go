package publisher

import (
	"math/rand/v2"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// The times of the model, small enough that much happens in a schedule. The margin
// exceeds what the writer needs by one tick.
const (
	modelTick   = 10 * time.Millisecond
	modelFlush  = 200 * time.Millisecond
	modelNeed   = 40 * time.Millisecond // the log writer is at most so late
	modelMargin = modelNeed + modelTick
)

// mortal is a model of one broker process after another, and of the network to it.
// What it acknowledges is in memory until a flush that is due every modelFlush has
// ended, at most modelNeed late; a kill forgets the rest, and every producer id.
type mortal struct {
	rng *rand.Rand
	now time.Time

	outcomes *flow.Pipe[flow.Result]
	sessions *flow.Pipe[flow.SessionEvent]
	requests []request // on their way, or at a broker that stands still
	replies  []reply   // on their way back

	up, still, stood bool // stood: this process has stood still once
	back             time.Time
	ids              []uint64 // by partition, 0 when unknown
	adopted          []uint64 // by partition, what a health check names
	next             uint64
	memory           []written
	flushing         int       // how many of memory the flush under way covers; 0 for none
	due, done        time.Time // of the next flush, of the one under way
	durable          map[uint64]bool
	log              map[string][]uint64 // by key: values in the order in which they became durable
	healed           bool

	forgot, kills int
}

// request is a send (message), an opening or a health check.
type request struct {
	message   *flow.Message
	opens     bool
	partition int
	id        uint64
	sent, at  time.Time
}

type reply struct {
	at     time.Time
	result flow.Result // of a send
	event  flow.SessionEvent
}

type written struct {
	value uint64
	key   string
}

func newMortal(rng *rand.Rand, partitions int) *mortal {
	return &mortal{
		rng: rng, now: dawn, outcomes: flow.NewPipe[flow.Result](), sessions: flow.NewPipe[flow.SessionEvent](),
		up: true, ids: make([]uint64, partitions), adopted: make([]uint64, partitions), next: 100, due: dawn.Add(modelFlush), durable: map[uint64]bool{}, log: map[string][]uint64{},
	}
}

func (b *mortal) Results() *flow.Pipe[flow.Result]      { return b.outcomes }
func (b *mortal) Events() *flow.Pipe[flow.SessionEvent] { return b.sessions }
func (b *mortal) Adopt(i int, id uint64)                { b.adopted[i] = id }
func (b *mortal) Open(i int)                            { b.send(request{opens: true, partition: i}) }

func (b *mortal) Start(m *flow.Message) {
	b.send(request{message: m, partition: m.Partition, id: m.Session})
}

func (b *mortal) Probe(i int) { b.send(request{partition: i, id: b.adopted[i]}) }

func (b *mortal) send(r request) {
	r.sent, r.at = b.now, b.now.Add(b.delay())
	b.requests = append(b.requests, r)
}

// delay is mostly short. A reply that takes long crosses others.
func (b *mortal) delay() time.Duration {
	if !b.healed && b.rng.IntN(20) == 0 {
		return time.Duration(b.rng.IntN(30)) * modelTick
	}
	return time.Duration(b.rng.IntN(3)) * modelTick
}

func (b *mortal) chance(oneIn int) bool { return !b.healed && b.rng.IntN(oneIn) == 0 }

// pass lets a tick begin.
func (b *mortal) pass() {
	b.now = b.now.Add(modelTick)
	switch {
	case !b.up && (b.healed || !b.back.After(b.now)):
		b.up, b.still, b.stood, b.due, b.flushing = true, false, false, b.now.Add(modelFlush), 0
	case b.still && (b.healed || !b.back.After(b.now)):
		b.still = false
	case b.up && !b.still && !b.stood && b.chance(100):
		b.still, b.stood, b.back = true, true, b.now.Add(time.Duration(b.rng.IntN(60))*modelTick)
	}
	b.exchange()
}

// exchange answers what has arrived and hands over what has come back.
func (b *mortal) exchange() {
	if b.up && !b.still {
		b.serve()
	}
	b.refuse()
	b.deliver()
}

// end is the end of a tick: the writer is as late as it may be, and a kill comes just
// before it. A process that has stood still is often killed when it has answered what
// had piled up.
func (b *mortal) end() {
	often := 80
	if b.stood && b.back.Equal(b.now) {
		often = 3
	}
	if b.up && b.chance(often) {
		b.kill()
	}
	if b.up && !b.still {
		b.write()
	}
}

// kill forgets what is in memory.
func (b *mortal) kill() {
	b.kills++
	b.forgot += len(b.memory)
	b.up, b.still, b.memory = false, false, nil
	b.back = b.now.Add(time.Duration(b.rng.IntN(30)) * modelTick)
	clear(b.ids)
}

// write begins the flush that is due, and ends the one under way, as late as may be.
func (b *mortal) write() {
	if b.flushing > 0 && !b.done.After(b.now) {
		for _, w := range b.memory[:b.flushing] {
			b.durable[w.value] = true
			b.log[w.key] = append(b.log[w.key], w.value)
		}
		b.memory, b.flushing = b.memory[b.flushing:], 0
	}
	if b.flushing == 0 && !b.due.After(b.now) {
		b.due = b.now.Add(modelFlush)
		b.flushing, b.done = len(b.memory), b.now.Add(modelNeed)
	}
}

// serve answers what has arrived.
func (b *mortal) serve() {
	waiting := b.requests[:0]
	for _, r := range b.requests {
		if r.at.After(b.now) {
			waiting = append(waiting, r)
			continue
		}
		b.answer(r)
	}
	b.requests = waiting
}

func (b *mortal) answer(r request) {
	known := r.id != 0 && b.ids[r.partition] == r.id
	switch {
	case r.opens:
		if b.ids[r.partition] == 0 {
			b.next++
			b.ids[r.partition] = b.next
		}
		b.reply(reply{event: flow.SessionEvent{Kind: flow.Opened, Partition: r.partition, Session: b.ids[r.partition]}}, r)
	case r.message == nil && known:
		b.reply(reply{event: flow.SessionEvent{Kind: flow.Alive, Partition: r.partition, Session: r.id}}, r)
	case r.message == nil:
		b.reply(reply{event: flow.SessionEvent{Kind: flow.Closed, Partition: r.partition, Session: r.id, Err: errDown}}, r)
	case known:
		p := &r.message.Parcel
		b.memory = append(b.memory, written{p.Slot, p.Key})
		outcome := flow.OK
		if b.chance(40) {
			outcome = flow.Unknown // applied, and the reply is lost
		}
		b.reply(reply{result: flow.Result{Message: r.message, Outcome: outcome}}, r)
	default:
		b.reply(reply{result: flow.Result{Message: r.message, Outcome: flow.Lost, Err: errDown}}, r)
	}
}

// refuse ends what a broker that is down will not answer. An opening waits for it.
func (b *mortal) refuse() {
	if b.up {
		return
	}
	kept := b.requests[:0]
	for _, r := range b.requests {
		switch {
		case r.opens || r.at.After(b.now):
			kept = append(kept, r)
		case r.message == nil:
			b.reply(reply{event: flow.SessionEvent{Kind: flow.Quiet, Partition: r.partition, Session: r.id, Err: errDown}}, r)
		default:
			b.reply(reply{result: flow.Result{Message: r.message, Outcome: flow.Unknown, Err: errDown}}, r)
		}
	}
	b.requests = kept
}

func (b *mortal) reply(a reply, r request) {
	a.at = b.now.Add(b.delay())
	a.result.Sent, a.event.Sent = r.sent, r.sent
	b.replies = append(b.replies, a)
}

// deliver hands over the replies that have come.
func (b *mortal) deliver() {
	kept := b.replies[:0]
	for _, a := range b.replies {
		switch {
		case a.at.After(b.now):
			kept = append(kept, a)
		case a.result.Message != nil:
			a.result.Answered = b.now
			b.outcomes.Put(a.result)
		default:
			a.event.Answered = b.now
			b.sessions.Put(a.event)
		}
	}
	b.replies = kept
}

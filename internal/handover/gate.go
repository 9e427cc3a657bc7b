// Package handover is where a source's envelopes enter the runtime: they are
// routed, encoded, measured, admitted by the budget, given their slot in the
// source partition's order, stamped, and put into the pipes, all in the goroutine
// that hands over (design decision 14). So the exact size is known before the
// budget is taken, an invalid record is answered to its caller, and calls to Send
// encode in parallel.
package handover

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/letters"
)

// Encoder turns a record's payload into the bytes of a message. Its errors are of
// connect.ClassInvalid.
type Encoder interface {
	// Encode returns the payload as it goes on the wire. The result may share the
	// record's memory.
	Encode(connect.Record) ([]byte, error)
}

// Topic is a topic records can be handed over for.
type Topic struct {
	Producer connect.Producer
	// Index numbers the topics of a runtime from 0.
	Index   int32
	Encoder Encoder
	// Schema is the version Encoder encodes by; nil for none. Both may be changed
	// by Switch.
	Schema *flow.Schema
	// Measure returns the size of the message on the wire, in bytes, at its most.
	Measure func(*flow.Parcel) int
	Pipe    *flow.Pipe[flow.Parcel]
	// Invalid is the error policy of the topic's records.
	Invalid letters.Rule

	switched atomic.Pointer[form]
	out      []flow.Parcel // a call's parcels on their way into Pipe; under Gate.mu
}

// form is an encoder and the version it encodes by, which never part.
type form struct {
	encoder Encoder
	schema  *flow.Schema
}

// Switch encodes by another version from the next record on. What is encoded
// already keeps the version it was encoded by.
func (t *Topic) Switch(e Encoder, s *flow.Schema) { t.switched.Store(&form{e, s}) }

// form returns the encoder and the version of the next record.
func (t *Topic) form() (Encoder, *flow.Schema) {
	if f := t.switched.Load(); f != nil {
		return f.encoder, f.schema
	}
	return t.Encoder, t.Schema
}

// Settings of a Gate. All fields up to Commits are needed.
type Settings struct {
	Budget  *flow.Budget
	Tracker *flow.Pipe[flow.Notice]
	// MaxMessage is the most bytes a message may measure.
	MaxMessage int
	// BatchSize is the most records of one Poll result that are admitted together.
	BatchSize int
	// Commits says that somebody keeps the source's offsets. Without, an offset is
	// a mistake in the configuration.
	Commits bool
	// Transactional says that a call must not end in records that no commit waits
	// for. It may be left out.
	Transactional bool
	// Invalid is the error policy of records for no declared topic; the zero Rule
	// halts. Tolerance, if not nil, says how many are too many, and Diverted, if
	// not nil, is told of each record that is skipped or becomes a dead letter.
	Invalid   letters.Rule
	Tolerance *letters.Tolerance
	Diverted  func(letters.Policy, error)
	// Plain encodes the value of a record for its dead letter when the encoder of its
	// topic has not; without, such a letter is empty.
	Plain Encoder
}

// Gate is the one way in. Its methods are safe for concurrent use.
type Gate struct {
	settings Settings
	topics   atomic.Pointer[map[string]*Topic] // copied on write: every record reads it

	mu    sync.Mutex // never held across a wait
	epoch *epoch
}

// epoch is what is forgotten when a new life of the source begins.
type epoch struct {
	number  uint64
	quit    chan struct{} // closed when the gate is shut
	shut    bool
	sources map[string]*source
	next    int32
	revoked map[string]*source // the last life of source partitions that have none
	over    map[int32]bool     // every life that was revoked
}

// New returns a gate that is shut; Begin opens it.
func New(s Settings) *Gate {
	g := &Gate{settings: s}
	g.topics.Store(&map[string]*Topic{})
	g.epoch = &epoch{shut: true, quit: make(chan struct{})}
	close(g.epoch.quit)
	return g
}

// Begin opens the gate for a new epoch, in which source partitions start anew.
func (g *Gate) Begin(number uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch.end()
	g.epoch = &epoch{number: number, quit: make(chan struct{}), sources: map[string]*source{}, revoked: map[string]*source{}, over: map[int32]bool{}}
	g.settings.Budget.Begin(number)
	g.settings.Tracker.Put(flow.Notice{Kind: flow.Begun, Epoch: number})
}

// Shut ends intake: calls that wait for room and all later ones return
// connect.ErrStopped, having handed over nothing. It may be called twice.
func (g *Gate) Shut() { g.Running().Shut() }

// Declare adds a topic; a topic of that name declared before is replaced.
func (g *Gate) Declare(t *Topic) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := maps.Clone(*g.topics.Load())
	all[t.Producer.Topic] = t
	g.topics.Store(&all)
	g.settings.Budget.Declare(t.Index)
}

// Revoke forgets source partitions of the running epoch. What a call that waits for
// room has for them is still delivered, and holds no commit back.
func (g *Gate) Revoke(names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range names {
		if s, ok := g.epoch.sources[name]; ok {
			delete(g.epoch.sources, name)
			g.epoch.revoked[name], s.revoked = s, true
			g.epoch.over[s.id] = true
			g.settings.Budget.Revoke(g.epoch.number, s.id)
			g.settings.Tracker.Put(flow.Notice{Kind: flow.Revoked, Epoch: g.epoch.number, Source: s.id, Slot: s.handed()})
		}
	}
}

// Revoked reports whether a life of a source partition, in the running epoch, was
// revoked. The tracker hears of that in its own time; whoever is about to commit
// asks here, because the partition may belong to somebody else by now.
func (g *Gate) Revoked(number uint64, source int32) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return number == g.epoch.number && g.epoch.over[source]
}

// Alive reports whether a source partition has a life in the running epoch: records
// of it were handed over, and it was not revoked since.
func (g *Gate) Alive(number uint64, name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return number == g.epoch.number && g.epoch.sources[name] != nil
}

// Marks returns, for the named source partitions of the running epoch (all when
// none are named), how many slots were handed over, former lives of a revoked one
// included: what Flush waits for.
func (g *Gate) Marks(names ...string) map[string]uint64 { return g.Running().Marks(names...) }

// Hand admits all envelopes together or none: what one Send does. waiter, if not
// nil, gives the waiter of envelope i. Errors are of ClassInvalid (something is
// wrong with an envelope or with the size of the call), ClassConfig (an offset
// nobody keeps), connect.ErrStopped, or ctx's cause.
func (g *Gate) Hand(ctx context.Context, envelopes []connect.Envelope, waiter func(i int) flow.Waiter) error {
	return g.Running().Hand(ctx, envelopes, waiter)
}

func (g *Gate) hand(ctx context.Context, at *epoch, envelopes []connect.Envelope, waiter func(i int) flow.Waiter) error {
	b := newBatch()
	defer b.free()
	if waiter == nil {
		g.settings.Tolerance.Read(records(envelopes))
	}
	for i := range envelopes {
		if err := g.prepare(at, b, &envelopes[i], waiter != nil); err != nil {
			return &Rejected{at: i, err: err}
		}
		if waiter != nil {
			b.items[i].parcel.Waiter = waiter(i)
		}
	}
	err := g.admit(ctx, at, b, b.items)
	if err != nil && waiter == nil {
		g.untaken(at, b, envelopes)
	}
	return err
}

// records counts the envelopes that are more than marks.
func records(envelopes []connect.Envelope) (n int) {
	for i := range envelopes {
		if !envelopes[i].IsMark() {
			n++
		}
	}
	return n
}

// Rejected is the error of one envelope of a call to Hand.
type Rejected struct {
	at  int
	err error
}

// Error returns what is wrong with the envelope.
func (r *Rejected) Error() string { return r.err.Error() }

// Unwrap returns the cause.
func (r *Rejected) Unwrap() error { return r.err }

// Index returns which envelope of the call it was.
func (r *Rejected) Index() int { return r.at }

// HandAll admits the envelopes of one Poll result in groups of at most BatchSize
// records and a quarter of the byte budget that need not be shared, never splitting a
// position. An envelope that the error policy skips or makes a dead letter keeps its
// place among them. When one is wrong beyond that, everything before it is handed over
// first, but for positions that go on in it or behind it, and nothing after.
func (g *Gate) HandAll(ctx context.Context, envelopes []connect.Envelope) error {
	return g.Running().HandAll(ctx, envelopes)
}

func (g *Gate) handAll(ctx context.Context, at *epoch, envelopes []connect.Envelope) error {
	b := newBatch()
	defer b.free()
	var wrong error
	g.settings.Tolerance.Read(records(envelopes))
	for i := range envelopes {
		if wrong = g.prepare(at, b, &envelopes[i], false); wrong != nil {
			break
		}
	}
	whole := len(b.items)
	// What is not handed over takes part in the cutting, so that nothing that shares
	// a position with it is handed over either.
	for i := range envelopes[whole:] {
		b.items = append(b.items, item{offset: envelopes[whole+i].Offset})
	}
	from := 0
	for _, to := range g.cuts(b, whole) {
		if err := g.admit(ctx, at, b, b.items[from:to]); err != nil {
			return err
		}
		from = to
	}
	return wrong
}

// cuts parts the first whole items into groups that are admitted together.
func (g *Gate) cuts(b *batch, whole int) []int {
	l := g.settings.Budget.Fair()
	return b.cuts(whole, min(g.settings.BatchSize, l.Records), l.Bytes/4)
}

// admit waits for room and hands the items over.
func (g *Gate) admit(ctx context.Context, at *epoch, b *batch, items []item) error {
	if len(items) == 0 {
		return nil
	}
	if err := g.intern(at, b, items); err != nil {
		return err
	}
	err := g.settings.Budget.Admit(ctx, at.quit, connect.ErrStopped, at.number, &b.call)
	if errors.Is(err, flow.ErrTooLarge) {
		l := g.settings.Budget.Limits()
		return connect.Invalid(fmt.Errorf("%d records of %d bytes handed over as one: %w of %d records and %d bytes; hand over less at once, or raise what bounds it: [delivery] window_records or budget_bytes, the shared Budget, or the source's MaxUnacked",
			b.call.Records, b.call.Bytes, err, l.Records, l.Bytes))
	}
	if err != nil {
		return err
	}
	if err := g.commit(at, b, items); err != nil {
		g.settings.Budget.Undo(&b.call, at.number)
		return err
	}
	return nil
}

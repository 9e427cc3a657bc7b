// Package publisher sends the records of one topic: it sorts them into lanes,
// starts a send on every idle lane that has a record, and tries again for as long
// as the outcome can still change. One goroutine runs two pure cores, lanes and
// session, per topic partition.
package publisher

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

// Transport makes attempts to send and keeps sessions for one topic. It never
// blocks, never retries a message and never changes session by itself.
type Transport interface {
	// Start begins one attempt of one message in the session it names. Its outcome
	// comes through Results exactly once, also across a restart of the publisher.
	// At most lanes × partitions attempts are under way.
	Start(*flow.Message)
	// Results is where outcomes arrive.
	Results() *flow.Pipe[flow.Result]
	// Open asks for a session of a topic partition, with patience. It is answered
	// by Opened or Failed; asking again meanwhile changes nothing.
	Open(partition int)
	// Adopt lets sends that name session through from now on.
	Adopt(partition int, session uint64)
	// Probe asks for one health check of the adopted session: Alive, Closed or
	// Quiet follows.
	Probe(partition int)
	// Events is where news of sessions arrives.
	Events() *flow.Pipe[flow.SessionEvent]
}

// Settings of an Actor. Topic, Index, Parcels, Transport, Tracker, Budget and Stop
// are needed.
type Settings struct {
	Topic string
	// Index numbers the topic for the budget.
	Index int32
	// Partitions as in connect.Producer.
	Partitions int
	Ordering   Ordering
	// Lanes is the most requests in flight per topic partition; 0 means 128.
	Lanes     int
	Parcels   *flow.Pipe[flow.Parcel]
	Transport Transport
	Tracker   *flow.Pipe[flow.Notice]
	Budget    *flow.Budget
	// Stop ends when no more parcels will come: Serve then returns nil as soon as
	// everything is resolved.
	Stop context.Context
	// Settle says how acknowledgements are settled; nil means that an OK is final.
	Settle *Settle
	// MaxRetries is how many outcomes that blame a record are tried again; 0 means
	// none. None blames it unless others pass.
	MaxRetries int
	// Invalid says what becomes of a record that can never be published.
	Invalid Invalid
	// Await, if not nil, is closed when the first session may be asked for. Until
	// then parcels wait.
	Await <-chan struct{}
	// Backoff and MaxBackoff pace retries; 0 means 1 s and 30 s.
	Backoff, MaxBackoff time.Duration
	// Pause says how long to wait after so many failures in a row; nil means
	// exponentially longer, from Backoff to MaxBackoff, with jitter.
	Pause func(failures int) time.Duration
	// Logger is told of sessions lost and found; nil logs nothing.
	Logger *slog.Logger
	// Report is told when a topic partition changes its state. May be nil.
	Report func(partition int, s State, cause error)
}

// Actor publishes one topic. Its state outlives Serve: a new Serve goes on where
// the last one was cut, and awaits what is in flight instead of sending it again
// (design law 3).
type Actor struct {
	settings   Settings
	partitions []*partition
	commands   *flow.Pipe[withdrawal]
	stats      Stats
	next       int // round robin of keyless records

	// What has been taken from the pipes and not yet dealt with.
	parcels flow.Held[flow.Parcel]
	results flow.Held[flow.Result]
	events  flow.Held[flow.SessionEvent]
	asked   []withdrawal

	withdrawn uint64 // records of epochs up to this one are not sent any more
	notices   []flow.Notice
	epoch     uint64   // the newest a parcel came from
	done      [4]tally // published, withdrawn, dead-lettered, skipped: since the last flush
	kept      [2]tally // published, dead-lettered and retained: since the last flush
	freed     tally    // retained and settled, since the last flush
	fatal     fatalities
	spare     *flow.Message
	dirty     []*partition // may be able to start something
}

type partition struct {
	*lanes
	session session
	proof   proof
	probing bool   // a health check asked for by proof is under way
	dropped uint64 // records of epochs up to this one may be forgotten by the broker, and are read again
	index   int
	marked  bool // in dirty
	asked   bool // a session has been asked for
	told    State
	news    bool      // told is current
	passed  uint64    // records the broker has taken, and 1: a message that was never sent has 0
	owed    []debt    // whoever waits for the running session to be proven
	first   time.Time // the newest first OK to a retained record
}

type tally struct{ records, bytes int }

// New returns an actor ready to Serve.
func New(s Settings) *Actor {
	if s.Lanes <= 0 {
		s.Lanes = 128
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Actor{settings: s, commands: flow.NewPipe[withdrawal]()}
	if s.Pause == nil {
		a.settings.Pause = a.pause
	}
	for i := range max(s.Partitions, 1) {
		p := &partition{lanes: newLanes(s.Ordering, s.Lanes), index: i, passed: 1}
		p.session.pause = a.settings.Pause
		if s.Settle != nil {
			p.proof.flush, p.proof.margin = s.Settle.Flush, s.Settle.Margin
		}
		a.partitions = append(a.partitions, p)
	}
	return a
}

// pause grows exponentially with the failures in a row, with jitter.
func (a *Actor) pause(tries int) time.Duration {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = orElse(a.settings.Backoff, time.Second)
	b.MaxInterval = orElse(a.settings.MaxBackoff, 30*time.Second)
	b.MaxElapsedTime = 0
	b.Reset()
	pause := b.NextBackOff()
	for range min(tries-1, 64) {
		pause = b.NextBackOff()
	}
	return pause
}

func orElse(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

// String names the actor.
func (a *Actor) String() string { return "publisher " + a.settings.Topic }

// Stats returns the actor's counters, which it goes on counting.
func (a *Actor) Stats() *Stats { return &a.stats }

// Serve publishes until ctx ends, or until everything is resolved after Stop, when
// it returns nil. It returns an error of ClassFatal or ClassConfig once for the first
// record that cannot be delivered and for each session that cannot be opened, and at
// the end one with the number of the records given up later; a new Serve then
// carries on with the rest.
func (a *Actor) Serve(ctx context.Context) error {
	a.Restart()
	timer := time.NewTimer(0)
	defer timer.Stop()
	stop, await := a.settings.Stop.Done(), a.settings.Await
	for {
		wake, err := a.Step(time.Now())
		if err != nil {
			return err
		}
		if a.Finished() {
			return a.fatal.last(a.settings.Topic)
		}
		if !wake.IsZero() {
			timer.Reset(time.Until(wake))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			stop = nil
		case <-await:
			await = nil
			for _, p := range a.partitions {
				a.touch(p)
			}
		case <-timer.C:
		case <-a.commands.Wake():
		case <-a.settings.Parcels.Wake():
		case <-a.settings.Transport.Results().Wake():
		case <-a.settings.Transport.Events().Wake():
		}
	}
}

// Restart is what Serve begins with. With Step and Finished it is all that Serve
// does beside waiting: a simulation calls them instead, on a clock of its own.
func (a *Actor) Restart() {
	a.dirty = a.dirty[:0]
	for _, p := range a.partitions {
		p.news = false // whoever keeps the board knows of a new start only
		p.marked = false
		a.touch(p)
	}
}

// Step deals with everything that has come by now, and returns when it wants to be
// called again if nothing comes before; the zero time when nothing waits for a time.
// An error is one that Serve returns.
func (a *Actor) Step(now time.Time) (wake time.Time, err error) {
	wake = a.step(now)
	return wake, a.fatal.take()
}

// Finished reports, after a Step, whether nothing is left to be done: no parcels
// will come, and all is resolved and proven as far as it can be.
func (a *Actor) Finished() bool {
	return a.settings.Stop.Err() != nil && a.dry() && a.proven()
}

// step deals with everything that has come, starts what can be started, and
// returns when it wants to be called again; the zero time when nothing waits for a
// time.
func (a *Actor) step(now time.Time) time.Time {
	for e := range a.events.All(a.settings.Transport.Events()) {
		a.news(e, now)
	}
	a.settle(now)
	a.obey()
	a.queue()
	wake := a.start(now)
	a.flush()
	a.answer()
	return wake
}

// dry reports whether everything handed over is resolved, or given up.
func (a *Actor) dry() bool {
	if a.parcels.Len() > 0 || a.settings.Parcels.Len() > 0 {
		return false
	}
	for _, p := range a.partitions {
		if !p.dry() && (p.session.state != Failed || p.flying > 0) {
			return false
		}
	}
	return true
}

// proven reports whether all that was acknowledged is settled, as far as it can be:
// a session in doubt is proven by a send alone, and none is to come once all is dry.
func (a *Actor) proven() bool {
	for _, p := range a.partitions {
		if p.proof.needed() && p.proof.dirty() && !p.proof.inDoubt() && p.session.state != Failed {
			return false
		}
	}
	return true
}

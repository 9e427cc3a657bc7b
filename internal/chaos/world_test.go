package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/connecttest"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/offset"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// patience is how long a run may take to come to an end once nothing is wrong any
// more.
const patience = 20 * time.Minute

// killTime is how long a killed runtime may take to return: suture waits for actors,
// and grpc-go says goodbye on connections through which nothing comes.
const killTime = 9 * time.Second

// world is one run of a plan.
type world struct {
	plan    *plan
	log     *slog.Logger
	network *network
	broker  *devbroker.Broker
	ledger  *ledger
	system  *system
	cfg     config.Connector
	store   string // path of the offset store

	life      *life
	expect    atomic.Bool // a record stops the runtime
	heals     []func()    // of the disk
	last      supervisor.Totals
	since     time.Time // when last has changed
	lives     int
	ahead     int    // how far the store was ahead of the source when it began again
	published uint64 // by the counters of lives that are over
	lettered  uint64
	skipped   uint64
	halts     int
	deadly    *devbroker.Scene // messages a handler dies of
	forgotten int
	messages  int // what the brokers hold in the end

	connecttest.Verdict
}

// life is one runtime, from start to end.
type life struct {
	*supervisor.Runtime
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// run plays a plan in a bubble and returns what was wrong.
func run(t *testing.T, p *plan, log *slog.Logger) *world {
	w := &world{plan: p, log: log, network: newNetwork(), ledger: newLedger(p)}
	settings := devbroker.Settings{Network: w.network.Network, Flush: p.flush, Logger: log}
	for i := range p.brokers {
		settings.Listen = append(settings.Listen, fmt.Sprintf("broker%d:6650", i))
	}
	var err error
	if w.broker, err = devbroker.Start(settings); err != nil {
		t.Fatal(err)
	}
	defer w.broker.Close()
	text := fmt.Sprintf("danube_service_url = %q\nconnector_name = \"chaos\"\n%s", w.broker.URL(), p.config)
	if p.store {
		w.store = filepath.Join(t.TempDir(), "offsets.db")
		text = fmt.Sprintf(text, w.store)
	}
	if w.cfg, err = config.Parse[config.Connector]("chaos.toml", []byte(text), nil); err != nil {
		t.Fatal(err)
	}
	w.cfg.Danube.Seeds = w.broker.URLs()[1:]
	w.system = newSystem(w)
	w.refuses(false)
	w.play()
	return w
}

// play lets the faults come, heals everything, waits for the end, and judges.
func (w *world) play() {
	w.start()
	began := time.Now()
	for _, s := range w.steps() {
		pass(time.Until(began.Add(s.at)))
		w.alive()
		w.reconcile()
		w.log.Info("chaos: " + s.says)
		s.do(w)
	}
	w.heal()
	w.drain()
	w.stop()
	w.verdict()
}

type step struct {
	at   time.Duration
	says string
	do   func(*world)
}

// steps are the beginnings and the ends of all faults.
func (w *world) steps() (all []step) {
	for _, e := range w.plan.events {
		all = append(all, step{e.at, e.says, e.begin})
		if e.length > 0 {
			all = append(all, step{e.at + e.length, e.says + ": over", e.end})
		}
	}
	sortSteps(all)
	return all
}

func (w *world) start() {
	w.lives++
	w.ledger.Boot()
	ctx, cancel := context.WithCancel(context.Background())
	opts := supervisor.Options{Dial: w.network.Dial, Logger: w.log}
	l := &life{Runtime: supervisor.New(w.system.open(), w.cfg, opts), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.err = l.Run(ctx)
	}()
	w.life = l
}

// end waits for a runtime to end and keeps what it has counted.
func (w *world) end(limit time.Duration) error {
	cut := time.AfterFunc(limit, func() {
		w.ledger.problem("I9", "the runtime has not ended within %v", limit)
		w.life.Kill()
	})
	<-w.life.ended
	cut.Stop()
	w.life.cancel()
	w.reconcile()
	c := w.life.Totals()
	w.published, w.lettered, w.skipped = w.published+c.Published, w.lettered+c.DeadLettered, w.skipped+c.Skipped
	return w.life.err
}

// alive starts a runtime again that a record has stopped, as an operator would.
func (w *world) alive() {
	select {
	case <-w.life.ended:
	default:
		return
	}
	err := w.end(time.Second)
	if expected := w.expect.Swap(false); !errors.Is(err, connect.ClassInvalid) || !w.pardon(err) && !expected {
		w.ledger.problem("I8", "the runtime has ended by itself: %v", err)
	}
	w.unjam()
	w.start()
}

// restart ends the process, the one way or the other, and starts it again.
func (w *world) restart(kill bool, rest time.Duration) {
	w.unjam() // the descriptor goes with the process
	w.life.cancel()
	limit := w.plan.drainTime + 5*time.Second
	if kill {
		w.life.Kill()
		limit = killTime
	}
	_ = w.end(limit) // with faults about, it may well say what it has not drained
	w.expect.Store(false)
	pass(max(rest, time.Millisecond)) // no process begins in the microsecond another ended in
	w.start()
}

// reconcile checks law 12, at whatever instant this is.
func (w *world) reconcile() {
	c := w.life.Totals()
	if most := w.plan.window * w.plan.sources; int(c.InFlight) > most {
		w.ledger.problem("I7", "%d records are in flight, at most %d", c.InFlight, most)
	}
	if w.plan.class != ownStore { // whose commits are not seen as they come
		w.ledger.Reconcile(c)
		return
	}
	if sum := c.Published + c.DeadLettered + c.Skipped + c.Parked + c.Withdrawn + c.InFlight; c.Read != sum {
		w.ledger.problem("I12", "counters do not reconcile: %+v", c)
	}
}

func (w *world) must(err error) {
	if err != nil {
		panic(err) // the plan makes no sense
	}
}

func (w *world) forgot(by map[string]int) {
	for _, n := range by {
		w.forgotten += n
	}
}

// jam lets the disk fail. Failures do not add up.
func (w *world) jam(d diskFault) {
	w.unjam()
	heal, err := d.breaks(w.store)
	w.must(err)
	w.heals = append(w.heals, heal)
}

func (w *world) unjam() {
	for _, heal := range w.heals {
		heal()
	}
	w.heals = nil
}

// pause pauses the runtime, and does not wait until all is committed.
func (w *world) pause() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = w.life.Pause(ctx) // says that its time was up, or that the runtime has ended
}

func (w *world) resume() { _ = w.life.Resume() } // says that the runtime has ended

// heal ends whatever is still wrong.
func (w *world) heal() {
	w.resume()
	w.unjam()
	w.network.swallow(false)
	w.network.slow(0)
	w.broker.Lift()
	w.refuses(true)
	for i := range w.plan.brokers {
		w.must(w.broker.Revive(i))
		w.must(w.broker.Refuse(i, false))
	}
	s := w.system
	for _, n := range []*atomic.Int64{
		&s.pollFails, &s.pollPanics, &s.initFails, &s.initPanics, &s.commitFails, &s.commitPanics, &s.downFails, &s.backward, &s.bad,
	} {
		n.Store(0)
	}
	for _, b := range []*atomic.Bool{&s.sick, &s.slowPoll, &s.slowCommit} {
		b.Store(false)
	}
	s.hear()
	w.log.Info("chaos: everything is well")
}

// drain waits until everything there is has been said to be safe, and the state
// says that all is well.
func (w *world) drain() {
	done := w.ledger.complete
	switch w.plan.class {
	case ownStore:
		done = w.quiet // what is stored is seen once the store is closed
	case oneWay: // which is told as soon as it hands over
		done = func() bool { return w.ledger.complete() && w.life.Totals().InFlight == 0 }
	}
	w.until("all records are safe, and the state is ready", func() bool { return w.page("/readyz") == http.StatusOK && done() })
}

// quiet reports whether the source is at its end and nothing has moved for a while.
func (w *world) quiet() bool {
	now := w.life.Totals()
	if now != w.last || !w.system.exhausted() || now.InFlight > 0 {
		w.last, w.since = now, time.Now()
	}
	return time.Since(w.since) > 30*time.Second
}

func (w *world) until(what string, done func() bool) {
	limit := time.Now().Add(patience + w.plan.horizon())
	for !done() {
		if time.Now().After(limit) {
			w.ledger.problem("I8", "%v after the last fault, it is not so that %s: %s\n%s", patience, what, w.ledger.state(), w.text("/readyz"))
			return
		}
		w.alive()
		pass(250 * time.Millisecond)
	}
}

func (w *world) page(path string) int { return w.get(path).Code }

func (w *world) text(path string) string { return strings.TrimSpace(w.get(path).Body.String()) }

func (w *world) get(path string) *httptest.ResponseRecorder {
	r := httptest.NewRecorder()
	w.life.Handler().ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
	return r
}

// stop ends the run in order, which nothing is in the way of any more.
func (w *world) stop() {
	w.life.cancel()
	if err := w.end(w.plan.drainTime + 5*time.Second); err != nil {
		w.ledger.problem("I9", "a stop with nothing wrong: %v", err)
	}
	if c := w.life.Totals(); c.InFlight != 0 {
		w.ledger.problem("I9", "a clean stop leaves %d records in flight", c.InFlight)
	}
	if w.plan.class != ownStore {
		return
	}
	shot, err := offset.Inspect(w.store)
	if err != nil {
		w.ledger.problem("I13", "the offset store: %v", err)
		return
	}
	var all []connect.Offset
	for _, p := range shot.Positions {
		all = append(all, p.Offset)
	}
	w.system.resumed(all)
	if !w.ledger.complete() {
		w.ledger.problem("I6", "a clean stop has not stored everything: %s", w.ledger.state())
	}
}

// verdict is the ledger's.
func (w *world) verdict() {
	for range held(w.broker) {
		w.messages++
	}
	var accepted, letters uint64
	for _, t := range w.broker.Topics() {
		if isBox(t.Name) {
			letters += t.Accepted
		} else {
			accepted += t.Accepted
		}
	}
	if w.published > accepted {
		w.ledger.problem("I12", "%d records are counted as published, and the brokers took %d", w.published, accepted)
	}
	w.ledger.Forgotten(w.forgotten)
	w.Verdict = w.ledger.judge(held(w.broker))
	w.counts(letters)
	if most := w.bound(); w.Duplicates > most {
		w.Violations = append(w.Violations, violation("I6", "%d duplicates, at most %d", w.Duplicates, most))
	}
}

func violation(invariant, format string, args ...any) connecttest.Violation {
	return connecttest.Violation{Invariant: invariant, Text: fmt.Sprintf(format, args...)}
}

// bound is the most duplicates the faults account for: what may be in flight when
// an answer is lost; and what is read ahead of the commit when the source goes back.
func (w *world) bound() (most int) {
	p := w.plan
	all := p.records * p.sources
	ahead := p.window*p.sources + int((p.lag()+time.Second)/p.every+1)*p.batch
	most = min(ahead, all) * w.halts
	for _, e := range p.events {
		switch {
		case e.fault.rewinds:
			most += min(ahead, all) * (1 + int(e.length/(5*time.Second)))
		default:
			most += min(p.window*p.sources, all) * (1 + int(e.length/(2*time.Second)))
		}
	}
	return most
}

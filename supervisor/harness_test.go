package supervisor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// realBroker names a real broker to judge by instead of the development broker.
var realBroker = os.Getenv("DANUBE_SERVICE_URL")

// stand is a broker and all a test needs to run connectors against it. The
// verdict comes from what the broker's log holds, or a consumer received, never
// from the runtime's own counters.
type stand struct {
	t       *testing.T
	broker  *devbroker.Broker // nil when a real one is used
	network *devbroker.Network
	url     string
	topics  []string
	read    map[string]func() []delivered // of a real broker, by topic
}

// delivered is one message as the broker has it.
type delivered struct {
	partition string
	n         int
	key       string
	// schema and version are what the message says it was encoded by.
	schema  uint64
	version uint32
}

var serial atomic.Int64

// faulty runs a test of scripted faults on the real stack in fake time.
func faulty(t *testing.T, settings devbroker.Settings, f func(*stand)) {
	t.Helper()
	if realBroker != "" {
		t.Skipf("%s scripts faults, which a real broker does not take", t.Name())
	}
	synctest.Test(t, func(t *testing.T) { f(develop(t, settings)) })
}

// plain runs a test that needs nothing of a broker but the protocol: in fake time
// against the development broker, or against a real one.
func plain(t *testing.T, f func(*stand)) {
	t.Helper()
	if realBroker == "" {
		faulty(t, devbroker.Settings{}, f)
		return
	}
	s := &stand{t: t, url: realBroker, read: map[string]func() []delivered{}}
	f(s)
}

func develop(t *testing.T, settings devbroker.Settings) *stand {
	t.Helper()
	network := devbroker.NewNetwork()
	settings.Network = network
	if settings.Listen == nil {
		settings.Listen = []string{"broker:6650"}
	}
	b, err := devbroker.Start(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return &stand{t: t, broker: b, network: network, url: b.URL()}
}

// topic returns a name no other test uses. On a real broker it is created and
// subscribed to, since a new subscription begins at the latest message.
func (s *stand) topic() string {
	name := fmt.Sprintf("/default/connect-test-%d-%d", time.Now().UnixNano(), serial.Add(1))
	s.topics = append(s.topics, name)
	if s.broker == nil {
		s.subscribe(name)
	}
	return name
}

func (s *stand) subscribe(topic string) {
	client, err := danube.New(danube.Settings{URL: s.url})
	if err != nil {
		s.t.Fatal(err)
	}
	transport, err := client.Transport(danube.Topic{Producer: connect.Producer{Topic: topic, Reliable: true}, Connector: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	transport.Open(0)
	<-transport.Events().Wake()
	transport.Close()
	consumer, err := client.Subscribe(s.t.Context(), danube.Subscription{Topic: topic, Name: "ledger", Wait: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []delivered
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			m, err := consumer.Receive(ctx)
			if err != nil {
				return
			}
			mu.Lock()
			seen = append(seen, decode(s.t, m.Payload, m.Key).by(m.SchemaID, m.SchemaVersion))
			mu.Unlock()
			if consumer.Ack(ctx, m) != nil {
				return
			}
		}
	}()
	s.t.Cleanup(func() { cancel(); consumer.Close(); client.Close(); <-done })
	s.read[topic] = func() []delivered {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func decode(t *testing.T, payload []byte, key string) delivered {
	var p struct {
		P string `json:"p"`
		N int    `json:"n"`
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		t.Errorf("payload %q: %v", payload, err)
	}
	return delivered{partition: p.P, n: p.N, key: key}
}

func (d delivered) by(schema uint64, version uint32) delivered {
	d.schema, d.version = schema, version
	return d
}

// received returns what a topic holds, in order.
func (s *stand) received(topic string) []delivered {
	if s.broker == nil {
		return s.read[topic]()
	}
	var all []delivered
	for m := range s.broker.Log(topic) {
		all = append(all, decode(s.t, m.Payload, m.Key).by(m.SchemaID, m.SchemaVersion))
	}
	return all
}

// arrived counts what the topics of a source hold.
func (s *stand) arrived(l *ledger) (n int) {
	for _, topic := range l.topics {
		n += len(s.received(topic))
	}
	return n
}

// config returns a configuration for the stand, with more TOML appended.
func (s *stand) config(more string) config.Connector {
	s.t.Helper()
	text := fmt.Sprintf("danube_service_url = %q\nconnector_name = \"test\"\n", s.url)
	cfg, err := config.Parse[config.Connector]("test.toml", []byte(text+more), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return cfg
}

func (s *stand) options() supervisor.Options {
	o := supervisor.Options{Logger: logger(s.t)}
	if s.network != nil {
		o.Dial = s.network.Dial
	}
	return o
}

// logger writes to the test's log when it is verbose.
func logger(t *testing.T) *slog.Logger {
	var out io.Writer = io.Discard
	if testing.Verbose() {
		out = t.Output()
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// running is a runtime at work.
type running struct {
	*supervisor.Runtime
	t      *testing.T
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// pace makes a source wait for the consumer of a real broker: a fresh subscription
// there loses what is sent more than 256 messages ahead of its acknowledgements.
func (s *stand) pace(l *ledger) {
	if s.broker == nil {
		l.ahead = func(read int) int { return read - s.arrived(l) }
	}
}

// start runs a source.
func (s *stand) start(source connect.Source, cfg config.Connector) *running {
	return s.startWith(source, cfg, s.options())
}

// startWith is start with options of the test's own.
func (s *stand) startWith(source connect.Source, cfg config.Connector, o supervisor.Options) *running {
	r := s.prepare(source, cfg, o)
	r.serve()
	return r
}

// prepare makes a runtime that is not served yet.
func (s *stand) prepare(source connect.Source, cfg config.Connector, o supervisor.Options) *running {
	if l, ok := source.(*ledger); ok {
		s.pace(l)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &running{Runtime: supervisor.New(source, cfg, o), t: s.t, ctx: ctx, cancel: cancel, ended: make(chan struct{})}
}

// serve begins what was prepared.
func (r *running) serve() {
	go func() {
		defer close(r.ended)
		r.err = r.Serve(r.ctx)
	}()
	r.t.Cleanup(func() { r.cancel(); r.Kill(); <-r.ended })
}

// stop stops in order and returns what Run would have returned.
func (r *running) stop() error {
	r.cancel()
	return r.wait()
}

func (r *running) wait() error {
	<-r.ended
	if errors.Is(r.err, errDoNotRestart) && errors.Unwrap(r.err) == nil {
		return nil
	}
	return r.err
}

// pass lets so much of a bubble's time pass.
func (s *stand) pass(d time.Duration) {
	if s.broker == nil {
		s.t.Fatal("pass needs a bubble: use faulty")
	}
	time.Sleep(d)
}

// eventually waits until done holds: in fake time for as long as it takes, on a
// real broker for a minute.
func (s *stand) eventually(what string, limit time.Duration, done func() bool) {
	s.t.Helper()
	if s.broker == nil {
		limit = max(limit, time.Minute)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(limit)
	for !done() {
		if time.Now().After(deadline) {
			s.t.Fatalf("after %v: %s has not come about", limit, what)
		}
		<-tick.C
	}
}

// ledger is a polling source that can go back: it offers limit records in each of
// its partitions, and keeps what was committed.
type ledger struct {
	topics     []string
	partitions []string
	limit      int // records a partition
	batch      int // records a poll
	keys       int
	end        bool          // ErrEnd after the last record
	every      time.Duration // pause between polls that return something

	poll       func(n int) ([]connect.Envelope, error) // instead of the n-th poll, if it returns anything
	commitErr  func(n int) error
	initialize func(n int) error
	healthy    func() error
	ahead      func(read int) int // how far a slow consumer is behind; nil when there is none
	spoil      func(p string, n int, e connect.Envelope) connect.Envelope

	mu                           sync.Mutex
	at                           map[string]int // read so far
	committed                    map[string]uint64
	polls, commits, inits, downs int
	inside                       atomic.Int32 // calls that must not overlap
	faults                       []string
	offered                      int // records, also again
}

func newLedger(topics ...string) *ledger {
	return &ledger{
		topics: topics, partitions: []string{"p0", "p1", "p2"}, limit: 200, batch: 20, keys: 5,
		at: map[string]int{}, committed: map[string]uint64{},
	}
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// alone notes a call that must not overlap with another of its kind.
func (l *ledger) alone(name string) func() {
	if l.inside.Add(1) != 1 {
		l.fault("%s overlaps another call", name)
	}
	return func() { l.inside.Add(-1) }
}

func (l *ledger) Initialize(_ context.Context, e connect.Epoch) error {
	defer l.alone("Initialize")()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inits++
	if l.initialize != nil {
		if err := l.initialize(l.inits); err != nil {
			return err
		}
	}
	clear(l.at)
	for p, v := range l.committed {
		l.at[p] = int(v)
	}
	return nil
}

func (l *ledger) Producers() []connect.Producer {
	var all []connect.Producer
	for _, t := range l.topics {
		all = append(all, connect.Producer{Topic: t, Reliable: true})
	}
	return all
}

// Poll offers the next records of every partition in turn. Record n of a partition
// has the offset n, counted from 1, and a key that never changes.
func (l *ledger) Poll(ctx context.Context) ([]connect.Envelope, error) {
	l.mu.Lock()
	l.polls++
	n := l.polls
	l.mu.Unlock()
	if l.poll != nil {
		if envelopes, err := l.poll(n); envelopes != nil || err != nil {
			return envelopes, err
		}
	}
	envelopes := l.take()
	if len(envelopes) == 0 && l.end && l.exhausted() {
		return nil, connect.ErrEnd
	}
	if len(envelopes) > 0 && l.every > 0 {
		pause := time.NewTimer(l.every)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
	return envelopes, nil
}

func (l *ledger) exhausted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offered >= l.all()
}

func (l *ledger) take() []connect.Envelope {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ahead != nil && l.ahead(l.offered) > 100 {
		return nil
	}
	var all []connect.Envelope
	defer func() { l.offered += len(all) }()
	for range l.batch {
		for _, p := range l.partitions {
			if l.at[p] < l.limit {
				l.at[p]++
				all = append(all, l.record(p, l.at[p]))
			}
		}
	}
	return all
}

func (l *ledger) record(partition string, n int) connect.Envelope {
	key := fmt.Sprintf("%s-%d", partition, n%max(l.keys, 1))
	topic := l.topics[n%max(l.keys, 1)%len(l.topics)] // a key stays on its topic
	e := connect.RawJSON(topic, fmt.Appendf(nil, `{"p":%q,"n":%d}`, partition, n)).
		WithKey(key).At(connect.Offset{Partition: partition, Value: uint64(n)})
	if l.spoil != nil {
		return l.spoil(partition, n, e)
	}
	return e
}

func (l *ledger) Commit(_ context.Context, offsets []connect.Offset) error {
	defer l.alone("Commit")()
	l.mu.Lock()
	l.commits++
	n := l.commits
	l.mu.Unlock()
	if l.commitErr != nil {
		if err := l.commitErr(n); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range offsets {
		if o.Value < l.committed[o.Partition] {
			l.faults = append(l.faults, fmt.Sprintf("commit of %s goes back from %d", o, l.committed[o.Partition]))
		}
		l.committed[o.Partition] = o.Value
	}
	return nil
}

func (l *ledger) Shutdown(context.Context) error {
	defer l.alone("Shutdown")()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.downs++
	return nil
}

func (l *ledger) HealthCheck(context.Context) error {
	if l.healthy != nil {
		return l.healthy()
	}
	return nil
}

// state returns what is committed, and how many records that is.
func (l *ledger) state() (map[string]uint64, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0
	for _, v := range l.committed {
		sum += int(v)
	}
	return maps.Clone(l.committed), sum
}

func (l *ledger) all() int { return l.limit * len(l.partitions) }

// judge holds the broker's ledger against the source's: everything committed has
// arrived (no loss, no early commit), every key is in order but for replays of a
// suffix, and the source saw no broken promise. It returns how many messages are
// duplicates.
func (s *stand) judge(l *ledger) (duplicates int) {
	s.t.Helper()
	for _, f := range l.faults {
		s.t.Errorf("source: %s", f)
	}
	committed, _ := l.state()
	seen := map[string]map[int]int{}
	newest := map[string]int{}
	for _, topic := range l.topics {
		for _, d := range s.received(topic) {
			if seen[d.partition] == nil {
				seen[d.partition] = map[int]int{}
			}
			seen[d.partition][d.n]++
			last := newest[d.key]
			if d.n > last && last > 0 && d.n != last+l.keys {
				s.t.Errorf("%s: key %s: %d comes after %d; %d is missing or late", topic, d.key, d.n, last, last+l.keys)
			}
			newest[d.key] = d.n // going back is a replay, which must then go on without a gap
		}
	}
	for p, upTo := range committed {
		for n := 1; n <= int(upTo); n++ {
			if seen[p][n] == 0 {
				s.t.Errorf("%s: %d is committed (up to %d) and was never published", p, n, upTo)
			}
		}
	}
	for _, times := range seen {
		for _, n := range times {
			duplicates += n - 1
		}
	}
	return duplicates
}

// complete waits until everything is committed, stops, and judges.
func (s *stand) complete(r *running, l *ledger, limit time.Duration) (duplicates int) {
	s.t.Helper()
	s.eventually("everything committed", limit, func() bool {
		_, n := l.state()
		return n == l.all()
	})
	if err := r.stop(); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	s.reconcile(r)
	if s.broker == nil {
		s.eventually("everything received", time.Minute, func() bool { return s.arrived(l) >= l.all() })
	}
	return s.judge(l)
}

// reconcile checks law 12.
func (s *stand) reconcile(r *running) {
	s.t.Helper()
	c := r.Totals()
	if sum := c.Published + c.DeadLettered + c.Skipped + c.Parked + c.Withdrawn + c.InFlight; c.Read != sum {
		s.t.Errorf("counters do not reconcile: %+v", c)
	}
}

// refusing is a listener address nobody serves.
func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

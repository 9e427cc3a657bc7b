package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// declared is a ledger that says what it can do.
type declared struct {
	*ledger
	contract connect.Contract
}

func (d *declared) Contract() connect.Contract { return d.contract }

// placeless is a source without Commit that says what it can do.
type placeless struct {
	*stream
	contract func() connect.Contract
}

func (p *placeless) Contract() connect.Contract { return p.contract() }

// refusals are contracts and configurations that do not go together, with what the
// error says; with an empty text, they do.
var refusals = []struct {
	name     string
	commits  bool
	contract connect.Contract
	toml     string
	says     []string
}{
	{"nothing declared", false, connect.Contract{}, "", nil},
	{"everything that goes together", true, connect.Contract{Replayable: true, PrunesOnAck: true, AckGatesProgress: true, OrderedBy: connect.OrderByPartition, Transactional: true, MaxUnacked: 100}, "", nil},
	{"replayable by a store", false, connect.Contract{Replayable: true}, "[offsets]\npath = \"PATH\"\n", nil},
	{"replayable by nobody", false, connect.Contract{Replayable: true}, "", []string{"Replayable", "[offsets] path", "connect.Committer"}},
	{"a store for what cannot go back", true, connect.Contract{}, "[offsets]\npath = \"PATH\"\n", []string{"[offsets] path", "leave it out"}},
	{"prunes without Commit", false, connect.Contract{PrunesOnAck: true}, "", []string{"PrunesOnAck", "connect.Committer"}},
	{"prunes what is acknowledged only", true, connect.Contract{Replayable: true, PrunesOnAck: true}, "[delivery]\ncommit_after = \"acknowledged\"\n", []string{"[delivery] commit_after", "settled", "flush_interval"}},
	{"prunes where an OK is final", true, connect.Contract{Replayable: true, PrunesOnAck: true}, "[delivery]\ncommit_after = \"acknowledged\"\nflush_interval = \"0s\"\n", nil},
	{"retains what is acknowledged only", true, connect.Contract{Replayable: true}, "[delivery]\ncommit_after = \"acknowledged\"\n", nil},
	{"prunes and cannot offer again", true, connect.Contract{PrunesOnAck: true}, "", []string{"PrunesOnAck and not Replayable"}},
	{"gated without Commit", false, connect.Contract{AckGatesProgress: true}, "", []string{"AckGatesProgress", "connect.Committer"}},
	{"transactions that are not resumed", true, connect.Contract{Transactional: true}, "", []string{"Transactional", "Replayable"}},
	{"an order nobody knows", true, connect.Contract{Replayable: true, OrderedBy: 7}, "", []string{"OrderedBy", "connect.OrderByKey"}},
	{"less than no record", true, connect.Contract{Replayable: true, MaxUnacked: -1}, "", []string{"MaxUnacked"}},
	{"a batch that cannot be", true, connect.Contract{Replayable: true, MaxUnacked: 100}, "[processing]\nbatch_size = 101\n", []string{"[processing] batch_size = 101", "at most 100"}},
	{"a batch that just fits", true, connect.Contract{Replayable: true, MaxUnacked: 100}, "[processing]\nbatch_size = 100\n", nil},
	{"a count that never comes", true, connect.Contract{Replayable: true, MaxUnacked: 100}, "[commit]\nevery = 200\n", []string{"[commit] every = 200", "at most 100", "interval"}},
	{"order by key lost", true, connect.Contract{Replayable: true, OrderedBy: connect.OrderByKey}, "[delivery]\nordering = \"none\"\n", []string{"TOPIC", `[delivery] ordering = "none"`, `"key"`}},
	{"order by partition lost on one topic", true, connect.Contract{Replayable: true, OrderedBy: connect.OrderByPartition}, "[topics.\"TOPIC\"]\nordering = \"none\"\n", []string{`[topics."TOPIC"] ordering = "none"`, `"partition"`}},
	{"order kept on the topic that matters", true, connect.Contract{Replayable: true, OrderedBy: connect.OrderByKey}, "[delivery]\nordering = \"none\"\n[topics.\"TOPIC\"]\nordering = \"key\"\n", nil},
	{"no order to be lost", true, connect.Contract{Replayable: true}, "[delivery]\nordering = \"none\"\n", nil},
}

func TestContractRefused(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				topic := s.topic()
				fill := strings.NewReplacer("PATH", filepath.ToSlash(filepath.Join(t.TempDir(), "offsets.db")), "TOPIC", topic)
				var source connect.Source = &declared{newLedger(topic), c.contract}
				if !c.commits {
					source = &placeless{tells(topic, func(ctx context.Context, _ connect.Sender) error { <-ctx.Done(); return nil }).bare(), func() connect.Contract { return c.contract }}
				}
				r := s.start(source, s.config(fill.Replace(c.toml)))
				if len(c.says) == 0 {
					s.eventually("a source that runs", time.Minute, func() bool {
						return r.says("/readyz", "source  running") || r.says("/readyz", "source") && r.says("/readyz", "200")
					})
					must(t, r.stop())
					return
				}
				err := r.wait()
				if connect.ClassOf(err) != connect.ClassConfig {
					t.Fatalf("Run = %v, want a config error", err)
				}
				for _, part := range c.says {
					if !contains(err, fill.Replace(part)) {
						t.Errorf("Run = %v, want it to say %q", err, part)
					}
				}
			})
		})
	}
}

func (s *teller) bare() *stream { return &s.stream }

func TestContractThatPanics(t *testing.T) {
	t.Parallel()
	s := &stand{t: t, url: "http://broker:6650"}
	source := &placeless{&stream{}, func() connect.Contract { panic("not connected") }}
	err := supervisor.Run(t.Context(), source, s.config(""), supervisor.Options{})
	if connect.ClassOf(err) != connect.ClassConfig || !contains(err, "not connected") {
		t.Errorf("Run = %v, want a config error with the panic", err)
	}
}

// Every mistake is told at once.
func TestContractToldWhole(t *testing.T) {
	t.Parallel()
	s := &stand{t: t, url: "http://broker:6650"}
	source := &placeless{&stream{}, func() connect.Contract {
		return connect.Contract{Replayable: true, AckGatesProgress: true, MaxUnacked: -1}
	}}
	err := supervisor.Run(t.Context(), source, s.config(""), supervisor.Options{Weight: 2})
	for _, part := range []string{"Replayable", "AckGatesProgress", "MaxUnacked", "Weight"} {
		if !contains(err, part) {
			t.Errorf("Run = %v, want it to say %q too", err, part)
		}
	}
}

// A source that says it cannot offer records again is drained before it is
// re-opened, Commit or not: everything is delivered once.
func TestContractDrains(t *testing.T) {
	for _, replayable := range []bool{false, true} {
		t.Run(fmt.Sprintf("replayable=%t", replayable), func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := newLedger(s.topic())
				l.partitions, l.batch, l.limit = []string{"p0"}, 20, 300
				source := &declared{l, connect.Contract{Replayable: replayable}}
				s.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: time.Second, Times: devbroker.Keep})
				broken := false
				l.poll = func(n int) ([]connect.Envelope, error) {
					if n == 8 && !broken {
						broken = true
						return nil, connect.Retryable(errors.New("connection lost"))
					}
					return nil, nil
				}
				cfg := s.config("[delivery]\ncommit_after = \"acknowledged\"\n")
				cfg.Retry.MaxRetries = 0
				r := s.start(source, cfg)
				s.eventually("a second epoch", 10*time.Minute, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.inits == 2 })
				withdrawn := r.Totals().Withdrawn
				if replayable == (withdrawn == 0) {
					t.Errorf("%d records were withdrawn at the re-open", withdrawn)
				}
				s.complete(r, l, time.Hour)
			})
		})
	}
}

// gated is a source whose system sends no more than five records ahead of what it
// was told, and forgets that when the source is re-opened: it then waits to be told
// from the start.
type gated struct {
	*ledger
	contract connect.Contract

	gate    sync.Mutex
	told    uint64 // in this epoch
	before  uint64 // in all of them
	repeats int
}

func (g *gated) Contract() connect.Contract { return g.contract }

func (g *gated) Initialize(ctx context.Context, e connect.Epoch) error {
	g.gate.Lock()
	defer g.gate.Unlock()
	g.told = 0
	return g.ledger.Initialize(ctx, e)
}

func (g *gated) Poll(ctx context.Context) ([]connect.Envelope, error) {
	if g.poll != nil {
		g.mu.Lock()
		g.polls++
		n := g.polls
		g.mu.Unlock()
		if _, err := g.poll(n); err != nil {
			return nil, err
		}
	}
	g.gate.Lock()
	defer g.gate.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.at["p0"]
	if at >= g.limit || uint64(at) >= g.told+5 {
		return nil, nil
	}
	g.at["p0"]++
	g.offered++
	return []connect.Envelope{g.record("p0", at+1)}, nil
}

func (g *gated) Commit(ctx context.Context, offsets []connect.Offset) error {
	g.gate.Lock()
	defer g.gate.Unlock()
	if offsets[0].Value == g.before {
		g.repeats++
	}
	g.told, g.before = offsets[0].Value, offsets[0].Value
	return g.ledger.Commit(ctx, offsets)
}

// A source whose progress waits for commits is told of them again after a re-open,
// or it would wait for ever; after a restart, of what the store holds.
func TestContractGivesCommitsAgain(t *testing.T) {
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprintf("store=%t", stored), func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				g := &gated{ledger: newLedger(s.topic()), contract: connect.Contract{Replayable: true, AckGatesProgress: true, MaxUnacked: 5}}
				g.partitions, g.limit, g.keys = []string{"p0"}, 60, 1
				bad := on(50, 110)
				g.poll = func(n int) ([]connect.Envelope, error) {
					if bad(n) {
						return nil, errors.New("connection lost")
					}
					return nil, nil
				}
				toml := "[delivery]\ncommit_after = \"acknowledged\"\n"
				if stored {
					toml += "[offsets]\npath = \"" + filepath.ToSlash(filepath.Join(t.TempDir(), "offsets.db")) + "\"\n"
				}
				cfg := s.config(toml)
				cfg.Retry.MaxRetries = 0
				r := s.start(g, cfg)
				if stored { // half-way, the process ends and another goes on
					s.eventually("half of it", 10*time.Minute, func() bool { _, n := g.state(); return n >= 30 })
					must(t, r.stop())
					r = s.start(g, cfg)
				}
				s.complete(r, g.ledger, 10*time.Minute)
				if g.inits < 3 || g.repeats < 2 {
					t.Errorf("initialized %d times, told again %d times; the test shows nothing", g.inits, g.repeats)
				}
			})
		})
	}
}

// What the external system hands out before it sees a commit is never exceeded.
func TestContractBoundsTheUnacked(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic(), s.topic())
		l.partitions, l.batch, l.limit = []string{"p0"}, 3, 200
		most := 0
		r := s.start(&declared{l, connect.Contract{Replayable: true, MaxUnacked: 20}}, s.config(""))
		s.eventually("everything committed", time.Hour, func() bool {
			read := int(r.Totals().Read) // first, or a commit in between would look like too many
			_, n := l.state()
			most = max(most, read-n)
			return n == l.all()
		})
		if most > 20 || most < 15 {
			t.Errorf("up to %d records were taken and not committed; want close to 20 and no more", most)
		}
		must(t, r.stop())
		s.judge(l)
	})
}

// A transaction too big for one call: its records carry the offset of the one
// before, so a commit covers it whole or not at all, also when the source is
// re-opened in the middle. A record no commit would wait for is refused.
func TestContractTransactions(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		topic := s.topic()
		row := func(n int, edge uint64) connect.Envelope {
			return connect.RawJSON(topic, fmt.Appendf(nil, `{"p":"a","n":%d}`, n)).At(connect.Offset{Partition: "a", Value: edge})
		}
		var commits []uint64
		source := &transactions{teller: tells(topic, nil)}
		source.commit = func(o []connect.Offset) error { commits = append(commits, o[0].Value); return nil }
		source.stream.stream = func(ctx context.Context, out connect.Sender) error {
			from := source.upTo()
			for edge := from; edge < 6; edge++ { // a transaction ends at edge+1 and has three rows, two calls
				if err := out.Send(ctx, row(int(edge)*3+1, edge), row(int(edge)*3+2, edge)); err != nil {
					return err
				}
				if source.inits == 1 && edge == 3 {
					pause(ctx, 5*time.Second)
					return errors.New("connection lost in the middle")
				}
				if err := out.Send(ctx, row(int(edge)*3+3, edge+1)); err != nil {
					return err
				}
			}
			pause(ctx, 5*time.Second)
			return out.Send(ctx, row(19, 6), connect.RawJSON(topic, []byte(`{"p":"a","n":20}`)).Envelope())
		}
		err := s.start(source, s.config("[delivery]\ncommit_after = \"acknowledged\"\n")).wait()
		if connect.ClassOf(err) != connect.ClassConfig || !contains(err, "Transactional") || !contains(err, "last 1 records") {
			t.Errorf("Run = %v, want a config error about the record without an offset", err)
		}
		seen := map[int]int{}
		for _, d := range s.received(topic) {
			seen[d.n]++
		}
		if len(seen) != 18 || seen[10] != 2 || seen[11] != 2 || seen[9] != 1 {
			t.Errorf("received %v; want 18 rows, those of the transaction that broke off twice", seen)
		}
		if source.upTo() != 6 {
			t.Errorf("committed %v, want 6 in the end", commits)
		}
	})
}

type transactions struct{ *teller }

func (*transactions) Contract() connect.Contract {
	return connect.Contract{Replayable: true, Transactional: true}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A source that prunes what is committed loses nothing when the broker crashes.
func TestContractPrunes(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := newLedger(s.topic())
		l.limit, l.every = 3000, 20*time.Millisecond
		r := s.start(&declared{l, connect.Contract{Replayable: true, PrunesOnAck: true}}, s.config(""))
		if crashes(s, r, 2, 3*time.Second) == 0 {
			t.Fatal("the crashes forgot nothing; the test shows nothing")
		}
		s.complete(r, l, time.Hour)
	})
}

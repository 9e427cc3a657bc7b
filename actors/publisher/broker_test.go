package publisher_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/publisher"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

var (
	plain       = connect.Producer{Topic: "/default/plain", Reliable: true}
	other       = connect.Producer{Topic: "/default/other", Reliable: true}
	partitioned = connect.Producer{Topic: "/default/parts", Partitions: 3, Reliable: true}
)

func TestEverythingArrivesOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]publisher.Settings{
		"by key":       {Lanes: 8},
		"by partition": {Ordering: publisher.ByPartition},
		"one lane":     {Lanes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p *plant
			inPlant(t, devbroker.Settings{}, s, []connect.Producer{partitioned}, func(made *plant) {
				p = made
				p.send(partitioned.Topic, 17, 0, 1000)
				time.Sleep(time.Minute)
				if copies := p.ledger(partitioned, 1000); copies != 0 {
					t.Errorf("%d copies without any fault", copies)
				}
			})
			p.settled(partitioned.Topic, 1000)
		})
	}
}

// faults are what a broker does to a publisher; each is undone by itself.
var faults = []struct {
	name string
	do   func(*plant)
}{
	{"unavailable", func(p *plant) {
		p.broker.Script(devbroker.Fault{Method: "SendMessage", Code: codes.Unavailable, Times: 3})
	}},
	{"connection lost", func(p *plant) { p.broker.Script(devbroker.Fault{Method: "SendMessage", Disconnect: true}) }},
	{"answer lost", func(p *plant) {
		p.broker.Script(devbroker.Fault{Method: "SendMessage", Applied: true, Disconnect: true, After: 2})
	}},
	{"handler panics", func(p *plant) {
		p.broker.Script(devbroker.Fault{Method: "SendMessage", Reset: true, Times: 2})
	}},
	{"slow", func(p *plant) {
		p.broker.Script(devbroker.Fault{Method: "SendMessage", Delay: 5 * time.Second, Times: 5})
	}},
	{"slow to open", func(p *plant) {
		p.broker.Script(devbroker.Fault{Method: "CreateProducer", Delay: time.Second, Times: 2})
	}},
	{"restarted", func(p *plant) { p.broker.Forget() }},
	{"publisher restarted", func(p *plant) {
		for _, l := range p.lines {
			l.restart()
		}
	}},
}

// Whatever happens to the broker, the connection and the publisher, in whatever
// order: nothing is lost, each key keeps its order, and a record comes twice only
// right after itself.
func TestFaultsLoseNothing(t *testing.T) {
	t.Parallel()
	for round := range 8 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("seed %d fixes the faults", seed)
				}
			})
			throughFaults(t, seed)
		})
	}
}

func throughFaults(t *testing.T, seed uint64) {
	const n = 400
	random := rand.New(rand.NewPCG(seed, 0))
	var p *plant
	inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 4, MaxRetries: 10}, []connect.Producer{partitioned}, func(made *plant) {
		p = made
		for sent := 0; sent < n; {
			if random.IntN(3) == 0 {
				f := faults[random.IntN(len(faults))]
				t.Logf("after %d records: %s", sent, f.name)
				f.do(p)
			}
			count := min(1+random.IntN(40), n-sent)
			p.send(partitioned.Topic, 7, sent, count)
			sent += count
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		time.Sleep(10 * time.Minute)
		p.ledger(partitioned, n)
	})
	p.settled(partitioned.Topic, n)
}

// A topic that hangs after it has taken the request is probed with one request at a
// time; each probe is one copy at most, and the topic beside it flows.
func TestStalledTopicAloneStandsStill(t *testing.T) {
	t.Parallel()
	inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 4, MaxBackoff: time.Minute}, []connect.Producer{plain, other}, func(p *plant) {
		p.send(plain.Topic, 4, 0, 20)
		time.Sleep(time.Second)
		scene := p.broker.Script(devbroker.Fault{Method: "SendMessage", Topic: plain.Topic, Applied: true, Stall: true, Times: devbroker.Keep})
		p.send(plain.Topic, 4, 20, 20)
		for i := range 60 {
			p.send(other.Topic, 4, 10*i, 10)
			time.Sleep(time.Minute)
			if got := p.budget.Topic(1); got.InFlight != 0 {
				t.Fatalf("minute %d: the other topic holds %d records back", i, got.InFlight)
			}
		}
		// Four lanes at first, then probes a minute apart or so, each of which takes
		// the half minute of its deadline.
		if hits := scene.Hits(); hits < 20 || hits > 4+80 {
			t.Errorf("%d requests in an hour, want the first four and a probe a minute or so", hits)
		}
		scene.Lift()
		time.Sleep(10 * time.Minute)
		p.ledger(plain, 40)
		p.ledger(other, 600)
		if got := p.budget.Totals(); got.Published != 640 {
			t.Errorf("totals %+v, want all published", got)
		}
	})
}

// A record that makes the broker's handler panic is found out, and stops its own
// lane: the others flow, and no commit passes it.
func TestPoisonHaltsItsLaneAlone(t *testing.T) {
	t.Parallel()
	inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 64, MaxRetries: 3}, []connect.Producer{plain}, func(p *plant) {
		p.broker.Script(devbroker.Fault{
			Method: "SendMessage", Reset: true, Times: devbroker.Keep,
			Match: func(r devbroker.Request) bool { return strings.HasSuffix(string(r.Payload), ".25") },
		})
		p.send(plain.Topic, 10, 0, 100)
		for i := 100; i < 160; i++ {
			time.Sleep(10 * time.Second)
			p.send(plain.Topic, 10, i, 1)
		}
		time.Sleep(time.Minute)
		fatal := p.fatals()
		if len(fatal) != 1 || connect.ClassOf(fatal[0]) != connect.ClassFatal || !errors.Is(fatal[0], connect.ClassInvalid) || !strings.Contains(fatal[0].Error(), "/default/plain@25") {
			t.Fatalf("fatal: %v, want record 25 once", fatal)
		}
		if got, want := p.budget.Totals(), (flow.Totals{Read: 160, Published: 146, InFlight: 14, Committed: 25}); got != want {
			t.Errorf("totals %+v, want %+v: key k5 stands still from 25 on", got, want)
		}
		if got := p.commits(plain.Topic); got != 24 {
			t.Errorf("committed %d, want 24", got)
		}
		// The epoch is withdrawn, and the source begins again behind the commit.
		if err := p.lines[plain.Topic].Withdraw(p.t.Context(), 1, false); err != nil {
			t.Error(err)
		}
		if got := p.budget.Totals(); got.Withdrawn != 14 || got.InFlight != 0 {
			t.Errorf("totals %+v, want the rest withdrawn", got)
		}
	})
}

// An hour without a broker: nothing is asked twice a second, nothing is lost, and all
// of it goes as soon as the broker is back.
func TestBrokerAwayForAnHour(t *testing.T) {
	t.Parallel()
	var p *plant
	inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 4}, []connect.Producer{plain}, func(made *plant) {
		p = made
		p.send(plain.Topic, 5, 0, 50)
		time.Sleep(time.Second)
		if err := p.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		p.send(plain.Topic, 5, 50, 50)
		time.Sleep(time.Hour)
		stats := p.lines[plain.Topic].Stats()
		if attempts := stats.Attempts.Load(); attempts > 50+20 {
			t.Errorf("%d attempts, of which 50 succeeded: nothing should be sent without a session", attempts)
		}
		if err := p.broker.Refuse(0, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		p.ledger(plain, 100)
	})
	p.settled(plain.Topic, 100)
}

// A topic that is idle while the broker restarts has a new session before the next
// record comes.
func TestIdleTopicFindsItsBrokerAgain(t *testing.T) {
	t.Parallel()
	var p *plant
	inPlant(t, devbroker.Settings{}, publisher.Settings{}, []connect.Producer{plain}, func(made *plant) {
		p = made
		p.send(plain.Topic, 5, 0, 10)
		time.Sleep(time.Minute)
		p.broker.Forget()
		time.Sleep(time.Minute)
		stats := p.lines[plain.Topic].Stats()
		if got := stats.Sessions.Load(); got != 2 {
			t.Errorf("%d sessions were opened, want a second one a minute after the restart", got)
		}
		p.send(plain.Topic, 5, 10, 10)
		time.Sleep(time.Second)
		if copies := p.ledger(plain, 20); copies != 0 || stats.Attempts.Load() != 20 {
			t.Errorf("%d copies in %d attempts, want 20 attempts", copies, stats.Attempts.Load())
		}
	})
	p.settled(plain.Topic, 20)
}

// Withdrawn in the middle of an outage: what is queued comes back at once, what is in
// flight with its failure; the next epoch's records go when the broker is there.
func TestWithdrawDuringAnOutage(t *testing.T) {
	t.Parallel()
	inPlant(t, devbroker.Settings{}, publisher.Settings{Lanes: 2}, []connect.Producer{plain}, func(p *plant) {
		scene := p.broker.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
		p.send(plain.Topic, 4, 0, 40)
		synctest.Wait()
		p.Shut()
		begun := time.Now()
		if err := p.lines[plain.Topic].Withdraw(p.t.Context(), 1, false); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 31*time.Second {
			t.Errorf("took %v, want no longer than the deadline of a send", took)
		}
		if got, want := p.budget.Totals(), (flow.Totals{Read: 40, Withdrawn: 40}); got != want {
			t.Errorf("totals %+v, want %+v", got, want)
		}
		scene.Lift()
		p.Begin(2)
		p.send(plain.Topic, 4, 0, 40)
		time.Sleep(10 * time.Minute)
		if got := p.budget.Totals(); got.Published != 40 || got.Committed != 40 {
			t.Errorf("totals %+v, want the second epoch published and committed", got)
		}
	})
}

package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// F18: while the dead-letter topic is out of reach no commit passes a record that has
// no letter, other source partitions go on, and when it is back everything lands.
func TestDeadLetterTopicDown(t *testing.T) {
	for name, fault := range map[string]devbroker.Fault{
		"refused": {Method: "SendMessage", Code: codes.Unavailable},
		"stalled": {Method: "SendMessage", Stall: true},
		"absent":  {Method: "CreateProducer", Code: codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := spoil(newLedger(s.topic(), s.topic()), func(p string, n int) string {
					return map[bool]string{true: map[string]string{"p0": "bad", "p1": "refused"}[p]}[n%50 == 41]
				})
				s.poisonous(l.topics...)
				fault.Topic, fault.Times = letterTopic, devbroker.Keep
				scene := s.broker.Script(fault)
				r := s.start(l, s.config(deadLetter))
				s.pass(10 * time.Minute)
				committed, _ := l.state()
				if committed["p0"] != 40 || committed["p1"] != 40 || committed["p2"] != 200 {
					t.Errorf("committed %v, want 40, 40 and 200: nothing past a record without its letter", committed)
				}
				if c := r.Totals(); c.DeadLettered != 0 || c.InFlight != 8 {
					t.Errorf("%+v, want 8 letters in flight and all else published", c)
				}
				scene.Lift()
				if n := s.completeSpoiled(r, l, time.Hour, toDefault); n < l.poisoned() || name != "stalled" && n != l.poisoned() {
					t.Errorf("%d letters of %d poisoned records", n, l.poisoned())
				}
			})
		})
	}
}

// A dead-letter topic that is down spends no more than the budget: what it holds is
// bounded by its share, and by the window of each source partition.
func TestDeadLettersKeepToTheBudget(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		well, ill := newLedger(s.topic()), spoil(newLedger(s.topic()), func(string, int) string { return "bad" })
		well.limit, ill.limit, ill.prefix = 1500, 1500, "b"
		both := &pair{ledgers: []*ledger{well, ill.ledger}}
		scene := s.broker.Script(devbroker.Fault{Method: "SendMessage", Topic: letterTopic, Code: codes.Unavailable, Times: devbroker.Keep})
		r := s.start(both, s.config(deadLetter))
		s.pass(10 * time.Minute)
		if c := r.Totals(); c.InFlight == 0 || c.InFlight > window {
			t.Errorf("%+v: more than the window is in flight, or nothing", c)
		}
		if _, n := ill.state(); n > 0 {
			t.Errorf("%d records without a letter are committed", n)
		}
		if _, n := well.state(); n != well.all() {
			t.Errorf("%d of %d records of the topic that is well are committed", n, well.all())
		}
		scene.Lift()
		s.pass(time.Minute)
		must(t, r.stop())
		s.judge(well)
		s.judgeSpoiled(ill, toDefault)
		s.reconcile(r)
	})
}

// F19: records that are poisoned at random, with faults of the broker among them.
func TestRandomPoison(t *testing.T) {
	for range 3 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
				draw := rand.New(rand.NewPCG(seed, 0))
				kinds := []string{"bad", "not JSON", "undeclared", "reserved", "text", "panics", "no value", "refused"}
				wrong := map[string]string{}
				for _, p := range []string{"p0", "p1", "p2"} {
					for n := 1; n <= 1500; n++ {
						if draw.IntN(100) == 0 {
							wrong[fmt.Sprint(p, n)] = kinds[draw.IntN(len(kinds))]
						}
					}
				}
				l := spoil(newLedger(s.topic(), s.topic()), func(p string, n int) string { return wrong[fmt.Sprint(p, n)] })
				l.limit, l.every = 1500, 100*time.Millisecond
				s.poisonous(l.topics...)
				r := s.start(l, s.config(deadLetter))
				for range 4 {
					s.pass(time.Duration(draw.IntN(2000)) * time.Millisecond)
					switch draw.IntN(3) {
					case 0:
						s.broker.Crash()
					case 1:
						s.broker.Forget()
					default:
						s.broker.Script(devbroker.Fault{Method: "SendMessage", After: draw.IntN(50), Times: 5, Applied: true, Disconnect: true})
					}
				}
				s.completeSpoiled(r, l, 2*time.Hour, toDefault)
			})
		})
	}
}

// A letter that a crash of the broker forgets is sent again: it settles with the
// session that acknowledged it.
func TestCrashForgetsALetter(t *testing.T) {
	faulty(t, devbroker.Settings{Flush: 5 * time.Second}, func(s *stand) {
		l := spoil(newLedger(s.topic()), func(p string, n int) string {
			return map[bool]string{true: []string{"bad", "refused"}[n/10%2]}[p == "p1" && n%10 == 0]
		})
		s.poisonous(l.topics...)
		r := s.start(l, s.config(deadLetter))
		s.eventually("letters", time.Minute, func() bool { return r.Totals().DeadLettered > 10 })
		if forgotten := s.broker.Crash()[letterTopic]; forgotten == 0 {
			t.Fatal("the crash forgot no letter; the test shows nothing")
		}
		s.completeSpoiled(r, l, time.Hour, toDefault)
		if l.inits < 2 {
			t.Error("the source was never asked to go back")
		}
	})
}

// The epoch ends while letters are under way: they are taken back, and what they stand
// for is read again.
func TestReopenWithLettersUnderWay(t *testing.T) {
	for _, kind := range []string{"bad", "refused"} {
		t.Run(kind, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := spoil(newLedger(s.topic()), func(_ string, n int) string { return map[bool]string{true: kind}[n%25 == 0] })
				l.limit, l.every = 400, 100*time.Millisecond
				s.poisonous(l.topics...)
				var sick atomic.Bool
				l.healthy = func() error {
					if sick.Load() {
						return errors.New("no answer")
					}
					return nil
				}
				l.initialize = func(int) error { sick.Store(false); return nil }
				scene := s.broker.Script(devbroker.Fault{Method: "SendMessage", Topic: letterTopic, Code: codes.Unavailable, Times: devbroker.Keep})
				cfg := s.config(deadLetter)
				cfg.Processing.HealthCheckIntervalMS = 1000
				r := s.start(l, cfg)
				s.pass(time.Minute)
				sick.Store(true)
				s.eventually("a second epoch", 5*time.Minute, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.inits == 2 })
				if r.Totals().Withdrawn == 0 {
					t.Error("no letter was taken back; the test shows nothing")
				}
				scene.Lift()
				s.completeSpoiled(r, l, time.Hour, toDefault)
			})
		})
	}
}

// A source that cannot go back has its letters delivered before the next epoch, and
// before a stop ends, also those that come into being only then.
func TestLettersAreDrained(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprint("reopen ", again), func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				topic := s.topic()
				s.broker.Script(
					devbroker.Fault{
						Method: "SendMessage", Topic: topic, Delay: time.Second, Times: devbroker.Keep,
						Code: codes.PermissionDenied, Text: "Unable to publish the message: Payload validation failed",
					},
					devbroker.Fault{Method: "SendMessage", Topic: letterTopic, Delay: 2 * time.Second, Times: devbroker.Keep},
				)
				source := &stream{topics: []string{topic}}
				source.initialize = func(connect.Epoch) error {
					if n := len(s.letters(letterTopic)["@"]); source.inits == 2 && n < 10 {
						t.Errorf("the next epoch begins when %d of 10 letters of the last one have landed", n)
					}
					return nil
				}
				var once sync.Once
				source.stream = func(ctx context.Context, out connect.Sender) error {
					var err error
					once.Do(func() {
						for n := range 10 {
							e := connect.RawJSON(topic, fmt.Appendf(nil, `{"n":%d}`, n)).WithKey(fmt.Sprint("k", n%3)).Envelope()
							err = errors.Join(err, out.Send(ctx, with(refusedText)(e)))
						}
					})
					if err != nil || again && source.inits == 1 {
						return errors.Join(err, errors.New("connection lost"))
					}
					<-ctx.Done()
					return nil
				}
				r := s.start(source, s.config(deadLetter))
				if again {
					s.pass(time.Minute)
				} else {
					s.pass(time.Second)
				}
				must(t, r.stop())
				letters := len(s.letters(letterTopic)["@"])
				if c := r.Totals(); letters != 10 || c.DeadLettered != 10 || c.InFlight != 0 {
					t.Errorf("%d letters of 10; %+v", letters, c)
				}
			})
		})
	}
}

// A letter that its topic refuses for good stops the runtime: it has nowhere to go.
func TestLetterRefused(t *testing.T) {
	for name, kind := range map[string]string{"of hand-over": "bad", "of the broker": "refused"} {
		t.Run(name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := spoil(newLedger(s.topic()), func(p string, n int) string { return map[bool]string{true: kind}[p == "p0" && n == 41] })
				s.poisonous(l.topics...)
				refusal := s.broker.Script(devbroker.Fault{Method: "SendMessage", Topic: letterTopic, Code: codes.InvalidArgument, Text: "no", Times: devbroker.Keep})
				r := s.start(l, s.config(deadLetter))
				err := r.wait()
				if !contains(err, "dead letter is refused") || !contains(err, letterTopic) || !contains(err, "p0@41") || connect.ClassOf(err) != connect.ClassFatal {
					t.Errorf("Run = %v", err)
				}
				if committed, _ := l.state(); committed["p0"] != 40 || refusal.Hits() != 1 {
					t.Errorf("committed up to %d, want 40; the letter was sent %d times, want once", committed["p0"], refusal.Hits())
				}
				s.reconcile(r)
			})
		})
	}
}

// The broker does not create a plain topic whose name begins that of one it has: the
// dead-letter topic is created after those.
func TestDeadLetterTopicIsCreatedLast(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := spoil(newLedger("/default/test", "/default/other"), func(string, int) string { return "bad" })
		var mu sync.Mutex
		var created []string
		s.broker.Script(devbroker.Fault{Method: "CreateProducer", Delay: time.Second, Match: func(r devbroker.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			created = append(created, r.Topic)
			return r.Topic == "/default/test"
		}, Times: 5})
		r := s.start(l, s.config(deadLetter))
		s.completeSpoiled(r, l, time.Hour, toDefault)
		all := strings.Join(created, " ")
		if first := strings.Index(all, letterTopic); first < 0 || strings.Contains(all[first:], "/default/test ") {
			t.Errorf("created in the order %v", created)
		}
	})
}

// The source may declare the dead-letter topic itself, and publish to it; what is
// wrong with those records becomes a letter there too.
func TestDeclaredDeadLetterTopic(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := spoil(newLedger(s.topic(), letterTopic), noReset(every(4), 0))
		s.poisonous(l.topics[0])
		l.which = func(p string, n int) string {
			kind := noReset(every(4), 0)(p, n)
			if kind == "refused" && l.plainRecord(p, n).Record.Topic() == letterTopic {
				return "bad" // there the broker refuses nothing
			}
			return kind
		}
		l.spoil = func(p string, n int, e connect.Envelope) connect.Envelope {
			if kind := l.which(p, n); kind != "" {
				return poisons[kind].spoil(e)
			}
			return e
		}
		r := s.start(l, s.config(deadLetter))
		s.eventually("everything committed", time.Hour, func() bool { _, n := l.state(); return n == l.all() })
		must(t, r.stop())
		s.reconcile(r)
		letters := 0
		for m := range s.broker.Log(letterTopic) {
			if m.Attributes["danube.connect.dlq.class"] != "" {
				letters++
			}
		}
		if c := r.Totals(); letters != l.poisoned() || c.Published != uint64(l.all()-letters) {
			t.Errorf("%d letters of %d; %+v", letters, l.poisoned(), c)
		}
	})
}

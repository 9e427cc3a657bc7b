package supervisor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// What is skipped is counted and passed by commits, and appears nowhere.
func TestSkip(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		l := spoil(newLedger(s.topic(), s.topic()), noReset(every(5), 0))
		s.poisonous(l.topics...)
		r := s.start(l, s.config("[errors]\non_invalid = \"skip\"\n"))
		s.completeSpoiled(r, l, time.Hour, skipped)
		if c := r.Totals(); c.Skipped != uint64(l.poisoned()) || c.Read != c.Committed || c.DeadLettered > 0 {
			t.Errorf("%d poisoned records; %+v", l.poisoned(), c)
		}
		for _, topic := range s.broker.Topics() {
			if strings.Contains(topic.Name, "dead-letters") {
				t.Errorf("there is a topic %s, and nobody dead-letters", topic.Name)
			}
		}
		if !r.says("/metrics", "danube_connect_records_skipped_total{connector=\"test\"} ") {
			t.Error("/metrics does not count what was skipped")
		}
	})
}

// Each topic has its own policy and its own dead-letter topic; what is for no declared
// topic, or for none at all, follows the global one.
func TestPolicyByTopic(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		own, drop, plain := s.topic(), s.topic(), s.topic()
		l := spoil(newLedger(own, drop, plain), noReset(every(3), 0))
		l.keys = 7
		s.poisonous(l.topics...)
		r := s.start(l, s.config(deadLetter+`[topics."`+own+`"]
on_invalid = "dead_letter"
dead_letter_topic = "/default/own-letters"
[topics."`+drop+`"]
on_invalid = "skip"
[topics."/default/nobody"]
on_invalid = "halt"
`))
		s.completeSpoiled(r, l, time.Hour, func(kind, topic string) string {
			switch {
			case kind == "bad" || kind == "undeclared" || topic == plain:
				return letterTopic
			case topic == own:
				return "/default/own-letters"
			}
			return ""
		})
		if c := r.Totals(); c.Skipped == 0 || c.DeadLettered == 0 {
			t.Errorf("%+v: both must have happened", c)
		}
	})
}

// A topic may halt although others dead-letter, at hand-over and at the broker.
func TestHaltByTopic(t *testing.T) {
	for _, kind := range []string{"not JSON", "refused"} {
		t.Run(kind, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := spoil(newLedger(s.topic()), func(p string, n int) string { return map[bool]string{true: kind}[p == "p0" && n == 41] })
				s.poisonous(l.topics...)
				r := s.start(l, s.config(deadLetter+"[topics.\""+l.topics[0]+"\"]\non_invalid = \"halt\"\n"))
				err := r.wait()
				if !errors.Is(err, connect.ClassInvalid) || connect.ClassOf(err) != connect.ClassFatal || !contains(err, "p0@41") || !contains(err, `on_invalid is "halt"`) {
					t.Errorf("Run = %v, want p0@41, invalid, fatal", err)
				}
				if committed, _ := l.state(); committed["p0"] != 40 {
					t.Errorf("committed up to %d, want 40", committed["p0"])
				}
				s.judgeSpoiled(l, toDefault)
			})
		})
	}
}

// Send takes what becomes a letter; Deliver is told, and nothing becomes of it.
func TestDeliverIsTold(t *testing.T) {
	for _, kind := range []string{"bad", "not JSON", "undeclared", "reserved", "panics", "refused"} {
		for _, policy := range []string{"skip", "dead_letter"} {
			t.Run(kind+"/"+policy, func(t *testing.T) {
				faulty(t, devbroker.Settings{}, func(s *stand) {
					topic := s.topic()
					s.poisonous(topic)
					good := connect.RawJSON(topic, []byte(`{"p":"a","n":1}`)).Envelope()
					var told, sent error
					source := &stream{topics: []string{topic}, stream: func(ctx context.Context, out connect.Sender) error {
						told = out.Deliver(ctx, connect.Acknowledged, poisons[kind].spoil(good))
						sent = out.Send(ctx, good, poisons[kind].spoil(good), good)
						<-ctx.Done()
						return nil
					}}
					r := s.start(source, s.config("[errors]\non_invalid = \""+policy+"\"\nmax = 1\n"))
					s.pass(10 * time.Second)
					if err := r.stop(); err != nil {
						t.Errorf("Run = %v", err)
					}
					de, ok := errors.AsType[*connect.DeliveryError](told)
					if !ok || !errors.Is(de.Errs[0], connect.ClassInvalid) || !contains(told, poisons[kind].says) {
						t.Errorf("Deliver = %v, want what is wrong, invalid", told)
					}
					want := map[string]int{"dead_letter": 1}[policy]
					letters := 0
					for range s.broker.Log(letterTopic) {
						letters++
					}
					c := r.Totals()
					if sent != nil || letters != want || len(s.received(topic)) != 2 || c.DeadLettered != uint64(want) || c.Skipped != uint64(1-want) {
						t.Errorf("Send = %v, %d letters, want %d; %d on the topic; %+v", sent, letters, want, len(s.received(topic)), c)
					}
					s.reconcile(r)
				})
			})
		}
	}
}

// What no policy helps against halts whatever the policy is.
func TestBeyondThePolicy(t *testing.T) {
	large := make([]byte, 4<<20)
	for name, c := range map[string]struct {
		spoil func(topic string, e connect.Envelope) connect.Envelope
		says  string
	}{
		"a letter that is too large": {func(topic string, e connect.Envelope) connect.Envelope {
			return connect.Bytes(topic, large).At(e.Offset)
		}, "its dead letter would measure"},
		"an offset that goes back": {func(_ string, e connect.Envelope) connect.Envelope {
			e.Offset.Value = 1
			return e
		}, "must not decrease"},
		"a mark without an offset": {func(string, connect.Envelope) connect.Envelope { return connect.Mark(connect.Offset{}) }, "mark without an offset"},
	} {
		t.Run(name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := newLedger(s.topic())
				l.partitions = []string{"p0"}
				l.spoil = func(_ string, n int, e connect.Envelope) connect.Envelope {
					if n == 41 {
						return c.spoil(l.topics[0], e)
					}
					return e
				}
				err := s.start(l, s.config(deadLetter)).wait()
				if !contains(err, c.says) || connect.ClassOf(err) != connect.ClassFatal || contains(err, `"halt"`) {
					t.Errorf("Run = %v, want it fatal, and to say %q", err, c.says)
				}
				if committed, _ := l.state(); committed["p0"] != 40 {
					t.Errorf("committed up to %d, want 40", committed["p0"])
				}
			})
		})
	}
}

// Too many turn fatal: a number within the window, or a share of what was read. What
// the source offers again after a re-open is not counted twice.
func TestTooManyInvalidRecords(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		which  func(string, int) string
		fatal  string
	}{
		"number at hand-over":   {"max = 5\n", func(p string, n int) string { return map[bool]string{true: "bad"}[p == "p0" && n%10 == 0] }, "max allows 5"},
		"number at the broker":  {"max = 5\n", func(p string, n int) string { return map[bool]string{true: "refused"}[p == "p0" && n%10 == 0] }, "max allows 5"},
		"share":                 {"max_ratio = 0.05\n", func(_ string, n int) string { return map[bool]string{true: "bad"}[n > 100 && n%5 == 0] }, "max_ratio allows a share of 0.05"},
		"as many as are borne":  {"max = 60\nmax_ratio = 0.1\n", func(_ string, n int) string { return map[bool]string{true: "bad"}[n%10 == 0] }, ""},
		"spread over the hours": {"max = 5\nwindow = \"1s\"\n", func(p string, n int) string { return map[bool]string{true: "refused"}[p == "p0" && n%10 == 0] }, ""},
	} {
		for _, policy := range []string{"skip", "dead_letter"} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				faulty(t, devbroker.Settings{}, func(s *stand) {
					l := spoil(newLedger(s.topic()), c.which)
					l.every, l.batch = 500*time.Millisecond, 2
					s.poisonous(l.topics...)
					r := s.start(l, s.config("[errors]\non_invalid = \""+policy+"\"\n"+c.config))
					box := map[string]func(string, string) string{"skip": skipped, "dead_letter": toDefault}[policy]
					if c.fatal == "" {
						s.completeSpoiled(r, l, time.Hour, box)
						return
					}
					err := r.wait()
					if !contains(err, c.fatal) || connect.ClassOf(err) != connect.ClassFatal || !errors.Is(err, connect.ClassInvalid) || contains(err, `"halt"`) {
						t.Errorf("Run = %v, want it fatal, and to say %q", err, c.fatal)
					}
					s.judgeSpoiled(l, box)
					s.reconcile(r)
				})
			})
		}
	}
}

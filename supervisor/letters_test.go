package supervisor_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// letterTopic is the default one of the stand's connector.
const letterTopic = "/default/test-dead-letters"

// poison is a way to be undeliverable.
type poison struct {
	class string
	// spoil makes an envelope undeliverable.
	spoil func(e connect.Envelope) connect.Envelope
	// carries is what the letter carries; nil means the bytes the record had.
	carries func(e connect.Envelope) []byte
	says    string
}

// refusedText is in payloads that the stand's broker refuses, and resetText in those
// its handler dies of; see poisonous.
const refusedText, resetText = `"refuse"`, `"reset"`

func with(text string) func(connect.Envelope) connect.Envelope {
	return func(e connect.Envelope) connect.Envelope {
		raw := bytes.Replace(e.Record.Raw(), []byte("{"), []byte("{"+text+":1,"), 1)
		key, _ := e.Record.Key()
		return connect.RawJSON(e.Record.Topic(), raw).WithKey(key).WithAttribute("mine", "kept").At(e.Offset)
	}
}

func none(connect.Envelope) []byte { return nil }

var poisons = map[string]poison{
	"bad": {"bad", func(e connect.Envelope) connect.Envelope {
		return connect.Bad(e.Offset, e.Record.Raw(), errors.New("no such column"))
	}, nil, "no such column"},
	"not JSON": {"encoding", func(e connect.Envelope) connect.Envelope {
		return connect.RawJSON(e.Record.Topic(), append([]byte("{"), e.Record.Raw()...)).At(e.Offset)
	}, func(e connect.Envelope) []byte { return append([]byte("{"), e.Record.Raw()...) }, "JSON"},
	"undeclared": {"undeclared", func(e connect.Envelope) connect.Envelope {
		return connect.RawJSON("/default/nobody", e.Record.Raw()).At(e.Offset)
	}, nil, "not declared"},
	"reserved": {"attributes", func(e connect.Envelope) connect.Envelope {
		e.Record = e.Record.WithAttribute("danube.connect.seq", "7")
		return e
	}, nil, "belong to the runtime"},
	"text": {"attributes", func(e connect.Envelope) connect.Envelope {
		e.Record = e.Record.WithAttribute("mine", "\xff")
		return e
	}, nil, "UTF-8"},
	"panics": {"encoding", func(e connect.Envelope) connect.Envelope {
		return connect.JSON(e.Record.Topic(), marshals{}).At(e.Offset)
	}, none, "panicked"},
	"no value": {"encoding", func(e connect.Envelope) connect.Envelope {
		return connect.JSON(e.Record.Topic(), func() {}).At(e.Offset)
	}, none, "func()"},
	"refused": {"refused", with(refusedText), func(e connect.Envelope) []byte { return with(refusedText)(e).Record.Raw() }, "validation failed"},
	"reset":   {"reset", with(resetText), func(e connect.Envelope) []byte { return with(resetText)(e).Record.Raw() }, ""},
}

// poisonous makes the broker refuse what is meant to be refused, on the topics given.
func (s *stand) poisonous(topics ...string) {
	for _, topic := range topics {
		s.broker.Script(
			devbroker.Fault{
				Method: "SendMessage", Topic: topic, Times: devbroker.Keep, Match: holding(refusedText),
				Code: codes.PermissionDenied, Text: "Unable to publish the message: Payload validation failed: n is odd",
			},
			devbroker.Fault{Method: "SendMessage", Topic: topic, Times: devbroker.Keep, Match: holding(resetText), Reset: true},
		)
	}
}

func holding(text string) func(devbroker.Request) bool {
	return func(r devbroker.Request) bool { return bytes.Contains(r.Payload, []byte(text)) }
}

// spoiled is a ledger some of whose records are undeliverable: which says what is
// wrong with record n, empty for nothing.
type spoiled struct {
	*ledger
	which  func(p string, n int) string
	prefix string // of its partitions' names, if it is one of a pair
}

func spoil(l *ledger, which func(p string, n int) string) *spoiled {
	l.spoil = func(p string, n int, e connect.Envelope) connect.Envelope {
		if kind := which(p, n); kind != "" {
			return poisons[kind].spoil(e)
		}
		return e
	}
	return &spoiled{ledger: l, which: which}
}

// plainRecord is what a record would be if nothing were wrong with it.
func (l *spoiled) plainRecord(p string, n int) connect.Envelope {
	whole := &ledger{topics: l.topics, keys: l.keys}
	e := whole.record(p, n)
	e.Offset.Partition = l.prefix + p
	return e
}

// letters returns those of a topic by partition and position.
func (s *stand) letters(topic string) map[string][]devbroker.Message {
	all := map[string][]devbroker.Message{}
	for m := range s.broker.Log(topic) {
		at := m.Attributes["danube.connect.partition"] + "@" + m.Attributes["danube.connect.position"]
		all[at] = append(all[at], m)
	}
	return all
}

// judgeSpoiled holds the broker's log against what was offered: all that is committed
// has arrived, whole records on their topic and in the order of their key, the others
// as a letter with all it must say on the topic letters names for them; where that is
// empty they were skipped. It returns how many letters there are.
func (s *stand) judgeSpoiled(l *spoiled, letters func(kind, topic string) string) (count int) {
	s.t.Helper()
	for _, f := range l.faults {
		s.t.Errorf("source: %s", f)
	}
	seen := map[string]int{}
	newest := map[string]int{}
	for _, topic := range l.topics {
		for _, d := range s.received(topic) {
			seen[fmt.Sprint(d.partition, "@", d.n)]++
			if last := newest[d.key]; d.n > last && last > 0 {
				for n := last + l.keys; n < d.n; n += l.keys {
					if l.which(d.partition, n) == "" {
						s.t.Errorf("%s: key %s: %d comes after %d; %d is missing or late", topic, d.key, d.n, last, n)
					}
				}
			}
			newest[d.key] = d.n
		}
	}
	boxes := map[string]map[string][]devbroker.Message{}
	committed, _ := l.state()
	for p, upTo := range committed {
		for n := 1; n <= int(upTo); n++ {
			at := fmt.Sprint(p, "@", n)
			kind, e := l.which(p, n), l.plainRecord(p, n)
			if kind == "" {
				if seen[at] == 0 {
					s.t.Errorf("%s is committed (up to %d) and was never published", at, upTo)
				}
				continue
			}
			if seen[at] > 0 {
				s.t.Errorf("%s (%s) was published", at, kind)
			}
			box := letters(kind, e.Record.Topic())
			if boxes[box] == nil {
				boxes[box] = s.letters(box)
			}
			found := boxes[box][l.prefix+at]
			if box != "" && len(found) == 0 {
				s.t.Errorf("%s (%s) is committed (up to %d) and has no letter", at, kind, upTo)
			}
			for _, m := range found {
				s.checkLetter(kind, e, m)
			}
		}
	}
	for _, box := range boxes {
		for _, copies := range box {
			count += len(copies)
		}
	}
	return count
}

// checkLetter holds a letter against the record it stands for.
func (s *stand) checkLetter(kind string, e connect.Envelope, m devbroker.Message) {
	s.t.Helper()
	p := poisons[kind]
	sent := p.spoil(e)
	want := e.Record.Raw()
	if p.carries != nil {
		want = p.carries(e)
	}
	key, keyed := sent.Record.Key()
	at := func(name string) string { return m.Attributes["danube.connect."+name] }
	if !bytes.Equal(m.Payload, want) || m.Key != key || m.Keyed != keyed {
		s.t.Errorf("letter of %s (%s) carries %q with key %q, %t; want %q with %q, %t", e.Offset, kind, m.Payload, m.Key, m.Keyed, want, key, keyed)
	}
	if at("dlq.topic") != sent.Record.Topic() || at("dlq.class") != p.class || !strings.Contains(at("dlq.error"), p.says) {
		s.t.Errorf("letter of %s (%s) says topic %q, class %q, error %q", e.Offset, kind, at("dlq.topic"), at("dlq.class"), at("dlq.error"))
	}
	first, err1 := time.Parse(time.RFC3339Nano, at("dlq.first"))
	last, err2 := time.Parse(time.RFC3339Nano, at("dlq.last"))
	attempts, err3 := strconv.Atoi(at("dlq.attempts"))
	if err := errors.Join(err1, err2, err3); err != nil || first.After(last) || last.After(time.Now()) {
		s.t.Errorf("letter of %s (%s): attempts %q, first %q, last %q: %v", e.Offset, kind, at("dlq.attempts"), at("dlq.first"), at("dlq.last"), err)
	}
	if tries := map[string]int{"refused": 1, "reset": 4}[kind]; attempts != tries {
		s.t.Errorf("letter of %s (%s) counts %d attempts, want %d", e.Offset, kind, attempts, tries)
	}
	for _, a := range sent.Record.Attributes() {
		if kind == "reserved" {
			a.Key = "danube.connect.dlq.attribute." + a.Key
		}
		if kind == "text" {
			a.Value = strconv.Quote(a.Value)
		}
		if m.Attributes[a.Key] != a.Value {
			s.t.Errorf("letter of %s (%s) has attributes %v; want %q = %q", e.Offset, kind, m.Attributes, a.Key, a.Value)
		}
	}
	if at("connector") != "test" || at("partition") != e.Offset.Partition || at("position") != fmt.Sprint(e.Offset.Value) || at("epoch") == "" || at("seq") == "" {
		s.t.Errorf("letter of %s (%s) is stamped %v", e.Offset, kind, m.Attributes)
	}
}

func toDefault(string, string) string { return letterTopic }

func skipped(string, string) string { return "" }

// completeSpoiled waits until everything is committed, stops, and judges.
func (s *stand) completeSpoiled(r *running, l *spoiled, limit time.Duration, letters func(kind, topic string) string) int {
	s.t.Helper()
	s.eventually("everything committed", limit, func() bool { _, n := l.state(); return n == l.all() })
	if err := r.stop(); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	s.reconcile(r)
	return s.judgeSpoiled(l, letters)
}

// poisoned counts the records of a ledger that are undeliverable.
func (l *spoiled) poisoned() (count int) {
	for _, p := range l.partitions {
		for n := 1; n <= l.limit; n++ {
			if l.which(p, n) != "" {
				count++
			}
		}
	}
	return count
}

// every is the kinds of poison, in turn.
func every(step int) func(string, int) string {
	kinds := slices.Sorted(maps.Keys(poisons))
	return func(p string, n int) string {
		if n%step != 0 {
			return ""
		}
		return kinds[(n/step+len(p))%len(kinds)]
	}
}

// noReset makes records beyond upTo that the broker's handler would die of refused
// ones: that it does so again and again means something while others pass.
func noReset(which func(string, int) string, upTo int) func(string, int) string {
	return func(p string, n int) string {
		if kind := which(p, n); kind != "reset" || n <= upTo {
			return kind
		}
		return "refused"
	}
}

const deadLetter = "[errors]\non_invalid = \"dead_letter\"\n"

// F19, F16, F39: whatever is wrong with records, and wherever in a batch they are, all
// others pass in order, and they become letters that say all there is to say.
func TestPoison(t *testing.T) {
	first := func(n int) bool { return n%20 == 1 }
	for name, which := range map[string]func(string, int) string{
		"head":    func(p string, n int) string { return map[bool]string{true: "not JSON"}[p == "p0" && first(n)] },
		"middle":  func(p string, n int) string { return map[bool]string{true: "bad"}[p == "p1" && n%20 == 10] },
		"tail":    func(p string, n int) string { return map[bool]string{true: "refused"}[p == "p2" && n%20 == 0] },
		"all":     noReset(every(1), 0),
		"one in":  noReset(every(7), 60),
		"refused": func(_ string, n int) string { return map[bool]string{true: "refused"}[n > 50] },
		"resets":  func(_ string, n int) string { return map[bool]string{true: "reset"}[n%30 == 0 && n <= 60] },
	} {
		t.Run(name, func(t *testing.T) {
			faulty(t, devbroker.Settings{}, func(s *stand) {
				l := spoil(newLedger(s.topic(), s.topic()), which)
				s.poisonous(l.topics...)
				l.limit, l.batch, l.every = 800, 2, 200*time.Millisecond
				r := s.start(l, s.config(deadLetter))
				letters := s.completeSpoiled(r, l, time.Hour, toDefault)
				if c := r.Totals(); letters != l.poisoned() || c.DeadLettered != uint64(letters) || c.Read != c.Committed || c.Skipped > 0 {
					t.Errorf("%d letters of %d poisoned records; %+v", letters, l.poisoned(), c)
				}
			})
		})
	}
}

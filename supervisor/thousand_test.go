package supervisor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// thousand is how many records there are, one of which is invalid.
const thousand = 1000

// among are types with a record that its schema does not allow, and what is said of
// it: the path, and not the value. Under either policy it stands elsewhere: first, last,
// at the ends of a poll, between.
var among = []struct {
	name string
	guideType
	wrong           string
	says            string
	letter, skipped int
}{
	{"json_schema", guideTypes[0], `{"device":"canary-device","celsius":-273.5,"serial":1}`, "/celsius", 1, 1000},
	{"avro json", guideTypes[4], `{"device":"canary-device","celsius":"canary-hot","serial":1}`, "/celsius", 20, 21},
	{"avro ocf", withEncoding(guideTypes[4], "ocf"), `{"device":"canary-device","celsius":1,"serial":1,"more":2}`, "/more", 999, 500},
}

func withEncoding(t guideType, encoding string) guideType {
	t.encoding = encoding
	return t
}

// needles is a source of a thousand records that does not run far ahead of who reads
// them: a fresh subscription of a real broker would lose some.
type needles struct {
	topic   *guideTopic
	at      int
	bad     int // the position of the invalid one
	wrong   string
	arrived atomic.Int64

	committed atomic.Uint64
}

func (s *needles) Initialize(context.Context, connect.Epoch) error {
	s.at = int(s.committed.Load())
	return nil
}

func (s *needles) Producers() []connect.Producer {
	return []connect.Producer{{Topic: s.topic.topic, Reliable: true}}
}

func (s *needles) Poll(context.Context) (all []connect.Envelope, err error) {
	if s.at == thousand {
		return nil, connect.ErrEnd
	}
	for len(all) < 20 && s.at < thousand && int64(s.at) < s.arrived.Load()+100 {
		s.at++
		record := s.topic.record(s.topic.topic, s.at)
		if s.at == s.bad {
			record = connect.RawJSON(s.topic.topic, []byte(s.wrong))
		}
		all = append(all, record.WithKey("sensor").At(connect.Offset{Partition: "p", Value: uint64(s.at)}))
	}
	return all, nil
}

func (s *needles) Commit(_ context.Context, offsets []connect.Offset) error {
	s.committed.Store(offsets[0].Value)
	return nil
}

// Of a thousand records exactly the one that its schema does not allow is not
// delivered, and what is said of it names the place.
func TestOneInvalidRecordAmongAThousand(t *testing.T) {
	for _, each := range among {
		for policy, bad := range map[string]int{"dead_letter": each.letter, "skip": each.skipped} {
			t.Run(each.name+"/"+policy, func(t *testing.T) {
				plain(t, func(s *stand) {
					g := s.guide()
					source := &needles{topic: g.add(each.guideType, `"latest"`, each.first, 1), bad: bad, wrong: each.wrong}
					g.find(source, policy, each.says)
				})
			})
		}
	}
}

// find runs the source under a policy and looks for what became of its records.
func (g *guide) find(source *needles, policy, says string) {
	g.t.Helper()
	letterTopic := fmt.Sprintf("/default/letters-%x", rand.Uint64())
	letters := g.subscribe(letterTopic)
	toml := fmt.Sprintf("danube_service_url = %q\nconnector_name = \"test\"\n[errors]\non_invalid = %q\n", g.url, policy)
	if policy == "dead_letter" {
		toml += fmt.Sprintf("dead_letter_topic = %q\n", letterTopic)
	}
	cfg, err := config.Parse[config.Connector](g.dir+"/connector.toml", []byte(toml+g.toml.String()), nil)
	must(g.t, err)
	var log lines
	o := g.options()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	r := g.startWith(source, cfg, o)
	ctx, cancel := context.WithTimeout(g.t.Context(), time.Minute)
	defer cancel()
	for i := 1; i <= thousand; i++ {
		if i == source.bad {
			source.arrived.Add(1)
			continue
		}
		m := g.next(ctx, source.topic.consumer)
		source.arrived.Add(1)
		if got := m.Attributes["danube.connect.position"]; got != fmt.Sprint(i) || m.SchemaVersion != 1 {
			g.t.Fatalf("position %s of version %d arrives; want %d", got, m.SchemaVersion, i)
		}
	}
	if policy == "dead_letter" {
		m := g.next(ctx, letters)
		if wrong := m.Attributes["danube.connect.dlq.error"]; m.Attributes["danube.connect.position"] != fmt.Sprint(source.bad) ||
			string(m.Payload) != source.wrong || m.Attributes["danube.connect.dlq.topic"] != source.topic.topic || !strings.Contains(wrong, says) || strings.Contains(wrong, "canary") {
			g.t.Errorf("the dead letter says %v and carries %s; want position %d and %q", m.Attributes, m.Payload, source.bad, says)
		}
	} else if text := log.String(); !strings.Contains(text, says) || strings.Contains(text, "canary") {
		g.t.Errorf("the log does not say %q:\n%s", says, text)
	}
	must(g.t, r.wait())
	g.reconcile(r)
	got := r.Totals()
	if got.Read != thousand || got.Published != thousand-1 || got.DeadLettered+got.Skipped != 1 || (got.Skipped == 1) != (policy == "skip") || source.committed.Load() != thousand {
		g.t.Errorf("totals are %+v, committed is %d", got, source.committed.Load())
	}
	for _, c := range []*danube.Consumer{source.topic.consumer, letters} {
		g.nothing(c)
	}
}

// next receives a message and acknowledges it.
func (g *guide) next(ctx context.Context, c *danube.Consumer) danube.Message {
	g.t.Helper()
	m, err := c.Receive(ctx)
	must(g.t, err)
	must(g.t, c.Ack(ctx, m))
	return m
}

// nothing expects that no more arrives.
func (g *guide) nothing(c *danube.Consumer) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 300*time.Millisecond)
	defer cancel()
	if m, err := c.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		g.t.Errorf("position %s of %s arrives as well, %v", m.Attributes["danube.connect.position"], m.Topic, err)
	}
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all of it.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

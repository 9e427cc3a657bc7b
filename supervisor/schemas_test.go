package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// What the records of a ledger follow, and two versions after that.
const (
	ledgerSchema = `{"type": "object", "properties": {"p": {"type": "string"}, "n": {"type": "integer", "minimum": 1}}, "required": ["p", "n"]}`
	secondSchema = `{"type":"object","properties":{"p":{"type":"string"},"n":{"type":"integer","minimum":1},"q":{"type":"string"}},"required":["p","n"]}`
	strictSchema = `{"type":"object","properties":{"p":{"type":"string"},"n":{"type":"string"}},"required":["p","n"]}`
)

// typed is a subject and the [[schemas]] entry that follows it.
type typed struct {
	s       *stand
	client  *danube.Client
	subject string
	file    string
}

func (s *stand) typed(definition string) *typed {
	s.t.Helper()
	settings := danube.Settings{URL: s.url}
	if s.network != nil {
		settings.Dial = s.network.Dial
	}
	c, err := danube.New(settings)
	must(s.t, err)
	s.t.Cleanup(c.Close)
	made := &typed{s: s, client: c, subject: fmt.Sprintf("connect-test-%x", rand.Uint64()), file: filepath.Join(s.t.TempDir(), "schema.json")}
	must(s.t, os.WriteFile(made.file, []byte(definition), 0o600))
	return made
}

// entry is the TOML for a topic, with more keys.
func (y *typed) entry(topic, more string) string {
	return fmt.Sprintf("[[schemas]]\ntopic = %q\nsubject = %q\nschema_type = \"json_schema\"\nschema_file = %q\ncheck_interval = \"1s\"\n%s\n", topic, y.subject, y.file, more)
}

// register registers a version as somebody else.
func (y *typed) register(definition string) registry.Schema {
	y.s.t.Helper()
	made, err := y.client.RegisterSchema(y.s.t.Context(), registry.Schema{Subject: y.subject, Type: "json_schema", Definition: []byte(definition)}, "somebody")
	must(y.s.t, err)
	return made
}

func (y *typed) latest() registry.Schema {
	y.s.t.Helper()
	latest, err := y.client.LatestSchema(y.s.t.Context(), y.subject)
	must(y.s.t, err)
	return latest
}

// versions counts what the messages of a topic were encoded by.
func (s *stand) versions(topic string) map[string]int {
	all := map[string]int{}
	for _, d := range s.received(topic) {
		all[fmt.Sprintf("%d/%d", d.schema, d.version)]++
	}
	return all
}

func nameOf(s registry.Schema) string { return fmt.Sprintf("%d/%d", s.ID, s.Version) }

// The file is registered, and every message says by which version of it it was
// encoded; a topic without an entry says nothing.
func TestMessagesFollowTheirSchema(t *testing.T) {
	plain(t, func(s *stand) {
		with, without := s.topic(), s.topic()
		y, l := s.typed(ledgerSchema), newLedger(with, without)
		r := s.start(l, s.config(y.entry(with, "auto_register = true")))
		if d := s.complete(r, l, time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
		latest := y.latest()
		if string(latest.Definition) != ledgerSchema || latest.Version != 1 {
			t.Errorf("the registry has %+v", latest)
		}
		if got := s.versions(with); len(got) != 1 || got[nameOf(latest)] == 0 {
			t.Errorf("messages of %v, want all of %s", got, nameOf(latest))
		}
		if got := s.versions(without); len(got) != 1 || got["0/0"] == 0 {
			t.Errorf("messages of %v on a topic without an entry", got)
		}
	})
}

// Mistakes in [[schemas]] end the runtime before the source is opened, all of
// them at once.
func TestSchemaMistakes(t *testing.T) {
	plain(t, func(s *stand) {
		topic, other := s.topic(), s.topic()
		y, z := s.typed(strictSchema), s.typed(ledgerSchema)
		y.register(ledgerSchema)
		l := newLedger(topic)
		r := s.start(l, s.config(y.entry(topic, "auto_register = true")+z.entry(other, "")))
		err := r.wait()
		if connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("Run = %v, of %v", err, connect.ClassOf(err))
		}
		for _, want := range []string{
			"test.toml:3: [[schemas]] of " + topic + ": subject " + y.subject, y.file, "not compatible (backward) with version 1",
			"changed n: type from integer to string",
			"test.toml:10: [[schemas]] of " + other + ": subject " + z.subject, "is not in the registry, and auto_register is false",
		} {
			if !contains(err, want) {
				t.Errorf("it does not say %q:\n%v", want, err)
			}
		}
		if l.inits != 0 {
			t.Errorf("Initialize %d times; want the source left alone", l.inits)
		}
	})
}

// A registry that is down keeps the source closed, and it shows why; then
// everything goes its way.
func TestRegistryDownAtTheStart(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		down := s.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Code: codes.Unavailable, Text: "not just now", Times: devbroker.Keep})
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		r := s.start(l, s.config(y.entry(topic, "auto_register = true")))
		s.pass(10 * time.Minute)
		page := r.page("/readyz")
		if l.inits != 0 || !strings.HasPrefix(page, "503") || !strings.Contains(page, "not just now") || !strings.Contains(page, "waiting for the schema registry") {
			t.Errorf("Initialize %d times; /readyz says\n%s", l.inits, page)
		}
		down.Lift()
		if d := s.complete(r, l, 5*time.Minute); d != 0 {
			t.Errorf("%d duplicates", d)
		}
	})
}

// A stop does not wait for a registry.
func TestStopWhileTheRegistryIsDown(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		s.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Code: codes.Unavailable, Times: devbroker.Keep})
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		r := s.start(l, s.config(y.entry(topic, "auto_register = true")))
		s.pass(time.Minute)
		began := time.Now()
		if err := r.stop(); err != nil || time.Since(began) > time.Second {
			t.Errorf("stop = %v after %v", err, time.Since(began))
		}
	})
}

// While the connector runs, a registry that is down changes nothing but the board.
func TestRegistryDownWhileRunning(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		l.every = time.Second
		r := s.start(l, s.config(y.entry(topic, "auto_register = true")))
		s.eventually("first records", time.Minute, func() bool { return len(s.received(topic)) > 0 })
		down := s.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Code: codes.Unavailable, Text: "not just now", Times: devbroker.Keep})
		s.eventually("the trouble on the board", time.Minute, func() bool {
			return r.says("/readyz", "schemas in use stay in use") && r.says("/readyz", "not just now") && r.says("/readyz", "200")
		})
		s.complete(r, l, 5*time.Minute)
		down.Lift()
		if got := s.versions(topic); len(got) != 1 || got[nameOf(y.latest())] != l.all() {
			t.Errorf("messages of %v", got)
		}
	})
}

// A changed schema is followed from one record to the next, or only told.
func TestSchemaChangesWhileRunning(t *testing.T) {
	for _, policy := range []string{"keep", "follow"} {
		t.Run(policy, func(t *testing.T) {
			plain(t, func(s *stand) {
				topic := s.topic()
				y, l := s.typed(ledgerSchema), newLedger(topic)
				l.limit, l.batch, l.every = 200, 5, 300*time.Millisecond
				r := s.start(l, s.config(y.entry(topic, fmt.Sprintf("auto_register = true\non_change = %q", policy))))
				s.eventually("first records", time.Minute, func() bool { return len(s.received(topic)) > 0 })
				first := y.latest()
				second := y.register(secondSchema)
				s.eventually("the change on the board", time.Minute, func() bool {
					return r.says("/readyz", "from version 1 to version 2: added q (string)")
				})
				if d := s.complete(r, l, 5*time.Minute); d != 0 {
					t.Errorf("%d duplicates", d)
				}
				got := s.versions(topic)
				switch {
				case policy == "keep" && (len(got) != 1 || got[nameOf(first)] != l.all()):
					t.Errorf("messages of %v, want all of %s", got, nameOf(first))
				case policy == "follow" && (len(got) != 2 || got[nameOf(first)] == 0 || got[nameOf(second)] == 0):
					t.Errorf("messages of %v, want some of %s and then of %s", got, nameOf(first), nameOf(second))
				}
			})
		})
	}
}

// A schema that must not change stops the runtime in order when it does.
func TestSchemaMustNotChange(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		l.limit, l.every = 2000, 100*time.Millisecond
		r := s.start(l, s.config(y.entry(topic, "auto_register = true\non_change = \"halt\"")))
		s.eventually("first records", time.Minute, func() bool { return len(s.received(topic)) > 0 })
		y.register(secondSchema)
		err := r.wait()
		if !errors.Is(err, connect.ClassFatal) || !contains(err, `on_change is "halt"`) || !contains(err, "from version 1 to version 2: added q (string)") {
			t.Errorf("Run = %v", err)
		}
		s.reconcile(r)
		if got := r.Totals(); got.InFlight != 0 || got.Committed != got.Read {
			t.Errorf("after an ordered stop: %+v", got)
		}
		s.judge(l)
	})
}

// A record that does not fit its schema is invalid before it is sent.
func TestRecordThatDoesNotFit(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n != 3 {
				return nil, nil
			}
			return []connect.Envelope{connect.RawJSON(topic, []byte(`{"p":"p0","n":0}`)).WithKey("p0-0").At(connect.Offset{Partition: "p9", Value: 1})}, nil
		}
		err := s.start(l, s.config(y.entry(topic, "auto_register = true"))).wait()
		if !errors.Is(err, connect.ClassInvalid) || !contains(err, "/n") {
			t.Errorf("Run = %v, want the record and where it is wrong", err)
		}
	})
}

// One record among many that does not fit is a dead letter, by itself, and says
// where; the letter has no schema.
func TestRecordThatDoesNotFitIsALetter(t *testing.T) {
	faulty(t, devbroker.Settings{}, func(s *stand) {
		topic, box := s.topic(), s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		l.poll = func(n int) ([]connect.Envelope, error) {
			if n != 3 {
				return nil, nil
			}
			return []connect.Envelope{connect.RawJSON(topic, []byte(`{"p":"odd","n":0}`)).WithKey("odd").At(connect.Offset{Partition: "p9", Value: 1})}, nil
		}
		more := fmt.Sprintf("[errors]\non_invalid = \"dead_letter\"\ndead_letter_topic = %q\n", box)
		r := s.start(l, s.config(more+y.entry(topic, "auto_register = true")))
		s.eventually("everything committed", time.Minute, func() bool {
			_, n := l.state()
			return n == l.all()+1
		})
		must(s.t, r.stop())
		s.reconcile(r)
		if got := r.Totals(); got.DeadLettered != 1 || got.Published != uint64(l.all()) {
			t.Errorf("%+v", got)
		}
		letters := 0
		for m := range s.broker.Log(box) {
			letters++
			if m.SchemaID != 0 || m.SchemaVersion != 0 || string(m.Payload) != `{"p":"odd","n":0}` || !strings.Contains(fmt.Sprint(m.Attributes), "/n") {
				t.Errorf("the letter is %+v", m)
			}
		}
		if letters != 1 {
			t.Errorf("%d letters", letters)
		}
	})
}

// ask makes a call of the registry that the runtime never makes.
func (s *stand) ask(method string, in, out proto.Message) {
	s.t.Helper()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if s.network != nil {
		options = append(options, grpc.WithContextDialer(s.network.Dial))
	}
	cc, err := grpc.NewClient("passthrough:///"+strings.TrimPrefix(s.url, "http://"), options...)
	must(s.t, err)
	defer cc.Close()
	must(s.t, cc.Invoke(s.t.Context(), method, in, out))
}

// enforce makes the broker check the payloads of a topic that exists.
func (s *stand) enforce(topic, subject string) {
	s.t.Helper()
	s.ask(wire.ConfigureTopicSchema, &wire.ConfigureTopicSchemaRequest{
		TopicName: topic, SchemaSubject: subject, ValidationPolicy: "enforce", EnablePayloadValidation: true,
	}, new(wire.ConfigureTopicSchemaResponse))
}

// With the broker's own check of payloads on, what fits its schema passes.
func TestBrokerChecksPayloads(t *testing.T) {
	plain(t, func(s *stand) {
		topic := s.topic()
		y, l := s.typed(ledgerSchema), newLedger(topic)
		l.limit = 40
		cfg := s.config(y.entry(topic, "auto_register = true"))
		s.complete(s.start(l, cfg), l, time.Minute) // makes topic and subject
		s.enforce(topic, y.subject)
		l.limit = 80
		s.complete(s.start(l, cfg), l, time.Minute)
	})
}

// oneOfEach is a definition and a record for every type, and the form of it that
// a broker takes which checks payloads; protobuf has none.
var oneOfEach = []struct {
	schemaType, encoding, definition string
	record                           func(topic string) connect.Record
}{
	{"json_schema", "", ledgerSchema, func(t string) connect.Record { return connect.RawJSON(t, []byte(`{"p":"a","n":1}`)) }},
	{"avro", "ocf", `{"type":"record","name":"r","fields":[{"name":"n","type":"long"}]}`, func(t string) connect.Record { return connect.RawJSON(t, []byte(`{"n":9007199254740993}`)) }},
	{"protobuf", "", "syntax = \"proto3\";\nmessage Reading { int64 n = 1; }\n", func(t string) connect.Record { return connect.RawJSON(t, []byte(`{"n":"5"}`)) }},
	{"string", "", "", func(t string) connect.Record { return connect.String(t, "text") }},
	{"number", "binary", "", func(t string) connect.Record { return connect.Number(t, 21.5) }},
	{"bytes", "", "", func(t string) connect.Record { return connect.Bytes(t, []byte{0, 255}) }},
}

// Every type is registered, encoded and taken, also by a broker that checks the
// payloads.
func TestEveryTypeUnderEnforcement(t *testing.T) {
	plain(t, func(s *stand) {
		var toml strings.Builder
		var topics []string
		var records []connect.Envelope
		subjects := map[string]string{}
		for _, each := range oneOfEach {
			topic := fmt.Sprintf("/default/connect-test-%s-%x", strings.ReplaceAll(each.schemaType, "_", "-"), rand.Uint64())
			y := s.typed(each.definition)
			entry := strings.Replace(y.entry(topic, "auto_register = true"), `"json_schema"`, fmt.Sprintf("%q", each.schemaType), 1)
			if each.encoding != "" {
				entry += fmt.Sprintf("encoding = %q\n", each.encoding)
			}
			toml.WriteString(entry)
			topics, records = append(topics, topic), append(records, each.record(topic).Envelope())
			if each.schemaType != "protobuf" {
				subjects[topic] = y.subject
			}
		}
		cfg := s.config(toml.String())
		for _, enforced := range []bool{false, true} {
			for topic, subject := range subjects {
				if enforced {
					s.enforce(topic, subject)
				}
			}
			said := make(chan error, 1)
			r := s.start(&stream{topics: topics, stream: func(ctx context.Context, out connect.Sender) error {
				said <- out.Deliver(ctx, connect.Acknowledged, records...)
				<-ctx.Done()
				return nil
			}}, cfg)
			select {
			case err := <-said:
				must(s.t, err)
			case <-r.ended:
				s.t.Fatalf("enforced %t: Run = %v", enforced, r.err)
			}
			must(s.t, r.stop())
		}
		if s.broker == nil {
			return
		}
		for _, topic := range topics {
			for m := range s.broker.Log(topic) {
				if m.SchemaID == 0 || m.SchemaVersion != 1 {
					t.Errorf("%s: carries id %d version %d", topic, m.SchemaID, m.SchemaVersion)
				}
			}
		}
	})
}

// A form that the broker would refuse is found before the first record is sent,
// with the form that would pass.
func TestFormTheBrokerWouldRefuse(t *testing.T) {
	plain(t, func(s *stand) {
		topic, subject := fmt.Sprintf("/default/connect-test-%x", rand.Uint64()), fmt.Sprintf("connect-test-%x", rand.Uint64())
		entry := fmt.Sprintf("[[schemas]]\ntopic = %q\nsubject = %q\nschema_type = \"number\"\nauto_register = true\n", topic, subject)
		source := func(said chan<- error) *stream {
			return &stream{topics: []string{topic}, stream: func(ctx context.Context, out connect.Sender) error {
				said <- out.Deliver(ctx, connect.Acknowledged, connect.Number(topic, 42).Envelope())
				<-ctx.Done()
				return nil
			}}
		}
		said := make(chan error, 1)
		r := s.start(source(said), s.config(entry))
		must(t, <-said)
		must(t, r.stop())
		s.enforce(topic, subject)
		err := s.start(source(make(chan error, 1)), s.config(entry)).wait()
		for _, want := range []string{"test.toml:3: [[schemas]] of " + topic, `policy "enforce"`, `encoding "json" of schema_type "number"`, `must be "binary"`} {
			if connect.ClassOf(err) != connect.ClassConfig || !contains(err, want) {
				t.Errorf("it does not say %q: %v", want, err)
			}
		}
		if s.broker != nil {
			n := 0
			for range s.broker.Log(topic) {
				n++
			}
			if n != 1 {
				t.Errorf("the topic holds %d messages, want the one from before", n)
			}
		}
	})
}

// A check says what a start would do.
func TestCheckSchemas(t *testing.T) {
	plain(t, func(s *stand) {
		topic, other := s.topic(), s.topic()
		y, z := s.typed(ledgerSchema), s.typed(secondSchema)
		z.register(ledgerSchema)
		got, err := supervisor.CheckSchemas(s.t.Context(), s.config(y.entry(topic, "")+z.entry(other, "auto_register = true")), s.options())
		must(t, err)
		if len(got) != 2 || connect.ClassOf(got[0].Err) != connect.ClassConfig || got[1].Action != "register" || got[1].Latest != 1 || got[1].Err != nil {
			t.Errorf("%+v", got)
		}
		cfg := s.config("")
		cfg.ConnectorName = ""
		if _, err := supervisor.CheckSchemas(s.t.Context(), cfg, s.options()); connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("with a configuration that is wrong: %v", err)
		}
	})
}

package supervisor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
)

// guideConfig is a configuration as the guide for source connectors has it: the
// core at the root, and the connector's own table beside it.
type guideConfig struct {
	config.Connector
	MySource struct {
		ExternalHost string          `toml:"external_host"`
		Routes       []connect.Route `toml:"routes"`
	} `toml:"my_source"`
}

// guideTOML is the file of the guide but for its metrics_port: the time of a bubble
// stands still while a real port is listened on.
const guideTOML = `
danube_service_url = %q
connector_name = "my-source"

[processing]
poll_interval_ms = 100

%s
# Connector-specific section
[my_source]
external_host = "system.example.com"

[[my_source.routes]]
from = "input/*"
to = "/data/events"
partitions = 4
reliable_dispatch = true
`

// reading is what the guide's connectors read from a sensor.
type reading struct {
	Device  string  `json:"device"`
	Celsius float64 `json:"celsius"`
	Serial  uint64  `json:"serial"`
}

func readingOf(i int) reading {
	return reading{fmt.Sprint("sensor-", i), 21.5 + float64(i), 1<<60 + uint64(i)}
}

// text is the reading as JSON with the serial number written by format.
func (r reading) text(format string) string {
	return fmt.Sprintf(`{"device":%q,"celsius":%v,"serial":`+format+`}`, r.Device, r.Celsius, r.Serial)
}

// guideType is a schema_type with two versions of a schema, and with records.
type guideType struct {
	schemaType, encoding string
	first, second        string
	record               func(topic string, i int) connect.Record
	json                 func(i int) string // what a consumer makes of the i-th
}

func structs(topic string, i int) connect.Record { return connect.JSON(topic, readingOf(i)) }

var guideTypes = []guideType{
	{
		schemaType: "json_schema",
		first:      `{"type":"object","properties":{"device":{"type":"string"},"celsius":{"type":"number","minimum":-90},"serial":{"type":"integer"}},"required":["device","celsius"]}`,
		second:     `{"type":"object","properties":{"device":{"type":"string"},"celsius":{"type":"number","minimum":-90},"serial":{"type":"integer"},"note":{"type":"string"}},"required":["device","celsius"]}`,
		record:     structs, json: func(i int) string { return readingOf(i).text("%d") },
	},
	{
		schemaType: "string",
		record:     func(t string, i int) connect.Record { return connect.String(t, fmt.Sprintf("line %d, 17", i)) },
		json:       func(i int) string { return fmt.Sprintf(`"line %d, 17"`, i) },
	},
	{
		schemaType: "bytes",
		record:     func(t string, i int) connect.Record { return connect.Bytes(t, []byte{0, 255, byte(i)}) },
		json:       func(i int) string { return mustJSON([]byte{0, 255, byte(i)}) },
	},
	{
		schemaType: "number",
		record:     func(t string, i int) connect.Record { return connect.Number(t, 1<<60+int64(i)) },
		json:       func(i int) string { return fmt.Sprint(1<<60 + int64(i)) },
	},
	{
		schemaType: "avro",
		first:      `{"type":"record","name":"Reading","fields":[{"name":"device","type":"string"},{"name":"celsius","type":"double"},{"name":"serial","type":"long"}]}`,
		second:     `{"type":"record","name":"Reading","fields":[{"name":"device","type":"string"},{"name":"celsius","type":"double"},{"name":"serial","type":"long"},{"name":"note","type":["null","string"],"default":null}]}`,
		record:     structs, json: func(i int) string { return readingOf(i).text("%d") },
	},
	{
		schemaType: "protobuf",
		first:      "syntax = \"proto3\";\nmessage Reading {\n  string device = 1;\n  double celsius = 2;\n  uint64 serial = 3;\n}\n",
		second:     "syntax = \"proto3\";\nmessage Reading {\n  string device = 1;\n  double celsius = 2;\n  uint64 serial = 3;\n  string note = 4;\n}\n",
		record:     structs, json: func(i int) string { return readingOf(i).text(`"%d"`) },
	},
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// guideTopic is a topic with an entry, its consumer, and what that is to see.
type guideTopic struct {
	guideType
	topic, subject string
	version        uint32
	consumer       *danube.Consumer
}

// sense is the guide's source: so many records for each topic.
type sense struct {
	topics []*guideTopic
	n, at  int
}

func (s *sense) Initialize(context.Context, connect.Epoch) error { return nil }

func (s *sense) Producers() []connect.Producer {
	var all []connect.Producer
	for _, t := range s.topics {
		all = append(all, connect.Producer{Topic: t.topic, Reliable: true})
	}
	return all
}

func (s *sense) Poll(context.Context) ([]connect.Envelope, error) {
	if s.at == s.n {
		return nil, connect.ErrEnd
	}
	var all []connect.Envelope
	for _, t := range s.topics {
		all = append(all, t.record(t.topic, s.at).WithKey("sensor").Envelope())
	}
	s.at++
	return all, nil
}

// guide is a stand with topics out of the guide.
type guide struct {
	*stand
	client *danube.Client
	dir    string
	topics []*guideTopic
	toml   strings.Builder
}

func (s *stand) guide() *guide {
	return &guide{stand: s, client: s.typed("").client, dir: s.t.TempDir()}
}

// add makes a topic with a consumer, and its [[schemas]] entry.
func (g *guide) add(each guideType, strategy, definition string, version uint32) *guideTopic {
	g.t.Helper()
	name := fmt.Sprintf("connect-test-%s-%x", strings.ReplaceAll(each.schemaType, "_", "-"), rand.Uint64())
	t := &guideTopic{guideType: each, topic: "/default/" + name, subject: name, version: version}
	fmt.Fprintf(&g.toml, "[[schemas]]\ntopic = %q\nsubject = %q\nschema_type = %q\n", t.topic, t.subject, each.schemaType)
	if definition != "" {
		must(g.t, os.WriteFile(filepath.Join(g.dir, name), []byte(definition), 0o600))
		fmt.Fprintf(&g.toml, "schema_file = %q\n", name)
	}
	if each.encoding != "" {
		fmt.Fprintf(&g.toml, "encoding = %q\n", each.encoding)
	}
	fmt.Fprintf(&g.toml, "auto_register = true\nversion_strategy = %s\n\n", strategy)

	t.consumer = g.subscribe(t.topic)
	g.topics = append(g.topics, t)
	return t
}

// subscribe makes a topic and returns a consumer of it.
func (g *guide) subscribe(topic string) *danube.Consumer {
	g.t.Helper()
	transport, err := g.client.Transport(danube.Topic{Producer: connect.Producer{Topic: topic, Reliable: true}, Connector: "test"})
	must(g.t, err)
	transport.Open(0)
	<-transport.Events().Wake()
	transport.Close()
	consumer, err := g.client.Subscribe(g.t.Context(), danube.Subscription{Topic: topic, Name: "guide", Wait: true})
	must(g.t, err)
	return consumer
}

// register registers definitions as somebody else.
func (g *guide) register(t *guideTopic, definitions ...string) {
	g.t.Helper()
	for _, definition := range definitions {
		_, err := g.client.RegisterSchema(g.t.Context(), registry.Schema{Subject: t.subject, Type: t.schemaType, Definition: []byte(definition)}, "somebody")
		must(g.t, err)
	}
}

// run runs a connector for all topics, and holds what consumers decode against what
// was read.
func (g *guide) run(n int) {
	g.t.Helper()
	cfg, err := config.Parse[guideConfig](filepath.Join(g.dir, "connector.toml"), fmt.Appendf(nil, guideTOML, g.url, g.toml.String()), nil)
	must(g.t, err)
	r := g.start(&sense{topics: g.topics, n: n}, cfg.Connector)
	ctx, cancel := context.WithTimeout(g.t.Context(), time.Minute)
	defer cancel()
	reader := schemas.NewReader(g.client, schemas.Form{})
	for _, t := range g.topics {
		for i := range n {
			m, err := t.consumer.Receive(ctx)
			if err != nil {
				r.Kill()
				g.t.Fatalf("%s: %v; Run = %v", t.topic, err, r.wait())
			}
			must(g.t, t.consumer.Ack(ctx, m))
			text, by, err := reader.Decode(ctx, m.SchemaID, m.SchemaVersion, m.Payload)
			if err != nil || same(g.t, text) != same(g.t, []byte(t.json(i))) {
				g.t.Errorf("%s: message %d reads as %s, %v; want %s", t.topic, i, text, err, t.json(i))
			}
			if by.Subject != t.subject || by.Version != t.version || by.Type != t.schemaType {
				g.t.Errorf("%s: message %d is of %s version %d, a %s; want version %d", t.topic, i, by.Subject, by.Version, by.Type, t.version)
			}
		}
	}
	must(g.t, r.wait())
	g.reconcile(r)
}

// same is one text for all JSON that says the same, numbers as they are written.
func same(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return fmt.Sprintf("%q: %v", text, err)
	}
	return mustJSON(v)
}

// The guide's file, with every schema_type and every version_strategy: whatever is
// read arrives, and says by which version it can be read.
func TestGuideEveryTypeAndStrategy(t *testing.T) {
	plain(t, func(s *stand) {
		g := s.guide()
		for _, each := range guideTypes {
			if each.first == "" { // such a type has one version, whoever registers it
				g.add(each, `"latest"`, "", 1)
				g.register(g.add(each, `{ pinned = 1 }`, "", 1), "")
				g.register(g.add(each, `{ minimum = 1 }`, "", 1), "")
				continue
			}
			g.add(each, `"latest"`, each.first, 1)
			g.register(g.add(each, `{ pinned = 1 }`, each.first, 1), each.first, each.second)
			g.register(g.add(each, `{ minimum = 2 }`, each.second, 2), each.first)
		}
		g.run(5)
	})
}

// The types that a broker's payload validation has a form for, on topics that take
// nothing else.
func TestGuideUnderEnforcement(t *testing.T) {
	plain(t, func(s *stand) {
		g := s.guide()
		for _, each := range guideTypes {
			switch each.schemaType {
			case "avro":
				each.encoding = "ocf"
			case "number":
				each.encoding = "binary" // which holds what a float64 does
				each.record = func(t string, i int) connect.Record { return connect.Number(t, readingOf(i).Celsius) }
				each.json = func(i int) string { return fmt.Sprint(readingOf(i).Celsius) }
			case "json_schema", "string":
			default:
				continue
			}
			made := g.add(each, `"latest"`, each.first, 1)
			g.register(made, each.first)
			g.enforce(made.topic, made.subject)
		}
		g.run(5)
		// The policy is there: the same topic takes nothing that has no schema.
		bare := &sense{topics: g.topics[:1], n: 1}
		if err := s.start(bare, s.config("")).wait(); !contains(err, "missing schema_id") || !errors.Is(err, connect.ClassInvalid) {
			t.Errorf("without [[schemas]]: Run = %v, want it refused", err)
		}
	})
}

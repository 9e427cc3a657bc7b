package devbroker_test

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// configure is ConfigureTopicSchema.
func (c *client) configure(topic, subject, policy string, payloads bool) error {
	_, err := try[wire.ConfigureTopicSchemaResponse](c, wire.ConfigureTopicSchema, &wire.ConfigureTopicSchemaRequest{
		TopicName: topic, SchemaSubject: subject, ValidationPolicy: policy, EnablePayloadValidation: payloads,
	})
	return err
}

// update is UpdateTopicValidationPolicy.
func (c *client) update(topic, policy string, payloads bool) error {
	_, err := try[wire.UpdateTopicValidationPolicyResponse](c, wire.UpdateTopicValidationPolicy, &wire.UpdateTopicValidationPolicyRequest{
		TopicName: topic, ValidationPolicy: policy, EnablePayloadValidation: payloads,
	})
	return err
}

// config is GetTopicSchemaConfig.
func (c *client) config(topic string) (*wire.GetTopicSchemaConfigResponse, error) {
	return try[wire.GetTopicSchemaConfigResponse](c, wire.GetTopicSchemaConfig, &wire.GetTopicSchemaConfigRequest{TopicName: topic})
}

// policies are what becomes of a message that names a schema, or none, under each
// policy: "" is accepted. The topic is bound to subject 1, another subject is 2, and
// 9 is nobody's. The payload is always of the wrong type.
var policies = []struct {
	policy   string
	payloads bool
	bound    bool
	id       uint64 // 0: none
	want     string
}{
	{"none", true, true, 0, ""},
	{"none", true, true, 9, ""},
	{"none", true, true, 1, ""},
	{"warn", true, false, 0, ""},
	{"warn", true, false, 9, ""},
	{"warn", true, true, 0, ""},
	{"warn", true, true, 2, ""},
	{"warn", true, true, 9, "Schema ID 9 not found in registry"},
	{"warn", true, true, 1, "Payload validation failed"},
	{"warn", false, true, 1, ""},
	{"enforce", false, false, 1, "requires schema but none"},
	{"enforce", false, true, 0, "missing schema_id"},
	{"enforce", false, true, 2, "subject mismatch"},
	{"enforce", false, true, 9, "Schema ID 9 not found in registry"},
	{"enforce", false, true, 1, ""},
	{"enforce", true, true, 1, "Payload validation failed"},
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, row := range policies {
		w := start(t, devbroker.Settings{Topics: []string{topicT}})
		c := w.client(0)
		c.register(t, "number", "number", "")
		c.register(t, "other", "string", "")
		if row.bound {
			if err := c.configure(topicT, "number", row.policy, row.payloads); err != nil {
				t.Fatal(err)
			}
		} else {
			wantStatus(t, c.update(topicT, row.policy, row.payloads), codes.FailedPrecondition, "no schema subject")
		}
		id := c.producer(topicT, "p")
		m := sending(topicT, id, "not a number")
		if row.id > 0 {
			m.SchemaId = new(row.id)
		}
		code := codes.OK
		if row.want != "" {
			code = codes.PermissionDenied
		}
		wantStatus(t, c.trySend(m), code, row.want)
		if kept := len(w.payloads(topicT)); (kept == 1) != (row.want == "") {
			t.Errorf("%+v: the log holds %d messages", row, kept)
		}
	}
}

const reading = `{"type":"record","name":"reading","fields":[{"name":"id","type":"long"}]}`

// container is one object container file with the values.
func container(t *testing.T, schema string, values ...any) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := ocf.NewWriter(&file, avro.MustParse(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := w.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestPayloads(t *testing.T) {
	t.Parallel()
	one := map[string]any{"id": int64(7)}
	datum, err := avro.MustParse(reading).Encode(one)
	if err != nil {
		t.Fatal(err)
	}
	const object = `{"type":"object","required":["id"],"properties":{"id":{"type":"integer"}}}`
	for name, row := range map[string]struct {
		kind, definition string
		payload          []byte
		fine             bool
	}{
		"bytes":                    {"bytes", "", []byte{0xff}, true},
		"text":                     {"string", "", []byte("héllo"), true},
		"no text":                  {"string", "", []byte{0xff}, false},
		"eight bytes":              {"number", "", make([]byte, 8), true},
		"four characters":          {"number", "", []byte("-3.5"), true},
		"two characters":           {"number", "", []byte("42"), false},
		"object":                   {"json_schema", object, []byte(`{"id":1}`), true},
		"object, wrong":            {"json_schema", object, []byte(`{"id":"1"}`), false},
		"object, lacking":          {"json_schema", object, []byte(`{}`), false},
		"object, no JSON":          {"json_schema", object, []byte(`{`), false},
		"draft 7":                  {"json_schema", `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"null"}]}`, []byte(`[1]`), false},
		"refers to a file":         {"json_schema", `{"$ref":"file:///etc/hostname"}`, []byte(`1`), false},
		"container":                {"avro", reading, container(t, reading, one), true},
		"container, two values":    {"avro", reading, container(t, reading, one, one), true},
		"container, no values":     {"avro", reading, container(t, reading), false},
		"container, other records": {"avro", reading, container(t, `{"type":"record","name":"reading","fields":[{"name":"x","type":"string"}]}`, map[string]any{"x": "y"}), false},
		"container, cut":           {"avro", reading, container(t, reading, one)[:20], false},
		"datum":                    {"avro", reading, datum, false},
		"avro as JSON":             {"avro", reading, []byte(`{"id":7}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, devbroker.Settings{Topics: []string{topicT}})
			c := w.client(0)
			out := c.register(t, "s", row.kind, row.definition)
			if err := c.configure(topicT, "s", "enforce", true); err != nil {
				t.Fatal(err)
			}
			m := sending(topicT, c.producer(topicT, "p"), "")
			m.Payload, m.SchemaId, m.SchemaVersion = row.payload, &out.SchemaId, &out.Version
			if row.fine {
				wantStatus(t, c.trySend(m), codes.OK, "")
			} else {
				wantStatus(t, c.trySend(m), codes.PermissionDenied, "Payload validation failed")
			}
		})
	}
}

// The real broker's handler is not written for Protobuf, and dies.
func TestProtobufPayloadsKillTheHandler(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Topics: []string{topicT}})
	c := w.client(0)
	c.register(t, "s", "protobuf", `message A {}`)
	if err := c.configure(topicT, "s", "warn", true); err != nil {
		t.Fatal(err)
	}
	m := sending(topicT, c.producer(topicT, "p"), "")
	m.SchemaId = proto.Uint64(1)
	wantStatus(t, c.trySend(m), codes.Canceled, "stream terminated by RST_STREAM")
	c.send(topicT, c.producer(topicT, "p"), "the connection lives")
}

// A message is held to its own version; the version of the first is the quirk.
func TestVersionOfAPayload(t *testing.T) {
	t.Parallel()
	for _, quirk := range []bool{false, true} {
		w := start(t, devbroker.Settings{Topics: []string{topicT}, Quirks: devbroker.Quirks{FirstVersion: quirk}})
		c := w.client(0)
		c.register(t, "s", "json_schema", `{"properties":{"a":{"type":"string"}}}`)
		c.register(t, "s", "json_schema", `{"properties":{"a":{"type":"string"},"b":{"type":"string"}}}`)
		if err := c.configure(topicT, "s", "warn", true); err != nil {
			t.Fatal(err)
		}
		id := c.producer(topicT, "p")
		send := func(payload string, version uint32) error {
			m := sending(topicT, id, payload)
			m.SchemaId = proto.Uint64(1)
			if version > 0 {
				m.SchemaVersion = &version
			}
			return c.trySend(m)
		}
		wantStatus(t, send(`{"b":1}`, 0), codes.OK, "") // 1, which knows no b
		want := codes.PermissionDenied
		if quirk {
			want = codes.OK
		}
		wantStatus(t, send(`{"b":1}`, 2), want, "")
		want = codes.PermissionDenied
		if quirk {
			want = codes.OK
		}
		wantStatus(t, send(`{}`, 3), want, "")
	}
}

func TestTopicConfiguration(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Listen: []string{"a:1", "b:1"}, Topics: []string{topicT}})
	c, elsewhere := w.client(0), w.client(1)
	c.register(t, "s", "string", "")

	_, err := c.config("/default/none")
	wantStatus(t, err, codes.NotFound, "/default/none")
	_, err = elsewhere.config(topicT)
	wantStatus(t, err, codes.NotFound, topicT)
	wantStatus(t, elsewhere.configure(topicT, "s", "warn", false), codes.NotFound, topicT)
	wantStatus(t, elsewhere.update(topicT, "warn", false), codes.NotFound, topicT)
	wantStatus(t, c.configure(topicT, "none", "warn", false), codes.NotFound, "'none' not found in registry")
	wantStatus(t, c.configure(topicT, "s", "strict", false), codes.InvalidArgument, "'strict'")
	wantStatus(t, c.update(topicT, "", false), codes.InvalidArgument, "''")

	want := func(subject, policy string, payloads bool) {
		t.Helper()
		got, err := c.config(topicT)
		if err != nil || !proto.Equal(got, &wire.GetTopicSchemaConfigResponse{SchemaSubject: subject, ValidationPolicy: policy, EnablePayloadValidation: payloads}) {
			t.Errorf("got %v, %v; want %s, %s, %t", got, err, subject, policy, payloads)
		}
	}
	want("", "warn", false)
	// Refused, and changed all the same.
	wantStatus(t, c.update(topicT, "None", true), codes.FailedPrecondition, "no schema subject")
	want("", "none", true)
	if err := c.configure(topicT, "s", "ENFORCE", false); err != nil {
		t.Fatal(err)
	}
	want("s", "enforce", false)
	if err := c.update(topicT, "warn", true); err != nil {
		t.Fatal(err)
	}
	want("s", "warn", true)
}

// What an administrator bound is stored with the topic; what a producer bound, and
// a policy without a subject, is not.
func TestConfigurationOutlivesARestart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Topics: []string{topicT, "/default/other"}})
		c := w.client(0)
		c.register(t, "s", "string", "")
		if err := c.configure(topicT, "s", "enforce", true); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, c.update("/default/other", "enforce", true), codes.FailedPrecondition, "")
		w.Forget()
		synctest.Wait()
		for topic, want := range map[string]string{topicT: "enforce", "/default/other": "warn"} {
			if got, err := c.config(topic); err != nil || got.ValidationPolicy != want {
				t.Errorf("%s: %v, %v; want %s", topic, got, err, want)
			}
		}
	})
}

// Registrations at one time: each is answered alike, or each for itself.
func TestQuirkUnlockedRegistry(t *testing.T) {
	for name, quirk := range map[string]bool{"off": false, "on": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { registerAtOnce(t, quirk) })
		})
	}
}

func registerAtOnce(t *testing.T, quirk bool) {
	w := start(t, devbroker.Settings{Quirks: devbroker.Quirks{UnlockedRegistry: quirk}})
	c := w.client(0)
	const many = 8
	answers := make(chan *wire.RegisterSchemaResponse, many)
	for range many {
		async(func() error {
			out, err := c.tryRegister("s", "json_schema", `{}`)
			answers <- out
			return err
		})
	}
	var ids []uint64
	for range many {
		out := <-answers
		if out.GetVersion() != 1 {
			t.Errorf("got %v; want version 1", out)
		}
		ids = append(ids, out.GetSchemaId())
	}
	slices.Sort(ids)
	want := many
	if !quirk {
		want = 1
	}
	if got := len(slices.Compact(slices.Clone(ids))); got != want {
		t.Errorf("ids are %v; want %d of them", ids, want)
	}
	// What is left is one of them, and it stays.
	latest, err := c.latest("s")
	if err != nil || !slices.Contains(ids, latest.SchemaId) || latest.Version != 1 {
		t.Errorf("latest is %v, %v", latest, err)
	}
	if out := c.register(t, "s", "json_schema", ` { } `); out.IsNewVersion || out.SchemaId != latest.SchemaId {
		t.Errorf("registering it again: %v", out)
	}
}

func TestTopicsBringTheirNamespaces(t *testing.T) {
	t.Parallel()
	w := start(t, devbroker.Settings{Topics: []string{"/iot/sensors"}})
	if _, err := w.client(0).tryProducer(producing("/iot/sensors", "p")); err != nil {
		t.Error(err)
	}
}

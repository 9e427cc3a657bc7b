package schemas

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

const (
	avroReading  = `{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}, {"name": "n", "type": "long"}]}`
	protoReading = "syntax = \"proto3\";\npackage p;\nmessage R { string a = 1; int64 n = 2; }\n"
	protoTwo     = "syntax = \"proto3\";\npackage p;\nmessage R { string a = 1; }\nmessage S { string b = 1; }\n"
)

// written are messages of every form, with what they are read as.
var written = []struct {
	name, schemaType, definition string
	encoding, message            string // of the writer
	form                         Form   // of the reader
	record, read                 string
}{
	{name: "json", schemaType: "json_schema", definition: oneField, record: `{"a":"x"}`},
	{name: "string", schemaType: "string", record: `"17"`},
	{name: "bytes", schemaType: "bytes", record: `"AAH/"`},
	{name: "number", schemaType: "number", record: `42`},
	{name: "binary", schemaType: "number", encoding: "binary", record: `42.5`},
	{name: "binary-told", schemaType: "number", encoding: "binary", form: Form{Encoding: "binary"}, record: `-3`},
	{name: "avro-json", schemaType: "avro", definition: avroReading, record: `{"a":"x","n":7}`},
	{name: "avro-ocf", schemaType: "avro", definition: avroReading, encoding: "ocf", record: `{"a":"x","n":7}`},
	{name: "avro-single", schemaType: "avro", definition: avroReading, encoding: "single_object", record: `{"a":"x","n":7}`},
	{name: "avro-datum", schemaType: "avro", definition: avroReading, encoding: "datum", record: `{"a":"x","n":7}`},
	{name: "protobuf", schemaType: "protobuf", definition: protoReading, record: `{"a":"x","n":"7"}`},
	{name: "two", schemaType: "protobuf", definition: protoTwo, message: "p.S", form: Form{Message: "p.S"}, record: `{"b":"x"}`},
}

// What a codec writes is read by what the registry says of the version it names,
// and by nothing else.
func TestReaderReadsWhatCodecsWrite(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		for _, w := range written {
			s := r.registerAs(w.name, w.schemaType, w.definition)
			c, err := codec.For(codec.Settings{SchemaType: w.schemaType, Schema: []byte(w.definition), Encoding: w.encoding, Message: w.message})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := c.Encode(connect.RawJSON("/default/t", []byte(w.record)))
			if err != nil {
				t.Fatal(err)
			}
			text, by, err := NewReader(r.Client, w.form).Decode(t.Context(), s.ID, s.Version, payload)
			if err != nil || string(text) != w.record || by.Subject != s.Subject || by.Version != 1 {
				t.Errorf("%s: read %s by %s version %d, %v; want %s by %s", w.name, text, by.Subject, by.Version, err, w.record, s.Subject)
			}
		}
	})
}

// What cannot be read says why, and by which schema it should be.
func TestReaderSaysWhatItCannotRead(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		s, two := r.register("orders", oneField), r.registerAs("two", "protobuf", protoTwo)
		reader := NewReader(r.Client, Form{})
		for _, c := range []struct {
			of      registry.Schema
			payload string
			says    []string
		}{
			{s, `{"a":7}`, []string{s.Subject, "version 1", "/a"}},
			{two, "\x0a\x01x", []string{two.Subject, "message"}},
		} {
			_, by, err := reader.Decode(t.Context(), c.of.ID, c.of.Version, []byte(c.payload))
			if err == nil || by.Subject != c.of.Subject {
				t.Fatalf("%s: read by %s: %v", c.of.Subject, by.Subject, err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v; want %q in it", err, want)
				}
			}
		}
		if _, _, err := reader.Decode(t.Context(), 1<<40, 1, nil); !errors.Is(err, registry.ErrAbsent) || connect.ClassOf(err) != connect.ClassInvalid {
			t.Errorf("an id that nobody has: %v", err)
		}
	})
}

// The registry is asked once about a version; a registry that is down is asked
// again.
func TestReaderAsksOnce(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		s := r.register("orders", oneField)
		reader := NewReader(r.Client, Form{})
		down := r.broker.Script(devbroker.Fault{Method: "GetSchema", Code: codes.Unavailable, Text: "not just now", Times: devbroker.Keep})
		if _, _, err := reader.Decode(t.Context(), s.ID, 1, []byte(`{"a":"x"}`)); connect.ClassOf(err) != connect.ClassRetryable || !strings.Contains(err.Error(), "not just now") {
			t.Errorf("a registry that is down: %v", err)
		}
		down.Lift()
		for range 2 {
			if _, _, err := reader.Decode(t.Context(), s.ID, 1, []byte(`{"a":"x"}`)); err != nil {
				t.Error(err)
			}
			r.broker.Script(devbroker.Fault{Method: "GetSchema", Code: codes.Unavailable, Times: devbroker.Keep})
		}
	})
}

package codec

import (
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	connect "github.com/danube-messaging/danube-connect-go"
)

const sensorProto = `syntax = "proto3";
package iot;
import "shared/place.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/any.proto";
import "google/protobuf/wrappers.proto";

message Reading {
  string device_id = 1;
  int64 seq = 2;
  uint64 big = 3;
  int32 small = 4;
  double value = 5;
  bytes raw = 6;
  Mode mode = 7;
  map<string, int32> counts = 8;
  repeated Place path = 9;
  google.protobuf.Timestamp at = 10;
  google.protobuf.Struct more = 11;
  google.protobuf.Any any = 12;
  google.protobuf.StringValue note = 13;
  oneof source { string wire = 14; int32 port = 15; }
  map<string, Place> places = 16;
  Inner inner = 17;
  enum Mode { OFF = 0; ON = 1; }
  message Inner { Reading prior = 1; }
}
`

const placeProto = `syntax = "proto3";
package iot;
message Place { float lat = 1; float lon = 2; }
`

func sensorSettings() Settings {
	return Settings{
		SchemaType: "protobuf", Schema: []byte(sensorProto), Name: "sensor.proto", Message: "iot.Reading",
		Refs: []Ref{{"shared/place.proto", []byte(placeProto)}},
	}
}

func protobufOf(tb testing.TB, s Settings) protobufCodec {
	tb.Helper()
	c, err := For(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c.(protobufCodec)
}

// fullReading sets every field of iot.Reading, but for one of the oneof.
const fullReading = `{"deviceId":"d","seq":"9007199254740993","big":"18446744073709551615","small":-1,"value":0.1,"raw":"AP8=","mode":"ON",` +
	`"counts":{"a":1,"b":2},"path":[{"lat":48.5,"lon":11.5},{}],"at":"2026-11-25T18:00:00.123456789Z","more":{"k":[1,null,"x"]},` +
	`"any":{"@type":"type.googleapis.com/iot.Place","lat":1},"note":"n","port":5,"places":{"home":{"lat":2}},"inner":{"prior":{"deviceId":"e"}}}`

func TestProtobufRoundTrip(t *testing.T) {
	t.Parallel()
	c := protobufOf(t, sensorSettings())
	payload, err := c.Encode(connect.RawJSON("t", []byte(fullReading)))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := c.Decode(payload); err != nil || string(text) != fullReading {
		t.Errorf("%s, %v; want\n%s", text, err, fullReading)
	}
	// The names of the file do as well, and numbers for 64 bits.
	got, err := c.Encode(connect.JSON("t", map[string]any{"device_id": "d", "seq": int64(9007199254740993), "big": uint64(18446744073709551615)}))
	if want := "0a0164" + "108180808080808010" + "18ffffffffffffffffff01"; err != nil || hex.EncodeToString(got) != want {
		t.Errorf("%x, %v; want %s", got, err, want)
	}
	// A message that is encoded already passes as it is.
	if same, err := c.Encode(connect.Bytes("t", payload)); err != nil || &same[0] != &payload[0] {
		t.Error(err)
	}
	for _, bad := range []string{"\x0a", "\xf8\x07\x01", "\x0a\x01\xff", "\x4a\x03\xf8\x07\x01", "\x8a\x01\x05\x0a\x03\xf8\x07\x01"} {
		_, err := c.Encode(connect.Bytes("t", []byte(bad)))
		checkInvalid(t, connect.Bytes("t", []byte(bad)), err, "are no iot.Reading")
	}
	if text, err := c.Decode([]byte("\x20\x01\xf8\x07\x01")); err != nil || string(text) != `{"small":1}` {
		t.Errorf("unknown fields are left out: %s, %v", text, err)
	}
	if _, err := c.Decode([]byte("\x0a")); connect.ClassOf(err) != connect.ClassInvalid {
		t.Error(err)
	}
}

func TestProtobufMisfits(t *testing.T) {
	t.Parallel()
	c := protobufOf(t, sensorSettings())
	for text, says := range map[string]string{
		`{"speed": 1}`:                                       `"/speed" (fields): must not be there, is no field`,
		`{"inner": {"prior": {"secret": 1}}}`:                `"/inner/prior/secret" (fields)`,
		"{\n\"seq\": 1,\n \"small\": \"secret-canary\"}":     `"/small" (type): must be the JSON form of protobuf's int32`,
		`{"device_id": "é", "small": 2147483648}`:            `"/small" (type): must be the JSON form of protobuf's int32`,
		`{"seq": 1.5}`:                                       `"/seq" (type): must be the JSON form of protobuf's int64`,
		`{"mode": "secret-canary"}`:                          `"/mode" (type): must be the JSON form of protobuf's enum`,
		`{"path": [{}, {"lat": "secret-canary"}]}`:           `"/path/1/lat" (type)`,
		`{"counts": {"secret-canary": "x"}}`:                 `"/counts/*" (type)`,
		`{"places": {"secret-canary": {"lat": "x"}}}`:        `"/places/*/lat" (type)`,
		`{"at": "secret-canary"}`:                            `"/at" (type): must be the JSON form of iot.Reading`,
		`{"more": {"secret-canary": 1, "secret-canary": 1}}`: `"/more/*" (fields): must be there once`,
		`{"wire": "a", "port": 1}`:                           `"/port" (oneof): must be the only one of its oneof`,
		`{"small": 1, "small": 1}`:                           `"/small" (fields): must be there once`,
		`{"device_id": "\ud83d"}`:                            `half a surrogate pair`,
		`{"path": 5}`:                                        `"/path" (type)`,
		`[]`:                                                 `at "" (type): must be the JSON form of iot.Reading`,
		`{"any": {"@type": "secret-canary"}}`:                `"/any/*" (type)`,
	} {
		_, err := c.Encode(connect.RawJSON("t", []byte(text)))
		checkInvalid(t, connect.RawJSON("t", []byte(text)), err, says)
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s shows the payload: %v", text, err)
		}
	}
	_, err := c.Encode(connect.String("t", "secret"))
	checkInvalid(t, connect.String("t", "secret"), err, `at "" (type): must be the JSON form of iot.Reading`)
	_, err = c.Encode(connect.Record{})
	checkInvalid(t, connect.Record{}, err, "has no payload")
}

func TestProtobufRequiredFields(t *testing.T) {
	t.Parallel()
	c := protobufOf(t, Settings{
		SchemaType: "protobuf", Name: "old.proto", Message: "M",
		Schema: []byte(`syntax = "proto2"; message M { required int32 n = 1; }`),
	})
	_, err := c.Encode(connect.RawJSON("t", []byte(`{}`)))
	checkInvalid(t, connect.RawJSON("t", nil), err, `"" (required): must have the field M.n`)
	_, err = c.Encode(connect.Bytes("t", nil))
	checkInvalid(t, connect.Bytes("t", nil), err, "are no M")
}

// A descriptor set gives the same bytes as its sources; what it lacks of Google's
// own files is there.
func TestProtobufDescriptorSet(t *testing.T) {
	t.Parallel()
	files, err := compileProtobuf(sensorSettings())
	if err != nil {
		t.Fatal(err)
	}
	set := new(descriptorpb.FileDescriptorSet)
	for _, name := range []string{"shared/place.proto", "sensor.proto"} {
		file, err := files.registry.FindFileByPath(name)
		if err != nil {
			t.Fatal(err)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	data, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	fromSet := protobufOf(t, Settings{SchemaType: "protobuf", Schema: data, Name: "sensor.binpb", Message: "iot.Reading"})
	got, err := fromSet.Encode(connect.RawJSON("t", []byte(fullReading)))
	want, wantErr := protobufOf(t, sensorSettings()).Encode(connect.RawJSON("t", []byte(fullReading)))
	if err != nil || wantErr != nil || string(got) != string(want) {
		t.Errorf("%x, %v; want %x, %v", got, err, want, wantErr)
	}
}

// A set nobody's compiler wrote is refused with the schema, not with each record.
func TestProtobufDescriptorSetThatMakesNoSense(t *testing.T) {
	t.Parallel()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: new("m.proto"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("M"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("of_no_type"), Number: new(int32(1)),
			Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = For(Settings{SchemaType: "protobuf", Schema: data, Name: "m.binpb", Message: "M"})
	if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "m.binpb") || !strings.Contains(err.Error(), "of_no_type") {
		t.Errorf("%v of class %v", err, connect.ClassOf(err))
	}
}

func TestProtobufSchemasThatAreNone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"syntax": {func(s *Settings) { s.Schema = []byte("syntax = \"proto3\";\nmessage M {\n  int32 n = ;\n}") }, "sensor.proto:3:13: "},
		"every mistake": {func(s *Settings) {
			s.Schema = []byte("syntax = \"proto3\";\nmessage M { Foo f = 1; }\nmessage N { Bar b = 1; }")
		}, "sensor.proto:3:13: "},
		"import":           {func(s *Settings) { s.Refs = nil }, `sensor.proto:3:8: "shared/place.proto": is not among the refs`},
		"mistake in a ref": {func(s *Settings) { s.Refs[0].Schema = []byte("message {") }, "shared/place.proto:1:9: "},
		"message":          {func(s *Settings) { s.Message = "Reading" }, `message "Reading" is not declared; must be one of iot.Reading, iot.Reading.Inner`},
		"no name":          {func(s *Settings) { s.Message = "" }, `message "" is not declared; must be one of iot.Reading, iot.Reading.Inner`},
		"an enum":          {func(s *Settings) { s.Message = "iot.Reading.Mode" }, `message "iot.Reading.Mode" is not declared`},
		"no message":       {func(s *Settings) { s.Schema = []byte(`syntax = "proto3";`) }, "declares no message"},
		"encoding":         {func(s *Settings) { s.Encoding = "json" }, `schema_type "protobuf" has one wire form`},
	} {
		s := sensorSettings()
		tt.change(&s)
		c, err := For(s)
		if c != nil || connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want %q", name, c, err, tt.want)
		}
	}
	s := sensorSettings()
	s.Schema, s.Message = []byte(placeProto), ""
	if c := protobufOf(t, s); c.message.FullName() != "iot.Place" {
		t.Errorf("the only message is not the one: %v", c.message.FullName())
	}
	s.Message = "iot.Place"
	if c := protobufOf(t, s); c.message.FullName() != "iot.Place" {
		t.Error(c.message.FullName())
	}
}

// Schemas of two topics may declare the same names, and the process's own registry
// knows of neither.
func TestProtobufRegistriesAreApart(t *testing.T) {
	t.Parallel()
	s := sensorSettings()
	protobufOf(t, s)
	s.Schema, s.Refs = []byte(`syntax = "proto3"; package iot; message Reading { string other = 1; }`), nil
	c := protobufOf(t, s)
	if got, err := c.Encode(connect.RawJSON("t", []byte(`{"other": "x"}`))); err != nil || string(got) != "\x0a\x01x" {
		t.Errorf("%x, %v", got, err)
	}
	if found, err := protoregistry.GlobalFiles.FindDescriptorByName("iot.Reading"); err == nil {
		t.Error(found)
	}
}

// What an entry of a map leaves out is the zero value; a key of two types is no key,
// as FuzzProtobuf found.
func TestProtobufMapEntriesInPart(t *testing.T) {
	t.Parallel()
	c := protobufOf(t, sensorSettings())
	for payload, want := range map[string]string{
		"\x42\x00": `{"counts":{"":0}}`, "\x42\x02\x10\x05": `{"counts":{"":5}}`, "\x42\x03\x0a\x01a": `{"counts":{"a":0}}`,
		"\x82\x01\x00": `{"places":{"":{}}}`,
	} {
		if _, err := c.Encode(connect.Bytes("t", []byte(payload))); err != nil {
			t.Errorf("%x: %v", payload, err)
		}
		if text, err := c.Decode([]byte(payload)); err != nil || string(text) != want {
			t.Errorf("%x is %s, %v; want %s", payload, text, err, want)
		}
	}
	bad := []byte("\x42\x07\x0a\x00\x0d\x01\x02\x03\x04")
	_, err := c.Encode(connect.Bytes("t", bad))
	checkInvalid(t, connect.Bytes("t", bad), err, "are no iot.Reading")
	if text, err := c.Decode(bad); text != nil || connect.ClassOf(err) != connect.ClassInvalid {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzProtobuf: JSON is refused, or becomes a message whose JSON becomes the same
// message; and any bytes that are a message have a JSON.
func FuzzProtobuf(f *testing.F) {
	c := protobufOf(f, sensorSettings())
	for _, seed := range []string{fullReading, `{}`, `{"seq": 1e3, "note": null}`, `{"wire": ""}`, "\x20\x01", "\xf8\x07\x01", `{"value": "NaN"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range []connect.Record{connect.RawJSON("t", data), connect.Bytes("t", data)} {
			payload, err := c.Encode(r)
			if err != nil {
				if connect.ClassOf(err) != connect.ClassInvalid {
					t.Error(err)
				}
				continue
			}
			text, err := c.Decode(payload)
			if err != nil {
				continue // an Any, a timestamp or the like without a JSON form
			}
			again, err := c.Encode(connect.RawJSON("t", text))
			if err != nil {
				t.Fatalf("%v: %x reads back as %s: %v", r.Kind(), payload, text, err)
			}
			if r.Kind() == connect.KindRawJSON && string(again) != string(payload) {
				t.Errorf("%s is %x; want %x", text, again, payload)
			}
		}
	})
}

package codec

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	connect "github.com/danube-messaging/danube-connect-go"
)

// avroOf returns the codec of an Avro schema.
func avroOf(tb testing.TB, encoding, schema string, refs ...Ref) *avroCodec {
	tb.Helper()
	c, err := For(Settings{SchemaType: "avro", Schema: []byte(schema), Name: "test.avsc", Encoding: encoding, Refs: refs})
	if err != nil {
		tb.Fatal(err)
	}
	return c.(*avroCodec)
}

// sensorSchema has every type there is.
const sensorSchema = `{
	"type": "record", "name": "Reading", "namespace": "iot", "fields": [
	{"name": "device", "type": "string"},
	{"name": "seq", "type": "long"},
	{"name": "small", "type": "int", "default": 7},
	{"name": "ok", "type": "boolean", "default": true},
	{"name": "ratio", "type": "float", "default": 0.5},
	{"name": "value", "type": ["null", "double"], "default": null},
	{"name": "raw", "type": "bytes", "default": "\u00ff\u0001"},
	{"name": "mode", "type": {"type": "enum", "name": "Mode", "symbols": ["OFF", "ON"]}, "default": "ON"},
	{"name": "mac", "type": {"type": "fixed", "name": "Mac", "size": 3}, "default": "abc"},
	{"name": "tags", "type": {"type": "map", "values": "string"}, "default": {}},
	{"name": "path", "type": {"type": "array", "items": "Mode"}, "default": []},
	{"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, "default": "\u0000"},
	{"name": "cost", "type": ["null", {"type": "fixed", "name": "Cost", "size": 4, "logicalType": "decimal", "precision": 8, "scale": 3}]},
	{"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
	{"name": "id", "type": ["null", {"type": "string", "logicalType": "uuid"}]},
	{"name": "prior", "type": ["null", "Reading"]}
]}`

// small wraps a type into a record of one field.
func small(fieldType string) string {
	return `{"type": "record", "name": "r", "fields": [{"name": "x", "type": ` + fieldType + `}]}`
}

// avroData are values of the one field x, and their encoding in hexadecimal or
// what the error says.
var avroData = []struct{ of, json, want string }{
	{`"null"`, `null`, ""},
	{`"null"`, `0`, `! "/x" (type): must be null`},
	{`"boolean"`, `true`, "01"},
	{`"boolean"`, `"true"`, `! "/x" (type): must be an Avro boolean`},
	{`"int"`, `-1`, "01"},
	{`"int"`, `1.5e1`, "1e"},
	{`"int"`, `2147483648`, `! "/x" (type): must be an Avro int, needs more than 32 bits`},
	{`"int"`, `1.5`, `! is no whole number of 64 bits`},
	{`"int"`, `"1"`, `! "/x" (type): must be an Avro int`},
	{`"int"`, `null`, `! "/x" (type): must be an Avro int`},
	{`"long"`, `9223372036854775807`, "feffffffffffffffff01"},
	{`"long"`, `-9223372036854775808`, "ffffffffffffffffff01"},
	{`"long"`, `9007199254740993`, "8280808080808020"},
	{`"long"`, `9223372036854775808`, `! is no whole number of 64 bits`},
	{`"long"`, `1e999999999999`, `! is no whole number of 64 bits`},
	{`"double"`, `0.1`, "9a9999999999b93f"},
	{`"double"`, `1152921504606846976`, "000000000000b043"},
	{`"double"`, `1152921504606847000`, "000000000000b043"},
	{`"double"`, `9007199254740993`, `! "/x" (type): must be an Avro double, is a whole number that it would change`},
	{`"double"`, `1e400`, `! "/x" (type): must be an Avro double, is outside its range`},
	{`"double"`, `"NaN"`, `! "/x" (type): must be an Avro double`},
	{`"float"`, `0.1`, "cdcccc3d"},
	{`"float"`, `16777217`, `! "/x" (type): must be an Avro float, is a whole number that it would change`},
	{`"float"`, `1e39`, `! "/x" (type): must be an Avro float, is outside its range`},
	{`"string"`, `"é"`, "04c3a9"},
	{`"string"`, `"\ud83d\ude00"`, "08f09f9880"},
	{`"string"`, `"\ud83d"`, `! half a surrogate pair`},
	{`"string"`, `1`, `! "/x" (type): must be an Avro string`},
	{`"bytes"`, `"AP8="`, "0400ff"},
	{`"bytes"`, `""`, "00"},
	{`"bytes"`, `"AP8"`, `! "/x" (type): must be standard base64 with padding, of bytes`},
	{`"bytes"`, `"AP\n8="`, `! "/x" (type): must be standard base64`},
	{`{"type": "fixed", "name": "f", "size": 2}`, `"AP8="`, "00ff"},
	{`{"type": "fixed", "name": "f", "size": 3}`, `"AP8="`, `! must be standard base64 with padding, of 3 bytes`},
	{`{"type": "enum", "name": "e", "symbols": ["A", "B"]}`, `"B"`, "02"},
	{`{"type": "enum", "name": "e", "symbols": ["A", "B"]}`, `"C"`, `! "/x" (symbols): must be one of A, B, is another string`},
	{`{"type": "array", "items": "int"}`, `[1, 2]`, "04020400"},
	{`{"type": "array", "items": "int"}`, `[]`, "00"},
	{`{"type": "array", "items": "int"}`, `[1, "2"]`, `! "/x/1" (type): must be an Avro int, is a string`},
	{`{"type": "map", "values": "int"}`, `{"b": 1, "a": 2}`, "040261040262" + "0200"},
	{`{"type": "map", "values": "int"}`, `{"secret": true}`, `! "/x/*" (type): must be an Avro int, is a boolean`},
	{`{"type": "map", "values": "int"}`, `null`, `! "/x" (type): must be the Avro map, is null`},
	{`{"type": "array", "items": "int"}`, `null`, `! "/x" (type): must be the Avro array, is null`},
	{`{"type": "map", "values": "int"}`, `{"a": 1, "a": 2}`, `! an object holds a key twice`},
	{small(`"int"`), `{"x": 1}`, "02"},
	{small(`"int"`), `{"x": 1, "y": 2}`, `! "/x/y" (fields): must not be there, is no field of r`},
	{small(`"int"`), `{}`, `! "/x/x" (fields): must be an Avro int, is missing`},
	{small(`["int", "null"]`), `{}`, "02"},

	{`{"type": "int", "logicalType": "date"}`, `"1969-12-31"`, "01"},
	{`{"type": "int", "logicalType": "date"}`, `20000`, "c0b802"},
	{`{"type": "int", "logicalType": "date"}`, `"31.12.1969"`, `! "/x" (logicalType): must be a date like 2006-01-02`},
	{`{"type": "int", "logicalType": "time-millis"}`, `"00:00:01.5"`, "b817"},
	{`{"type": "long", "logicalType": "time-micros"}`, `"00:00:00.000001"`, "02"},
	{`{"type": "int", "logicalType": "time-millis"}`, `"00:00:00.000001"`, `! "/x" (logicalType): must be whole in the schema's 1ms, is finer`},
	{`{"type": "long", "logicalType": "timestamp-millis"}`, `"1970-01-01T01:00:00.001+01:00"`, "02"},
	{`{"type": "long", "logicalType": "timestamp-millis"}`, `1`, "02"},
	{`{"type": "long", "logicalType": "timestamp-millis"}`, `"1970-01-01"`, `! must be a time in RFC 3339`},
	{`{"type": "long", "logicalType": "timestamp-micros"}`, `"1970-01-01T00:00:00.000001Z"`, "02"},
	{`{"type": "long", "logicalType": "timestamp-micros"}`, `"1970-01-01T00:00:00.0000001Z"`, `! "/x" (logicalType): must be whole in the schema's 1µs, is finer`},
	{`{"type": "long", "logicalType": "timestamp-nanos"}`, `"1969-12-31T23:59:59.999999999Z"`, "01"},
	{`{"type": "long", "logicalType": "timestamp-nanos"}`, `"1600-01-01T00:00:00Z"`, `! is outside the years`},
	{`{"type": "long", "logicalType": "local-timestamp-millis"}`, `"1970-01-01T00:00:00.001"`, "02"},
	{`{"type": "long", "logicalType": "local-timestamp-millis"}`, `"1970-01-01T00:00:00Z"`, `! must be a time without a zone`},
	{`{"type": "string", "logicalType": "uuid"}`, `"123e4567-e89b-12d3-a456-426614174000"`, "48" + hex.EncodeToString([]byte("123e4567-e89b-12d3-a456-426614174000"))},
	{`{"type": "string", "logicalType": "uuid"}`, `"123e4567e89b12d3a456426614174000"`, `! "/x" (uuid): must be 32 hexadecimal digits`},
	{`{"type": "fixed", "name": "f", "size": 16, "logicalType": "uuid"}`, `"123e4567-e89b-12d3-a456-426614174000"`, "123e4567e89b12d3a456426614174000"},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `1.5`, "040096"},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `"-1.28"`, "0280"},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `1.505`, `! "/x" (precision): must be a decimal of at most 4 digits, 2 of them`},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `100`, `! after the point, as a number or a string, has more digits`},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `1e99999999999`, `! after the point, as a number or a string, has more digits`},
	{`{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`, `"1,5"`, `! "/x" (logicalType): must`},
	{`{"type": "fixed", "name": "f", "size": 3, "logicalType": "decimal", "precision": 4, "scale": 2}`, `-1.29`, "ffff7f"},
	{`{"type": "long", "logicalType": "unheard-of"}`, `1`, "02"},

	{`["null", "string"]`, `null`, "00"},
	{`["null", "string"]`, `"a"`, "020261"},
	{`["null", "string"]`, `{"string": "a"}`, "020261"},
	{`["null", "string"]`, `1`, `! "/x" (type): must be an Avro string`},
	{`["string", "int"]`, `null`, `! "/x" (type): must be one of the union's string, int`},
	{`["int", "long", "double"]`, `1`, "0002"},
	{`["int", "long", "double"]`, `2147483648`, "028080808010"},
	{`["int", "long", "double"]`, `0.5`, "04000000000000e03f"},
	{`["int", "long", "double"]`, `{"long": 1}`, "0202"},
	{`["bytes", "string"]`, `"AP8="`, "0208" + hex.EncodeToString([]byte("AP8="))},
	{`["bytes", "string"]`, `{"bytes": "AP8="}`, "000400ff"},
	{`["bytes", "null"]`, `"AP8="`, "000400ff"},
	{`["null", ` + small(`"int"`) + `, {"type": "map", "values": "int"}]`, `{"x": 1}`, "0202"},
	{`["null", ` + small(`"int"`) + `, {"type": "map", "values": "int"}]`, `{"y": 1}`, "040202790200"},
	{`["null", ` + small(`"int"`) + `]`, `{"x": "secret"}`, `! "/x/x" (type): must be an Avro int, is a string`},
	{`["null", ` + small(`"int"`) + `]`, `{"y": 1}`, `! "/x/x" (fields): must be an Avro int, is missing`},
	{`[{"type": "array", "items": "int"}, "null"]`, `[1]`, "00020200"},
	{`["null", "string"]`, `[1]`, `! "/x" (type): must be one of the union's null, string`},
}

func TestAvroData(t *testing.T) {
	t.Parallel()
	for _, tt := range avroData {
		t.Run(tt.of+" of "+tt.json, func(t *testing.T) {
			t.Parallel()
			c := avroOf(t, "datum", strings.Replace(small(tt.of), `"r"`, `"outer"`, 1))
			r := connect.RawJSON("t", []byte(`{"x": `+tt.json+`}`))
			got, err := c.Encode(r)
			if says, fails := strings.CutPrefix(tt.want, "! "); fails {
				checkInvalid(t, r, err, says)
				broken, ok := errors.AsType[*SchemaError](err)
				if !ok && !strings.Contains(says, "half a") && !strings.Contains(says, "twice") || ok && !strings.HasPrefix(broken.Violations[0].Path, "/x") {
					t.Errorf("the cause does not tell the path: %v", broken)
				}
				return
			}
			if err != nil || hex.EncodeToString(got) != tt.want {
				t.Fatalf("%x, %v; want %s", got, err, tt.want)
			}
			// What is read back, which is the library's reading, encodes to the same.
			text, err := c.Decode(got)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := c.Encode(connect.RawJSON("t", text)); err != nil || string(again) != string(got) {
				if !strings.Contains(tt.json, `{"long"`) && !strings.Contains(tt.json, `{"bytes"`) {
					t.Errorf("read back as %s: %x, %v", text, again, err)
				}
			}
		})
	}
}

// A record of every type, with the defaults filled in, read back by the library.
// A panic of the library costs one message. That of a schema that is not there
// stands for those nobody knows of.
func TestAvroDecoderPanics(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{avroDatum, avroSingleObject} {
		whole := avroOf(t, encoding, `"string"`)
		payload, err := whole.Encode(connect.RawJSON("t", []byte(`"secret-canary"`)))
		if err != nil {
			t.Fatal(err)
		}
		c := *whole
		c.schema = &avroSchema{top: whole.schema.top}
		r := connect.Bytes("t", payload)
		_, err = c.Encode(r)
		checkInvalid(t, r, err, "are no message")
		if text, err := c.Decode(payload); text != nil || connect.ClassOf(err) != connect.ClassInvalid {
			t.Errorf("%s: %s, %v", encoding, text, err)
		}
	}
}

// A small container file does not become a large one in memory.
func TestAvroContainerBomb(t *testing.T) {
	t.Parallel()
	for size, fine := range map[int]bool{1 << 20: true, 2 * maxBlock: false} {
		var file bytes.Buffer
		w, err := ocf.NewWriter(&file, avro.MustParse(`"string"`), ocf.WithCodec(ocf.DeflateCodec(9)))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Encode(strings.Repeat("a", size)), w.Close()); err != nil {
			t.Fatal(err)
		}
		c, r := avroOf(t, "ocf", `"string"`), connect.Bytes("t", file.Bytes())
		if _, err := c.Encode(r); fine && err != nil {
			t.Errorf("%d bytes in %d: %v", size, file.Len(), err)
		} else if !fine {
			checkInvalid(t, r, err, "are no message")
		}
	}
}

// A decimal that is encoded already has no more digits than the schema allows,
// however many bytes repeat its sign.
func TestAvroDecimalsAsBytes(t *testing.T) {
	t.Parallel()
	c := avroOf(t, "datum", `{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}`)
	for data, want := range map[string]string{
		"\x27\x0f": `"99.99"`, "\x00\x00\x00\x00\x00\x27\x0f": `"99.99"`, "\xd8\xf1": `"-99.99"`, "\xff\xff\xff\xff\xd8\xf1": `"-99.99"`,
		"": `"0.00"`, "\x27\x10": "", "\xd8\xf0": "", "\x01\x00\x00\x00": "", strings.Repeat("\x7f", 1<<22): "",
	} {
		payload := append(binary.AppendVarint(nil, int64(len(data))), data...)
		r := connect.Bytes("t", payload)
		text, err := c.Decode(payload)
		_, refused := c.Encode(r)
		if want == "" {
			checkInvalid(t, r, refused, "are no message")
		} else if refused != nil {
			t.Errorf("%.20x: %v", data, refused)
		}
		if string(text) != want || (err != nil) != (want == "") {
			t.Errorf("%.20x: %s, %v; want %s", data, text, err, want)
		}
	}
}

func TestAvroDefaults(t *testing.T) {
	t.Parallel()
	c := avroOf(t, "datum", sensorSchema)
	got, err := c.Encode(connect.RawJSON("t", []byte(`{"device": "d", "seq": 9007199254740993}`)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Decode(got)
	want := `{"device":"d","seq":9007199254740993,"small":7,"ok":true,"ratio":0.5,"value":null,"raw":"/wE=","mode":"ON",` +
		`"mac":"YWJj","tags":{},"path":[],"price":"0.00","cost":null,"at":null,"id":null,"prior":null}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want\n%s", text, err, want)
	}
}

// full is a record with every field of sensorSchema set.
const full = `{"device":"d","seq":-1,"small":1,"ok":false,"ratio":0.25,"value":1e-300,"raw":"AA==","mode":"OFF","mac":"AAEC",` +
	`"tags":{"a":"1"},"path":["ON"],"price":"-12.34","cost":"0.001","at":"2026-11-25T18:00:00.5Z","id":"123e4567-e89b-12d3-a456-426614174000",` +
	`"prior":{"device":"e","seq":0,"small":7,"ok":true,"ratio":0.5,"value":null,"raw":"/wE=","mode":"ON","mac":"YWJj","tags":{},"path":[],` +
	`"price":"0.00","cost":null,"at":null,"id":null,"prior":null}}`

func TestAvroEncodings(t *testing.T) {
	t.Parallel()
	datum, err := avroOf(t, "datum", sensorSchema).Encode(connect.RawJSON("t", []byte(full)))
	if err != nil {
		t.Fatal(err)
	}
	for encoding, begins := range map[string]string{"": "{", "json": "{", "datum": string(datum), "ocf": "Obj\x01", "single_object": "\xC3\x01"} {
		c := avroOf(t, encoding, sensorSchema)
		got, err := c.Encode(connect.RawJSON("t", []byte(full)))
		if err != nil || !strings.HasPrefix(string(got), begins) {
			t.Errorf("%q: %q, %v", encoding, got, err)
			continue
		}
		if text, err := c.Decode(got); err != nil || string(text) != full {
			t.Errorf("%q reads back as %s, %v", encoding, text, err)
		}
		// A message that is encoded already passes as it is; half of one does not.
		if same, err := c.Encode(connect.Bytes("t", got)); err != nil || &same[0] != &got[0] {
			t.Errorf("%q: encoded already: %v", encoding, err)
		}
		for _, bad := range [][]byte{got[:len(got)-1], append(got[:len(got):len(got)], 1), nil} {
			_, err := c.Encode(connect.Bytes("t", bad))
			checkInvalid(t, connect.Bytes("t", bad), err, "no message in encoding")
		}
	}
}

// A Go map takes a way of its own; it must lead to the same bytes and the same
// errors as its JSON.
func TestAvroOfGoValues(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)
	cyclic := map[string]any{"device": "d", "seq": 1}
	cyclic["prior"] = cyclic
	for name, value := range map[string]map[string]any{
		"plain":    {"device": "d", "seq": 1, "value": 0.1, "tags": map[string]any{"a": "b"}, "path": []any{"ON"}},
		"integers": {"device": "d", "seq": uint64(math.MaxInt64), "small": int8(-3), "ratio": float32(0.1), "value": json.Number("1e3")},
		"floats":   {"device": "d", "seq": float64(1 << 60), "small": 3.0, "value": 1e300, "price": 0.1},
		"typed":    {"device": "d", "seq": 1, "raw": []byte{0, 255}, "at": at, "path": []string{"ON"}, "tags": map[string]string{"a": "b"}},
		"nil":      {"device": "d", "seq": 1, "prior": map[string]any(nil), "value": (*float64)(nil)},
		"nil list": {"device": "d", "seq": 1, "path": []any(nil)},
		"nil map":  {"device": "d", "seq": 1, "tags": map[string]any(nil)},
		"too big":  {"device": "d", "seq": uint64(math.MaxUint64)},
		"NaN":      {"device": "d", "seq": 1, "value": math.NaN()},
		"text":     {"device": "\xff", "seq": 1},
		"number":   {"device": "d", "seq": json.Number("+5")},
		"empty":    {"device": "d", "seq": json.Number("")},
		"cyclic":   cyclic,
		"unknown":  {"device": "d", "seq": 1, "speed": 1},
		"missing":  {"device": "d"},
		"nothing":  nil,
	} {
		for _, encoding := range []string{"json", "datum"} {
			c := avroOf(t, encoding, sensorSchema)
			got, err := c.Encode(connect.JSON("t", value))
			// A pointer to the map is not taken the short way.
			want, wantErr := c.Encode(connect.JSON("t", &value))
			if string(got) != string(want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Errorf("%s, %s: %q, %v; by JSON %q, %v", name, encoding, got, err, want, wantErr)
			}
			if err != nil && connect.ClassOf(err) != connect.ClassInvalid {
				t.Errorf("%s: class %v", name, connect.ClassOf(err))
			}
		}
	}
}

// A nil map is null in JSON, and no record of nothing but defaults.
func TestAvroOfNoMap(t *testing.T) {
	t.Parallel()
	c := avroOf(t, "datum", small(`["null", "int"]`))
	_, err := c.Encode(connect.JSON("t", map[string]any(nil)))
	checkInvalid(t, connect.JSON("t", nil), err, `at "" (type): must be the Avro record r, is null`)
	if got, err := c.Encode(connect.JSON("t", map[string]any{})); err != nil || string(got) != "\x00" {
		t.Errorf("%x, %v", got, err)
	}
}

// The other kinds of records are their JSON.
func TestAvroOfOtherKinds(t *testing.T) {
	t.Parallel()
	if got, err := avroOf(t, "datum", `"string"`).Encode(connect.String("t", "a\"b")); err != nil || string(got) != "\x06a\"b" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := avroOf(t, "datum", `"long"`).Encode(connect.Number("t", -1)); err != nil || string(got) != "\x01" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := avroOf(t, "", `"long"`).Encode(connect.Number("t", -1)); err != nil || string(got) != "-1" {
		t.Errorf("%q, %v", got, err)
	}
	_, err := avroOf(t, "", `"long"`).Encode(connect.Record{})
	checkInvalid(t, connect.Record{}, err, "has no payload")
}

func TestAvroSchemasThatAreNone(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		"{\n \"type\": }":               `test.avsc:2:10: `,
		"[":                             `test.avsc:1:1: `,
		"":                              `schema_type "avro" has no schema`,
		small(`"unheard.Of"`):           `test.avsc: is not an Avro schema: unknown type "unheard.Of"; must be one, with the files`,
		small(`"int", "default": "no"`): `test.avsc: is not an Avro schema: `,
	} {
		c, err := For(Settings{SchemaType: "avro", Schema: []byte(schema), Name: "test.avsc"})
		if c != nil || connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", schema, c, err)
		}
	}
}

// Files may need each other in any order; the schema that consumers and the
// container file see stands on its own.
func TestAvroRefs(t *testing.T) {
	t.Parallel()
	refs := []Ref{
		{"b.avsc", []byte(`{"type": "record", "name": "x.B", "fields": [{"name": "a", "type": "A"}]}`)},
		{"a.avsc", []byte(`{"type": "enum", "name": "x.A", "symbols": ["ONE"]}`)},
	}
	c := avroOf(t, "ocf", `{"type": "record", "name": "C", "fields": [{"name": "b", "type": "x.B"}, {"name": "a", "type": "x.A"}]}`, refs...)
	got, err := c.Encode(connect.RawJSON("t", []byte(`{"b": {"a": "ONE"}, "a": "ONE"}`)))
	if err != nil {
		t.Fatal(err)
	}
	alone := avroOf(t, "ocf", c.schema.String())
	if text, err := alone.Decode(got); err != nil || string(text) != `{"b":{"a":"ONE"},"a":"ONE"}` {
		t.Errorf("%s, %v", text, err)
	}
	refs[1].Schema = []byte(`{"type": "enum"}`)
	_, err = For(Settings{SchemaType: "avro", Schema: []byte(`"x.B"`), Name: "c.avsc", Refs: refs})
	if connect.ClassOf(err) != connect.ClassConfig || !strings.HasPrefix(err.Error(), "b.avsc: ") {
		t.Error(err)
	}
	refs[1].Schema = []byte(`{`)
	_, err = For(Settings{SchemaType: "avro", Schema: []byte(`"x.B"`), Name: "c.avsc", Refs: refs})
	if connect.ClassOf(err) != connect.ClassConfig || !strings.HasPrefix(err.Error(), "a.avsc:1:1: ") {
		t.Error(err)
	}
}

func TestEncodingsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ schemaType, encoding, want string }{
		{"avro", "binary", "must be one of json, datum, ocf, single_object"},
		{"number", "float", "must be one of json, binary"},
		{"string", "json", "schema_type \"string\" has one wire form; must be left out"},
		{"bytes", "base64", "has one wire form"},
		{"", "json", "has one wire form"},
	} {
		c, err := For(Settings{SchemaType: tt.schemaType, Schema: []byte(`"int"`), Name: "f", Encoding: tt.encoding})
		if c != nil || connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, %v", tt.schemaType, tt.encoding, c, err)
		}
	}
}

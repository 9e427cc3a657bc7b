package codec

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

func decoderFor(tb testing.TB, s Settings) Decoder {
	tb.Helper()
	d, err := DecoderFor(s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// What a codec without a schema sends is decoded to the JSON it takes.
func TestDecoders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ schemaType, encoding, payload, want string }{
		{"", "", `{"a": 1}`, `{"a": 1}`},
		{"", "", `{`, "! is not JSON"},
		{"string", "", `say "hi"`, `"say \"hi\""`},
		{"string", "", "", `""`},
		{"string", "", "\xff", "! is not UTF-8"},
		{"bytes", "", "\x00\xff", `"AP8="`},
		{"bytes", "", "", `""`},
		{"number", "", "-1.50", "-1.50"},
		{"number", "json", `"1"`, "! is not a number"},
		{"number", "binary", "\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1"},
		{"number", "binary", "\x80\x00\x00\x00\x00\x00\x00\x00", "-0"},
		{"number", "binary", "\x7f\xf0\x00\x00\x00\x00\x00\x00", "! no form"},
		{"number", "binary", "1234", "! has 4 bytes; must be 8"},
	} {
		got, err := decoderFor(t, Settings{SchemaType: tt.schemaType, Encoding: tt.encoding}).Decode([]byte(tt.payload))
		if says, fails := strings.CutPrefix(tt.want, "! "); fails {
			if connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), says) && !strings.Contains(err.Error(), "JSON has no form") {
				t.Errorf("%+v: %s, %v", tt, got, err)
			}
		} else if err != nil || string(got) != tt.want {
			t.Errorf("%+v: %s, %v", tt, got, err)
		}
	}
	d := decoderFor(t, Settings{SchemaType: "json_schema", Schema: []byte(`{"type": "integer"}`)})
	if got, err := d.Decode([]byte("9007199254740993")); err != nil || string(got) != "9007199254740993" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := d.Decode([]byte("1.5")); connect.ClassOf(err) != connect.ClassInvalid {
		t.Error(err)
	}
	if d, err := DecoderFor(Settings{SchemaType: "json"}); d != nil || connect.ClassOf(err) != connect.ClassConfig {
		t.Errorf("%v, %v", d, err)
	}
}

var binaryNumbers = []struct {
	record connect.Record
	want   float64
	fails  string
}{
	{connect.Number("t", 0.1), 0.1, ""},
	{connect.Number("t", float32(0.1)), 0.1, ""}, // 0.1 is how the float32 is written
	{connect.Number("t", math.MaxFloat64), math.MaxFloat64, ""},
	{connect.Number("t", math.SmallestNonzeroFloat64), math.SmallestNonzeroFloat64, ""},
	{connect.Number("t", int64(1)<<60), 1 << 60, ""},
	{connect.Number("t", int64(9007199254740993)), 0, "8 bytes do not hold exactly"},
	{connect.Number("t", uint64(math.MaxUint64)), 0, "8 bytes do not hold exactly"},
	{connect.Number("t", math.NaN()), 0, "NaN"},
	{connect.Number("t", math.Inf(1)), 0, "NaN and the infinities"},
	{connect.RawJSON("t", []byte(" 1.50 ")), 1.5, ""},
	{connect.RawJSON("t", []byte("0.1000000000000000055511151231257827021181583404541015625")), 0.1, ""},
	{connect.RawJSON("t", []byte("0.10000000000000000555")), 0, "8 bytes do not hold exactly"},
	{connect.RawJSON("t", []byte("1e400")), 0, "8 bytes do not hold exactly"},
	{connect.RawJSON("t", []byte("1e-400")), 0, "8 bytes do not hold exactly"},
	{connect.RawJSON("t", []byte("0e999999999999999999")), 0, ""},
	{connect.JSON("t", json.Number("2.5")), 2.5, ""},
	{connect.JSON("t", "2.5"), 0, "is not a number"},
	{connect.String("t", "2.5"), 0, "is not a number"},
	{connect.Bytes("t", make([]byte, 8)), 0, "is not a number"},
	{connect.Record{}, 0, "has no payload"},
}

func TestBinaryNumbers(t *testing.T) {
	t.Parallel()
	s := Settings{SchemaType: "number", Encoding: "binary"}
	c, err := For(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range binaryNumbers {
		payload, err := c.Encode(tt.record)
		if tt.fails != "" {
			checkInvalid(t, tt.record, err, tt.fails)
			continue
		}
		var got float64
		if err == nil {
			var text []byte
			if text, err = decoderFor(t, s).Decode(payload); err == nil {
				err = json.Unmarshal(text, &got)
			}
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %x is %v, %v; want %v", tt.record.Raw(), payload, got, err, tt.want)
		}
	}
}

// The forms the broker's payload validation takes, as a real 0.15.1 does.
func TestPassesValidation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ schemaType, encoding, want string }{
		{"", "", ""},
		{"string", "", ""},
		{"bytes", "", ""},
		{"json_schema", "", ""},
		{"number", "binary", ""},
		{"avro", "ocf", ""},
		{"number", "", `encoding "json" of schema_type "number" is refused`},
		{"avro", "", `must be "ocf"`},
		{"avro", "datum", `encoding "datum"`},
		{"protobuf", "", "must be a topic without it"},
	} {
		err := PassesValidation(Settings{SchemaType: tt.schemaType, Encoding: tt.encoding})
		if (err == nil) != (tt.want == "") || err != nil && (connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %s: %v", tt.schemaType, tt.encoding, err)
		}
	}
}

// FuzzDecoders: what a codec makes of any payload, its decoder makes JSON of, which
// the codec makes the same of again.
func FuzzDecoders(f *testing.F) {
	for _, seed := range []string{"", "0.1", "9007199254740993", `"AP8="`, "\xff", "1e400", "-0", `{"a": 1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range []Settings{{}, {SchemaType: "string"}, {SchemaType: "bytes"}, {SchemaType: "number"}, {SchemaType: "number", Encoding: "binary"}} {
			c, err := For(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []connect.Record{connect.RawJSON("t", data), connect.String("t", string(data)), connect.Bytes("t", data)} {
				payload, err := c.Encode(r)
				if err != nil || s.SchemaType == "" && r.Kind() == connect.KindBytes {
					continue // bytes without a schema need not be JSON
				}
				text, err := decoderFor(t, s).Decode(payload)
				if err != nil || !json.Valid(text) {
					t.Fatalf("%s %s: %q is %q, %v", s.SchemaType, s.Encoding, payload, text, err)
				}
				// A string that looks like a number or an object has been made a string.
				if again, err := c.Encode(connect.RawJSON("t", text)); err != nil || !bytes.Equal(again, payload) {
					t.Errorf("%s %s: %q is %q, %v; want %q", s.SchemaType, s.Encoding, text, again, err, payload)
				}
			}
		}
	})
}

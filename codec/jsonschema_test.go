package codec

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// schemaOf returns the codec of a schema, which must be one.
func schemaOf(t testing.TB, schema string, refs ...Ref) Codec {
	t.Helper()
	c, err := For(Settings{SchemaType: "json_schema", Schema: []byte(schema), Name: "orders.json", Refs: refs})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A payload that the schema accepts is sent as without a schema.
func TestSchemaKeepsTheWireForm(t *testing.T) {
	t.Parallel()
	without, err := For(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	with := schemaOf(t, `{"$schema": "https://json-schema.org/draft/2020-12/schema", "not": {"const": 42.5}}`)
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want, wantErr := without.Encode(tt.record)
			got, err := with.Encode(tt.record)
			switch {
			case tt.record.Kind() == connect.KindBytes && tt.name != "bytes of text":
				checkInvalid(t, tt.record, err, "is not JSON at byte")
			case wantErr != nil:
				checkInvalid(t, tt.record, err, "")
			case err != nil || string(got) != string(want):
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestSchemaPassesThroughSharesMemory(t *testing.T) {
	t.Parallel()
	c := schemaOf(t, `{"type": "object"}`)
	for _, r := range []connect.Record{connect.RawJSON("t", []byte(`{"a":1}`)), connect.Bytes("t", []byte(`{"a":1}`))} {
		if got, err := c.Encode(r); err != nil || &got[0] != &r.Raw()[0] {
			t.Errorf("%v: a copy, or %v", r.Kind(), err)
		}
	}
}

const order = `{
  "type": "object",
  "properties": {
    "id": {"type": "integer", "minimum": 1, "maximum": 9007199254740992},
    "note": {"type": "string", "maxLength": 5},
    "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "uniqueItems": true}
  },
  "required": ["id"],
  "additionalProperties": false,
  "$defs": {"item": {"properties": {"sku": {"pattern": "^[A-Z]+$"}, "n": {"exclusiveMinimum": 0}}}}
}`

// Every violation is told, in the order of the paths, and what would be right.
func TestViolations(t *testing.T) {
	t.Parallel()
	for name, tt := range violations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := connect.RawJSON("t", []byte(tt.payload))
			got, err := schemaOf(t, tt.schema).Encode(r)
			if tt.want == "" {
				if err != nil || string(got) != tt.payload {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			if want := "JSON text: does not match orders.json: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
			if got != nil || connect.ClassOf(err) != connect.ClassInvalid {
				t.Errorf("%q, class %v", got, connect.ClassOf(err))
			}
		})
	}
}

// No value of the payload is in an error, whichever keyword it breaks.
func TestViolationsShowNoValues(t *testing.T) {
	t.Parallel()
	const canary = `"secret-canary"`
	for _, schema := range []string{
		`{"type": "integer"}`, `{"enum": ["a"]}`, `{"const": "a"}`, `{"pattern": "^x"}`, `{"maxLength": 1}`, `{"minLength": 100}`,
		`{"$schema": "http://json-schema.org/draft-07/schema#", "format": "date-time"}`, `{"not": {"type": "string"}}`, `false`,
		`{"anyOf": [{"const": 1}, {"pattern": "^x"}]}`, `{"oneOf": [{}, {}]}`, `{"if": {"type": "string"}, "then": {"const": 2}}`,
		`{"items": {"const": 1}, "contains": {"const": 2}, "maxItems": 0, "uniqueItems": true}`, `{"additionalProperties": {"const": 1}}`,
		`{"propertyNames": {"maxLength": 1}, "maxProperties": 0, "unevaluatedProperties": false}`,
	} {
		c := schemaOf(t, schema)
		for _, payload := range []string{canary, `[` + canary + `,` + canary + `]`, `{"name": ` + canary + `}`, `{"name": [` + canary + `]}`} {
			_, err := c.Encode(connect.RawJSON("t", []byte(payload)))
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				if strings.Contains(cause.Error(), "canary") {
					t.Errorf("%s with %s: %v", schema, payload, cause)
				}
			}
		}
	}
}

// A dead letter can say which place of a payload failed.
func TestSchemaErrorIsTheCause(t *testing.T) {
	t.Parallel()
	_, err := schemaOf(t, order).Encode(connect.JSON("t", map[string]any{"id": 1, "items": []any{map[string]any{"sku": "a/b"}}}))
	e, ok := errors.AsType[*SchemaError](err)
	if !ok || e.Schema != "orders.json" || e.More != 0 || len(e.Violations) != 1 {
		t.Fatalf("%v: %+v", err, e)
	}
	if want := (Violation{"/items/0/sku", "pattern", `must match "^[A-Z]+$"`}); e.Violations[0] != want {
		t.Errorf("%+v, want %+v", e.Violations[0], want)
	}
}

func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	c := schemaOf(t, `{"items": {"type": "integer"}, "additionalProperties": false}`)
	_, err := c.Encode(connect.RawJSON("t", []byte(`[`+strings.Repeat(`"x",`, 999)+`"x"]`)))
	e, ok := errors.AsType[*SchemaError](err)
	if !ok || len(e.Violations) != maxViolations || e.More != 1000-maxViolations || !strings.HasSuffix(err.Error(), "; … and 990 more") {
		t.Errorf("%v", err)
	}
	_, err = c.Encode(connect.RawJSON("t", []byte(`{"`+strings.Repeat("é", 5000)+`": 1}`)))
	if err == nil || len(err.Error()) > 2*maxQuoted || strings.ContainsRune(err.Error(), '\ufffd') {
		t.Errorf("%v", err)
	}
}

// A payload that breaks its schema in a million places, or at every one of
// thousands of levels, is refused without the memory that a list of them takes;
// and one as large that breaks nothing is not. Not parallel: memory is counted for
// the whole process.
func TestVastPayloads(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	const items = `{"items": {"not": {"type": "null"}}}`
	const trees = `{"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}, "not": {"type": "null"}`
	for _, tt := range []struct {
		schema, text string
		fits         bool
	}{
		{items, `[` + strings.Repeat("null,", 1<<19) + `null]`, false},
		{items, `[` + strings.Repeat("true,", 1<<19) + `true]`, true},
		{items, `[` + strings.Repeat("true,", 1<<19) + `null]`, false},
		{trees + `, "minItems": 2}}}`, nested(9000), false},
		{trees + `}}}`, nested(9000), true},
	} {
		c := schemaOf(t, tt.schema)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.Encode(connect.RawJSON("t", []byte(tt.text)))
		runtime.ReadMemStats(&after)
		if tt.fits && err != nil || !tt.fits && (err == nil || !strings.Contains(err.Error(), "too large to be told where")) {
			t.Errorf("%s: %.300v", tt.schema, err)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 400<<20 {
			t.Errorf("%s: %d MiB", tt.schema, spent>>20)
		}
	}
	if vast([]byte(`"`+strings.Repeat("[", 9000)+`"`)) || vast([]byte(`["\\",`+strings.Repeat("1,", 100_000)+`1]`)) {
		t.Error("a payload of no great size is vast")
	}
}

// All 64 bits of a number count, and those that no float64 holds.
func TestSchemaComparesNumbersExactly(t *testing.T) {
	t.Parallel()
	c := schemaOf(t, `{"type": "integer", "maximum": 18446744073709551614, "minimum": -9223372036854775807, "not": {"const": 9007199254740993}}`)
	for _, tt := range []struct {
		record connect.Record
		want   string
	}{
		{connect.Number("t", uint64(math.MaxUint64)-1), ""},
		{connect.Number("t", uint64(math.MaxUint64)), "(maximum): must be at most 18446744073709551614"},
		{connect.Number("t", int64(math.MinInt64)+1), ""},
		{connect.Number("t", int64(math.MinInt64)), "(minimum): must be at least -9223372036854775807"},
		{connect.Number("t", int64(9007199254740992)), ""},
		{connect.Number("t", int64(9007199254740993)), "(not)"},
		{connect.JSON("t", int64(9007199254740993)), "(not)"},
		{connect.Number("t", 2.0), ""},
		{connect.Number("t", 2.5), "(type): must be integer, is number"},
		{connect.Number("t", 1e18), ""},
		{connect.RawJSON("t", []byte("1e400")), "(maximum)"},
		{connect.RawJSON("t", []byte("0e1000")), ""},
		{connect.RawJSON("t", []byte("1e1001")), "exponent beyond ±1000"},
		{connect.RawJSON("t", []byte("1e999999999999999999999")), "exponent beyond ±1000"},
		{connect.RawJSON("t", []byte("1E-1001")), "exponent beyond ±1000"},
		{connect.RawJSON("t", []byte(`"\"1e1001"`)), "(type): must be integer, is string"},
	} {
		got, err := c.Encode(tt.record)
		if tt.want == "" && (err != nil || string(got) != string(tt.record.Raw())) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %q, %v; want %q", tt.record.Raw(), got, err, tt.want)
		}
	}
}

// A panic of the library costs one record. That of a schema that is not there
// stands for those nobody knows of.
func TestValidatorPanics(t *testing.T) {
	t.Parallel()
	r := connect.RawJSON("t", []byte(`{"name": "secret-canary"}`))
	_, err := schemaCodec{name: "orders.json"}.Encode(r)
	checkInvalid(t, r, err, "cannot be compared with orders.json: the validator panicked")
}

// A number hidden anywhere is found, and what only looks like one is not.
func TestHugeNumbers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("7", 4096)
	for text, want := range map[string]bool{
		`[1,{"a":2e1001}]`: true, `{"1e1001":true}`: false, `"\\" `: false, `["\\",1e1001]`: true, `["\"",1e-01001]`: true,
		`[true,false,1e1000]`: false, `1e5,1e1001`: true, `[1e5]`: false, `1E99999999999999999999`: true,
		long: false, `[-` + long + `7]`: true, `{"a":0.` + long + `}`: true, `"7` + long + `"`: false,
	} {
		if got := hugeNumber([]byte(text)); got != want {
			t.Errorf("%.20s: %v", text, got)
		}
	}
}

// Comparing a few million digits exactly would take half a minute; it is refused at
// once, whichever part of the codec meets them.
func TestLongNumberIsRefused(t *testing.T) {
	t.Parallel()
	r := connect.RawJSON("t", []byte(strings.Repeat("7", 1<<22)))
	for _, schema := range []string{`{"multipleOf": 3}`, `{"minimum": 3}`, `true`} {
		_, err := schemaOf(t, schema).Encode(r)
		if err == nil || connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), "more than 4096 digits") || len(err.Error()) > 300 {
			t.Errorf("%s: %.300v", schema, err)
		}
	}
}

// What a plan proves costs no allocation. Not parallel: allocations are counted
// for the whole process.
func TestSchemaAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	c := schemaOf(t, order)
	for _, r := range []connect.Record{
		connect.RawJSON("t", []byte(`{"id": 1, "note": "ééééé", "items": [{"sku": "A", "n": 0.5}]}`)), connect.Bytes("t", []byte(`{"id": 2}`)),
	} {
		if got := testing.AllocsPerRun(200, func() {
			if _, err := c.Encode(r); err != nil {
				t.Fatal(err)
			}
		}); got > 0 {
			t.Errorf("%v: %v allocations", r.Kind(), got)
		}
	}
}

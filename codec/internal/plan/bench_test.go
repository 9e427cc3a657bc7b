package plan

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// event is a typical payload of some 300 bytes, with a nested object and an array.
const event = `{"id":9007199254740993,"kind":"order.created","at":"2026-11-23T18:00:00.123456789Z","customer":"c-000017",` +
	`"total":129.95,"currency":"EUR","paid":true,"note":null,"address":{"street":"Calle de Alcalá 42","city":"Madrid","zip":"28014"},` +
	`"tags":["new","web","priority"],"lines":[{"sku":"A-1","n":2},{"sku":"B-77","n":1}]}`

// typed asks for types only, full for all that a careful schema asks for.
const (
	typed = `{"type": "object", "required": ["id", "kind", "at"], "properties": {
		"id": {"type": "integer"}, "kind": {"type": "string"}, "at": {"type": "string"}, "customer": {"type": "string"},
		"total": {"type": "number"}, "currency": {"type": "string"}, "paid": {"type": "boolean"}, "note": {"type": ["string", "null"]},
		"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}, "zip": {"type": "string"}}},
		"tags": {"type": "array", "items": {"type": "string"}},
		"lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}}}}}`
	full = `{"type": "object", "required": ["id", "kind", "at", "address"], "additionalProperties": false, "properties": {
		"id": {"type": "integer", "minimum": 1}, "kind": {"enum": ["order.created", "order.paid", "order.sent"]},
		"at": {"type": "string", "format": "date-time"}, "customer": {"type": "string", "pattern": "^c-[0-9]+$", "maxLength": 16},
		"total": {"type": "number", "minimum": 0, "exclusiveMaximum": 1e6}, "currency": {"type": "string", "minLength": 3, "maxLength": 3},
		"paid": {"type": "boolean"}, "note": {"type": ["string", "null"]}, "address": {"$ref": "#/$defs/address"},
		"tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true, "maxItems": 8},
		"lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}}},
		"$defs": {
			"address": {"type": "object", "required": ["city"], "additionalProperties": false,
				"properties": {"street": {"type": "string"}, "city": {"type": "string", "minLength": 1}, "zip": {"type": "string", "maxLength": 10}}},
			"line": {"type": "object", "required": ["sku", "n"], "additionalProperties": false,
				"properties": {"sku": {"type": "string", "minLength": 1}, "n": {"type": "integer", "minimum": 1}}}}}`
)

// cases are what is measured.
var cases = map[string]struct{ schema, text string }{
	"typed":    {typed, event},
	"full":     {full, event},
	"escaped":  {full, strings.ReplaceAll(strings.ReplaceAll(event, "order", `\u006frder`), "Calle", `C\u0061lle`)},
	"oneOf":    {`{"items": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"n": {"multipleOf": 0.01}}}]}}`, `[null,{"n":1.25},{"n":3}]`},
	"patterns": {`{"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "number"}}`, `{"x-a":"b","c":1,"d":2.5}`},
}

// library decodes and validates, which is what a plan saves.
func (o oracle) library(tb testing.TB, text []byte) {
	tb.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = o.schema.Validate(value)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkPlan measures the plan and the library in turns, and reports what the
// plan takes as a part of what the library does; an op is a turn. The target is
// 0.25.
func BenchmarkPlan(b *testing.B) {
	for name, c := range cases {
		b.Run(name, func(b *testing.B) {
			o, text := mustOracle(b, c.schema), []byte(c.text)
			b.SetBytes(int64(turn * len(text)))
			b.ReportAllocs()
			var fast, slow time.Duration
			for b.Loop() {
				fast += once(func() {
					if !o.plan.Valid(text) {
						b.Fatal("not proved")
					}
				})
				b.StopTimer()
				slow += once(func() { o.library(b, text) })
				b.StartTimer()
			}
			b.ReportMetric(float64(fast)/float64(slow), "ratio")
		})
	}
}

// turn is how many texts one takes before it is the other's turn, so that reading
// the clock does not count.
const turn = 10

// once times a turn.
func once(f func()) time.Duration {
	begin := time.Now()
	for range turn {
		f()
	}
	return time.Since(begin)
}

// A plan allocates nothing. Not parallel: allocations are counted for the whole
// process.
func TestPlanAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, c := range cases {
		o, text := mustOracle(t, c.schema), []byte(c.text)
		if got := testing.AllocsPerRun(200, func() {
			if !o.plan.Valid(text) {
				t.Fatalf("%s: not proved", name)
			}
		}); got > 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
}

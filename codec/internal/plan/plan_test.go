package plan

import (
	"strings"
	"testing"
)

// Each schema with the texts that a plan proves and those that it does not; the
// library is asked about all of them.
func TestPlans(t *testing.T) {
	t.Parallel()
	for _, tt := range table {
		t.Run(tt.schema, func(t *testing.T) {
			t.Parallel()
			o := mustOracle(t, tt.schema)
			if o.plan == nil {
				t.Fatal("not handled")
			}
			for _, text := range tt.proved {
				if !o.plan.Valid([]byte(text)) || !o.accepts([]byte(text)) {
					t.Errorf("%s: proved %v, accepted %v; want both", text, o.plan.Valid([]byte(text)), o.accepts([]byte(text)))
				}
			}
			for _, text := range tt.refused {
				if o.plan.Valid([]byte(text)) || o.accepts([]byte(text)) {
					t.Errorf("%s: proved %v, accepted %v; want neither", text, o.plan.Valid([]byte(text)), o.accepts([]byte(text)))
				}
			}
		})
	}
}

// What is not handled is said, with its place.
func TestNotHandled(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		`{"not": {}}`:                    "#: not is not handled",
		`{"items": {"if": {}}}`:          "#/items: if is not handled",
		`{"contains": {"type": "null"}}`: "contains", `{"propertyNames": false}`: "propertyNames",
		`{"unevaluatedItems": false}`: "unevaluated", `{"unevaluatedProperties": false}`: "unevaluated",
		`{"dependentRequired": {"a": ["b"]}}`: "dependentRequired", `{"dependentSchemas": {"a": false}}`: "dependentSchemas",
		`{"$dynamicRef": "#"}`:                 "$dynamicRef",
		`{"enum": [[]]}`:                       "enum of objects",
		`{"const": {}}`:                        "const of objects",
		`{"const": 12345678901234567891}`:      "long numbers",
		`{"minimum": 1.2345678901234567891}`:   "a limit of that many digits",
		`{"multipleOf": 12345678901234567891}`: "multipleOf of that many digits",
		`{"maxLength": 18446744073709551615}`:  "maxLength of that size", `{"maxItems": 18446744073709551615}`: "maxItems of that size",
		`{"maxProperties": 18446744073709551615}`:                                                      "an object of that size",
		`{"minProperties": 2}`:                                                                         "an object of that size",
		`{"oneOf": [{"type": "number"}, {"type": "integer"}]}`:                                         "oneOf",
		`{"oneOf": [{"const": "a"}, {"enum": ["b", "a"]}]}`:                                            "oneOf",
		`{"$schema": "http://json-schema.org/draft-04/schema#"}`:                                       "a draft before 7",
		`{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}}`:         "dependencies",
		`{"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"$recursiveRef": "#"}}`: "$recursiveRef",
	} {
		o := mustOracle(t, schema)
		if p, err := Compile(o.schema); p != nil || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "is not handled") {
			t.Errorf("%s: %v, %v; want %s", schema, p, err, want)
		}
	}
}

// What is out of the ordinary is left to the library, which accepts it.
func TestLeftToTheLibrary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ schema, text string }{
		{`{"properties": {"a": {"type": "null"}}}`, `{"a": 1, "a": null}`},
		{`{"maxProperties": 1}`, `{"a": 1, "a": 2}`},
		{`{"additionalProperties": {"type": "null"}}`, `{"a": 1, "a": null}`},
		{`{"uniqueItems": true}`, `[{}, [], {"a": 1}]`},
		{`{"uniqueItems": true}`, `[` + numbers(maxUnique+1) + `]`},
		{`{"uniqueItems": true}`, `[12345678901234567891, 12345678901234567892]`},
		{`{"type": "integer"}`, `12345678901234567891.0`},
		{`{"multipleOf": 2}`, `12345678901234567892`},
		{`true`, strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)},
		{`{"items": {"$ref": "#"}}`, strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)},
	} {
		o := mustOracle(t, tt.schema)
		if o.plan.Valid([]byte(tt.text)) || !o.accepts([]byte(tt.text)) {
			t.Errorf("%s with %.80s: proved %v, accepted %v", tt.schema, tt.text, o.plan.Valid([]byte(tt.text)), o.accepts([]byte(tt.text)))
		}
	}
	o := mustOracle(t, `true`)
	for _, text := range []string{`1e1001`, `[0e-1001]`, `{"a": 1E+99999999999999999999}`} {
		if o.plan.Valid([]byte(text)) || !beyond([]byte(text)) {
			t.Errorf("%s: proved", text)
		}
	}
}

// A schema that looks at each value again and again is given up before it takes
// long.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	o := mustOracle(t, `{"allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}`)
	for depth, want := range map[int]bool{4: true, 200: false} {
		text := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		if got := o.plan.Valid(text); got != want {
			t.Errorf("%d deep: %v", depth, got)
		}
	}
	// Deep, long and plain texts are not.
	o = mustOracle(t, `{"items": {"$ref": "#"}, "allOf": [{"type": "array"}]}`)
	if text := strings.Repeat("[", 150) + strings.Repeat("]", 150); !o.plan.Valid([]byte(text)) {
		t.Error("a plain text was given up")
	}
	o = mustOracle(t, `{"items": {"type": "string", "minLength": 3}}`)
	if text := `[` + strings.Repeat("\"abc\",   ", 100_000) + `"abc"]`; !o.plan.Valid([]byte(text)) {
		t.Error("a long text was given up")
	}
}

// A circle of references is an error of every text to the library, and not proved.
func TestCircles(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		`{"$ref": "#"}`, `{"allOf": [{"$ref": "#"}]}`, `{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}`,
		`{"items": {"$ref": "#/$defs/a"}, "minItems": 1, "$defs": {"a": {"type": "array", "$ref": "#/$defs/a"}}}`,
	} {
		o := mustOracle(t, schema)
		for _, text := range []string{`[[]]`, `1`, `{}`} {
			if err := o.compare([]byte(text)); err != nil {
				t.Errorf("%s: %v", schema, err)
			}
		}
	}
}

// One plan serves many goroutines.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	o := mustOracle(t, `{"properties": {"a\n": {"enum": ["x\ty"]}}, "additionalProperties": false}`)
	done := make(chan bool, 8)
	for i := range cap(done) {
		go func() {
			ok := true
			for range 500 {
				ok = ok && o.plan.Valid([]byte(`{"a\n": "x\ty"}`)) && !o.plan.Valid([]byte(`{"a\n": "x\t`+strings.Repeat("z", i)+`"}`))
			}
			done <- ok
		}()
	}
	for range cap(done) {
		if !<-done {
			t.Error("two runs met")
		}
	}
}

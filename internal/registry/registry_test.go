package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schemaType, answer, want string }{
		{"JSON Schema", "json_schema", `{"JsonSchema":{"raw_schema":"{\"type\": \"object\"}","fingerprint":"sha256:1"}}`, `{"type": "object"}`},
		{"Avro", "avro", `{"Avro":{"raw_schema":"\"string\"","fingerprint":"sha256:1"}}`, `"string"`},
		{"Protobuf", "protobuf", `{"Protobuf":{"raw_proto":"syntax = \"proto3\";\n","message_name":"","fingerprint":"sha256:1"}}`, "syntax = \"proto3\";\n"},
		{"a type without a text", "string", `"String"`, ``},
		{"plain text", "json_schema", `{"type":"object"}`, `{"type":"object"}`},
		{"plain text that is no JSON", "protobuf", `syntax = "proto3";`, `syntax = "proto3";`},
		{"a tag of another type is text", "json_schema", `{"Avro":{"raw_schema":"\"int\""}}`, `{"Avro":{"raw_schema":"\"int\""}}`},
		{"a tag without a definition is text", "avro", `{"Avro":{"fingerprint":"x"}}`, `{"Avro":{"fingerprint":"x"}}`},
		{"a definition that is no string is text", "avro", `{"Avro":{"raw_schema":5}}`, `{"Avro":{"raw_schema":5}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(registry.Unwrap(tt.schemaType, []byte(tt.answer))); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, schemaType, a, b string
		want                   bool
	}{
		{"spaces and the order of keys", "json_schema", `{"type":"object","title":"a"}`, "{ \"title\": \"a\",\n \"type\": \"object\" }", true},
		{"another keyword", "json_schema", `{"type":"object"}`, `{"type":"object","title":"a"}`, false},
		{"the order of a list", "json_schema", `{"enum":[1,2]}`, `{"enum":[2,1]}`, false},
		{"numbers past 2^53", "json_schema", `{"const":9007199254740993}`, `{"const":9007199254740992}`, false},
		{"Avro's two ways to write a primitive", "avro", `{"type":"record","name":"a","fields":[{"name":"x","type":{"type":"string"}}]}`, `{"type":"record","name":"a","fields":[{"name":"x","type":"string"}]}`, true},
		{"a default is a value, not a schema", "avro", `{"name":"x","type":"m","default":{"type":"string"}}`, `{"name":"x","type":"m","default":"string"}`, false},
		{"a logical type is not its base", "avro", `{"type":"long","logicalType":"timestamp-millis"}`, `"long"`, false},
		{"line ends", "protobuf", "a\r\nb\r\n", "a\nb", true},
		{"words", "protobuf", "a b", "a  b", false},
		{"what is not JSON is text", "json_schema", "{", "{ ", true},
		{"no text to compare", "number", "a", "b", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := registry.Equal(tt.schemaType, []byte(tt.a), []byte(tt.b)); got != tt.want {
				t.Errorf("Equal = %t, want %t", got, tt.want)
			}
			if d := registry.Difference(tt.schemaType, []byte(tt.a), []byte(tt.b)); (len(d) == 0) != tt.want {
				t.Errorf("the difference is %q", d)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, schemaType, from, to string
		want                       []string
	}{
		{
			"JSON Schema", "json_schema",
			`{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"object","properties":{"c":{"type":"integer","minimum":0}}},"gone":{"type":"null"}}}`,
			`{"type":"object","required":["b"],"properties":{"a":{"type":"string"},"b":{"type":"object","properties":{"c":{"type":"number","minimum":1}}},"new":{"type":"array","items":{"type":"boolean"}}},"additionalProperties":false}`,
			[]string{
				"changed (root): additionalProperties is now false",
				"changed a: no longer required true",
				"changed b: required is now true",
				"changed b.c: minimum from 0 to 1",
				"changed b.c: type from integer to number",
				"removed gone (null)",
				"added new (array)",
				"added new[] (boolean)",
			},
		},
		{
			"JSON Schema definitions", "json_schema",
			`{"$defs":{"id":{"type":"string"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":{"type":"string"}}`,
			`{"$defs":{"id":{"type":"integer"}},"patternProperties":{"^x":{"type":"null"}},"additionalProperties":{"type":"number"},"required":["y"]}`,
			[]string{
				"changed $defs.id: type from string to integer",
				"changed patternProperties.^x: type from string to null",
				"added y (required)",
				"changed {}: type from string to number",
			},
		},
		{
			"Avro", "avro",
			`{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"u","type":["null","string"],"default":null},{"name":"gone","type":{"type":"map","values":"int"}}]}`,
			`{"type":"record","name":"r","fields":[{"name":"a","type":"long"},{"name":"u","type":["null",{"type":"record","name":"n","fields":[{"name":"deep","type":"int"}]}],"default":null},{"name":"e","type":{"type":"enum","name":"e","symbols":["A","B"]},"default":"A"}]}`,
			[]string{
				"changed a: type from int to long",
				"added e (enum, default A)",
				"removed gone (map)",
				"removed gone{} (int)",
				"changed u: type from null | string to null | n",
				"added u.deep (int)",
			},
		},
		{
			"text", "protobuf", "message A {\n  int32 a = 1;\n}\n", "message A {\n  int64 a = 1;\n}",
			[]string{"@@ -1,3 +1,3 @@", "-  int32 a = 1;", "+  int64 a = 1;"},
		},
		{"what is not JSON", "avro", "{", "}", []string{"@@ -1,1 +1,1 @@", "-{", "+}"}},
		{"what no field shows", "json_schema", `{"default":"5"}`, `{"default":5}`, []string{"@@ -1,1 +1,1 @@", `-{"default":"5"}`, `+{"default":5}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := registry.Difference(tt.schemaType, []byte(tt.from), []byte(tt.to))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A difference of hundreds of fields is cut short, and says so.
func TestDifferenceIsBounded(t *testing.T) {
	t.Parallel()
	from, to := `{"properties":{`, `{"properties":{`
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		from += `"` + string(c) + `":{"type":"string"},`
		to += `"` + string(c) + `":{"type":"number"},`
	}
	got := registry.Difference("json_schema", []byte(from+`"z":{}}}`), []byte(to+`"z":{}}}`))
	if len(got) != 25 || got[24] != "and 1 more" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

// FuzzDefinitions: whatever a registry answers, nothing panics, a definition
// equals itself, and what is not equal has a difference.
func FuzzDefinitions(f *testing.F) {
	for _, seed := range []string{`{"type":["null",{"type":"record","fields":[1,{"name":2}]}]}`, `{"required":[1],"properties":{"a":true}}`, `{"Avro":{"raw_schema":"x"}}`, `[]`, `"x"`, "{"} {
		f.Add([]byte(seed), []byte(`{"type":{"type":"string"}}`))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, schemaType := range []string{"json_schema", "avro", "protobuf", "string"} {
			registry.Unwrap(schemaType, a)
			if !registry.Equal(schemaType, a, a) {
				t.Errorf("%s: %q is not equal to itself", schemaType, a)
			}
			if registry.Equal(schemaType, a, b) == (len(registry.Difference(schemaType, a, b)) > 0) {
				t.Errorf("%s: Equal and Difference disagree on %q and %q", schemaType, a, b)
			}
		}
	})
}

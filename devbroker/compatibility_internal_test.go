package devbroker

import (
	"strings"
	"testing"
)

// changes are pairs of definitions and what is wrong with the second after the
// first; an empty text is nothing.
var changes = map[string]struct {
	kind, before, after string
	backward, forward   string
}{
	"json: same":             {"json_schema", `{}`, `{}`, "", ""},
	"json: booleans":         {"json_schema", `true`, `false`, "", ""},
	"json: optional added":   {"json_schema", `{}`, `{"properties":{"a":{"type":"string"}}}`, "", ""},
	"json: required added":   {"json_schema", `{}`, `{"properties":{"a":{}},"required":["a"]}`, "", `required field "a" was added`},
	"json: optional removed": {"json_schema", `{"properties":{"a":{}}}`, `{}`, "", ""},
	"json: required removed": {"json_schema", `{"properties":{"a":{}},"required":["a"]}`, `{}`, `required field "a" was removed`, ""},
	"json: made required":    {"json_schema", `{"properties":{"a":{}}}`, `{"properties":{"a":{}},"required":["a"]}`, `optional field "a" was made required`, ""},
	"json: made optional":    {"json_schema", `{"properties":{"a":{}},"required":["a"]}`, `{"properties":{"a":{}}}`, "", ""},
	"json: type changed": {
		"json_schema", `{"properties":{"a":{"type":"string"}}}`, `{"properties":{"a":{"type":"number"}}}`,
		`type of field "a" was changed`, `type of field "a" was changed`,
	},
	"json: only the first level": {
		"json_schema",
		`{"properties":{"a":{"properties":{"b":{"type":"string"}}}}}`,
		`{"properties":{"a":{"properties":{"b":{"type":"number"}}}}}`, "", "",
	},
	"json: boolean property": {"json_schema", `{"properties":{"a":true}}`, `{"properties":{"a":{"type":"string"}}}`, `type of field "a"`, `type of field "a"`},
	"avro: same":             {"avro", `"int"`, `"int"`, "", ""},
	"avro: int to long":      {"avro", `"int"`, `"long"`, "", "cannot be read"},
	"avro: int to double":    {"avro", `"int"`, `"double"`, "", "cannot be read"},
	"avro: int to float":     {"avro", `"int"`, `"float"`, "cannot be read", "cannot be read"},
	"avro: long to int":      {"avro", `"long"`, `"int"`, "type long cannot be read as int", ""},
	"avro: float to double":  {"avro", `"float"`, `"double"`, "", "cannot be read"},
	"avro: bytes and string": {"avro", `"bytes"`, `"string"`, "", ""},
	"avro: any union":        {"avro", `["null","int"]`, `"string"`, "", ""},
	"avro: primitive object": {"avro", `{"type":"int","logicalType":"date"}`, `"int"`, "", ""},
	"avro: field with default added": {
		"avro", record("r", `{"name":"a","type":"int"}`), record("r", `{"name":"a","type":"int"},{"name":"b","type":"int","default":1}`), "", "",
	},
	"avro: field without default added": {
		"avro", record("r", `{"name":"a","type":"int"}`), record("r", `{"name":"a","type":"int"},{"name":"b","type":"int"}`),
		"field b has no default", "",
	},
	"avro: field without default removed": {
		"avro", record("r", `{"name":"a","type":"int"},{"name":"b","type":"int"}`), record("r", `{"name":"a","type":"int"}`),
		"", "field b has no default",
	},
	"avro: nullable field added": {
		"avro", record("r", ``), record("r", `{"name":"b","type":["null","int"]}`), "", "",
	},
	"avro: common fields are not compared": {
		"avro", record("r", `{"name":"a","type":"int"}`), record("r", `{"name":"a","type":"string"}`), "", "",
	},
	"avro: renamed": {"avro", record("r", ``), record("q", ``), "record name changed from r to q", "record name changed from q to r"},
	"protobuf":      {"protobuf", `message A {}`, `message B {}`, "", ""},
	"number":        {"number", ``, ``, "", ""},
}

func record(name, fields string) string {
	return `{"type":"record","name":"` + name + `","fields":[` + fields + `]}`
}

func TestCompatibility(t *testing.T) {
	t.Parallel()
	for name, row := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := mustDefine(t, row.kind, row.before), mustDefine(t, row.kind, row.after)
			both := row.backward
			if both == "" {
				both = row.forward
			}
			for mode, want := range map[compatibility]string{none: "", backward: row.backward, forward: row.forward, full: both} {
				got := mode.check(before, after)
				if want == "" && len(got) > 0 || want != "" && !strings.Contains(strings.Join(got, "; "), want) {
					t.Errorf("%s: %q; want %q", mode, got, want)
				}
			}
		})
	}
}

func mustDefine(t *testing.T, kind, text string) definition {
	t.Helper()
	d, err := define(kind, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestATypeChangesOnlyWithoutCompatibility(t *testing.T) {
	t.Parallel()
	a, b := mustDefine(t, "string", ""), mustDefine(t, "avro", `"string"`)
	for mode, fine := range map[compatibility]bool{none: true, backward: false, forward: false, full: false} {
		if got := mode.check(a, b); (len(got) == 0) != fine {
			t.Errorf("%s: %v", mode, got)
		}
	}
}

// definitions are what may and may not be registered; a text is part of the error.
var definitions = map[string]struct{ kind, text, want string }{
	"nested JSON types":      {"json", `{"properties":{"a":{"items":{"type":["string","null"]}}}}`, ""},
	"tuple items":            {"json", `{"items":[{"type":"string"}]}`, ""},
	"property type":          {"json", `{"properties":{"a":{"type":"text"}}}`, "properties.a: type text"},
	"items type":             {"json", `{"items":{"type":1}}`, "items: type 1"},
	"properties not object":  {"json", `{"properties":[]}`, "properties must be an object"},
	"required not list":      {"json", `{"required":"a"}`, "required must be a list"},
	"required not strings":   {"json", `{"required":[1]}`, "required must hold strings"},
	"property not a schema":  {"json", `{"properties":{"a":1}}`, "properties.a: a schema must be"},
	"trailing text":          {"json", `{} x`, "json_schema definition"},
	"avro record":            {"avro", record("r", `{"name":"a","type":{"type":"array","items":"r"}},{"name":"m","type":{"type":"map","values":["null","long"]}}`), ""},
	"avro enum and fixed":    {"avro", `[{"type":"enum","name":"e","symbols":["A"]},{"type":"fixed","name":"f","namespace":"n","size":4},"e","n.f"]`, ""},
	"avro nested type":       {"avro", `{"type":{"type":"array","items":"int"}}`, ""},
	"avro unknown name":      {"avro", `"strin"`, `unknown type "strin"`},
	"avro in union":          {"avro", `["null","x"]`, `union[1]: unknown type "x"`},
	"avro unnamed record":    {"avro", `{"type":"record","fields":[]}`, "needs a name"},
	"avro without fields":    {"avro", `{"type":"record","name":"r"}`, "needs fields"},
	"avro field not object":  {"avro", record("r", `1`), "fields[0] needs a name"},
	"avro field type":        {"avro", record("r", `{"name":"a","type":"x"}`), `field a: unknown type "x"`},
	"avro enum, no symbols":  {"avro", `{"type":"enum","name":"e"}`, "enum needs symbols"},
	"avro fixed, no size":    {"avro", `{"type":"fixed","name":"f"}`, "fixed needs a size"},
	"avro fixed, no name":    {"avro", `{"type":"fixed","size":4}`, "needs a name"},
	"avro array, no items":   {"avro", `{"type":"array"}`, "must be a name, a union or an object"},
	"avro number":            {"avro", `1`, "must be a name, a union or an object"},
	"unknown schema type":    {"xml", ``, `unknown schema type "xml"`},
	"protobuf is not parsed": {"protobuf", "}{", ""},
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	for name, row := range definitions {
		_, err := define(row.kind, []byte(row.text))
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: %v; want %q", name, err, row.want)
		}
	}
}

// FuzzDefine looks for definitions that break the reader or the comparison, and
// for a fingerprint that depends on how the text is spaced.
func FuzzDefine(f *testing.F) {
	for _, row := range definitions {
		f.Add(row.kind, row.text)
	}
	for _, row := range changes {
		f.Add(row.kind, row.after)
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		d, err := define(kind, []byte(text))
		if err != nil {
			return
		}
		if d.fingerprint == "" || d.kind == "" || len(d.wrapped()) == 0 {
			t.Errorf("definition of %q is %+v", text, d)
		}
		if problems := full.check(d, d); d.kind != "avro" && len(problems) > 0 {
			t.Errorf("%q is not compatible with itself: %v", text, problems)
		}
		if d.value == nil {
			return
		}
		spaced, err := define(kind, []byte(" "+text+"\n"))
		if err != nil || spaced.fingerprint != d.fingerprint {
			t.Errorf("with spaces: %v, %s; want %s", err, spaced.fingerprint, d.fingerprint)
		}
	})
}

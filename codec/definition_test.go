package codec

import (
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// A definition that does not compile is a mistake in the configuration, and named
// with its place.
func TestDefinitionsThatDoNotCompile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		schema string
		refs   []Ref
		want   string
	}{
		"nothing":  {"", nil, `schema_type "json_schema" has no schema; must be given the text of one, from schema_file`},
		"not JSON": {"{\n  \"type\": object\n}", nil, `schemas/orders.json:2: is not JSON; must be a JSON Schema`},
		"cut off":  {"{\n\"type\": \"object\"\n", nil, `schemas/orders.json:3: is not JSON; must be a JSON Schema`},
		"a word that is wrong": {
			"{\n\"properties\": {\n \"a\": {\n  \"minimum\": 1},\n \"b\": {\n  \"type\": \"int\"}}}", nil,
			`schemas/orders.json:6: not a JSON Schema: at "/properties/b/type" (`,
		},
		"a keyword's kind": {"{\n\"required\":\n\"a\"}", nil, `schemas/orders.json:3: not a JSON Schema: at "/required" (type): must be array, is string`},
		"an index":         {"{\"allOf\": [\n{},\n{\"minLength\": -1}]}", nil, `schemas/orders.json:3: not a JSON Schema: at "/allOf/1/minLength" (minimum): must be at least 0`},
		"not a schema":     {`"x"`, nil, `schemas/orders.json:1: not a JSON Schema: at "" (type): must be boolean or object, is string`},
		"a pattern": {
			"{\"properties\": {\"a/b\":\n{\"pattern\": \"(?=x)\"}}}", nil,
			`schemas/orders.json:2: pattern "(?=x)": error parsing regexp: invalid or unsupported Perl syntax: ` + "`(?=`" +
				`; must be a regular expression of RE2, which has no look-around and no back-references`,
		},
		"a pattern of names": {"{\"patternProperties\":\n{\"(\": true}}", nil, `schemas/orders.json:2: pattern "("`},
		"a dangling pointer": {"{\"items\":\n{\"$ref\": \"#/$defs/a~1b\"}}", nil, `schemas/orders.json:2: $ref "#/$defs/a~1b" refers to nothing; must be the place of a schema`},
		"a dangling anchor":  {"{\"items\":\n{\"$ref\": \"#a\"}}", nil, `schemas/orders.json:2: $ref "#a" refers to nothing; must be the place of a schema`},
		"a draft nobody knows": {
			"{\n\"$schema\": \"https://example.com/draft\"}", nil,
			`schemas/orders.json:2: $schema "https://example.com/draft" is not known; must be draft 7, 2019-09 or 2020-12`,
		},
		"a file not given": {
			"{\n\"items\": {\"$ref\": \"common.json#/$defs/id\"}}", nil,
			`schemas/orders.json:2: $ref "common.json#/$defs/id" refers to a file that is not given; must be named in refs = ["common.json"], as nothing else is read`,
		},
		"a file given not given": {
			`{"$ref": "common.json"}`,
			[]Ref{{"common.json", []byte("{\"items\":\n{\"$ref\": \"deep/other.json\"}}")}},
			`common.json:2: $ref "deep/other.json" refers to a file that is not given; must be named in refs = ["deep/other.json"]`,
		},
		"a file given that is wrong": {
			`{"$ref": "common.json"}`, []Ref{{"common.json", []byte("{\n\"type\": 1}")}}, `common.json:2: not a JSON Schema: at "/type" (`,
		},
		"a file given that is not JSON": {
			`{"$ref": "common.json"}`, []Ref{{"common.json", []byte("{\n\n")}}, `common.json:3: is not JSON; must be a JSON Schema`,
		},
		"a pointer into a file given": {
			`{"$ref": "common.json#/$defs/x"}`, []Ref{{"common.json", []byte("{}")}}, `schemas/orders.json:1: $ref "common.json#/$defs/x" refers to nothing`,
		},
		"levels": {
			strings.Repeat(`{"items":`, maxNesting) + `{}` + strings.Repeat(`}`, maxNesting), nil,
			`schemas/orders.json: is too much to compile; must nest no deeper than 500 levels`,
		},
		// The library would leave the limit out.
		"a number": {`{"minimum": 1e100000000}`, nil, `schemas/orders.json: is too much to compile; must`},
		"a file given that is too much": {
			`{"$ref": "common.json"}`, []Ref{{"common.json", []byte(`{"multipleOf": 1e-1001}`)}}, `common.json: is too much to compile`,
		},
		"a file of this machine": {
			`{"$ref": "file:///etc/hostname"}`, nil, `schemas/orders.json:1: $ref "file:///etc/hostname" refers to a file that is not given`,
		},
		"the network": {
			`{"$ref": "https://example.com/a.json"}`, nil, `schemas/orders.json:1: $ref "https://example.com/a.json" refers to a file that is not given`,
		},
		"twice, the first": {
			"{\"allOf\": [\n{\"$ref\": \"x.json\"}],\n\"items\": {\"$ref\": \"x.json\"},\n\"properties\": {\"$ref\": {\"$ref\": \"x.json\"}}}", nil,
			`schemas/orders.json:2: $ref "x.json" refers to a file that is not given`,
		},
		"beside an $id": {
			`{"$id": "https://example.com/s/orders", "$ref": "a.json"}`, nil, `schemas/orders.json:1: $ref "a.json" refers to a file that is not given`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := For(Settings{SchemaType: "json_schema", Schema: []byte(tt.schema), Name: "schemas/orders.json", Refs: tt.refs})
			if c != nil || connect.ClassOf(err) != connect.ClassConfig || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(err.Error(), "must ") {
				t.Errorf("%v, %v\nwant %s", c, err, tt.want)
			}
		})
	}
}

// What a schema refers to is found by the name it uses, wherever that is relative
// to.
func TestReferences(t *testing.T) {
	t.Parallel()
	const null = `{"type": "null", "$defs": {"n": {"type": "number"}}}`
	for name, tt := range map[string]struct {
		schema string
		refs   []Ref
	}{
		"beside the file":     {`{"$ref": "common.json"}`, []Ref{{"common.json", []byte(null)}}},
		"with a dot":          {`{"$ref": "./common.json"}`, []Ref{{"common.json", []byte(null)}}},
		"as a path":           {`{"$ref": "common.json"}`, []Ref{{"schemas/common.json", []byte(null)}}},
		"above the file":      {`{"$ref": "../common.json"}`, []Ref{{"../common.json", []byte(null)}}},
		"below the file":      {`{"$ref": "deep/common.json"}`, []Ref{{"deep/common.json", []byte(null)}}},
		"by its address":      {`{"$ref": "https://example.com/c"}`, []Ref{{"https://example.com/c", []byte(null)}}},
		"by its $id":          {`{"$ref": "https://example.com/c"}`, []Ref{{"common.json", []byte(`{"$id": "https://example.com/c", "type": "null"}`)}}},
		"beside an $id":       {`{"$id": "https://example.com/s/orders", "$ref": "common.json"}`, []Ref{{"common.json", []byte(null)}}},
		"by a URN":            {`{"$ref": "urn:example:c"}`, []Ref{{"urn:example:c", []byte(null)}}},
		"a name to escape":    {`{"$ref": "my%20common.json"}`, []Ref{{"my common.json", []byte(null)}}},
		"from one to another": {`{"$ref": "a.json"}`, []Ref{{"a.json", []byte(`{"$ref": "b.json"}`)}, {"b.json", []byte(null)}}},
		"from below":          {`{"$ref": "deep/a.json"}`, []Ref{{"deep/a.json", []byte(`{"$ref": "b.json"}`)}, {"deep/b.json", []byte(null)}}},
		"and back":            {`{"$ref": "a.json#/$defs/x", "$defs": {"y": {"type": "null"}}}`, []Ref{{"a.json", []byte(`{"$defs": {"x": {"$ref": "orders.json#/$defs/y"}}}`)}}},
		"in an older draft":   {`{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "common.json#"}`, []Ref{{"common.json", []byte(null)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := For(Settings{SchemaType: "json_schema", Schema: []byte(tt.schema), Name: "schemas/orders.json", Refs: tt.refs})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Encode(connect.JSON("t", nil)); err != nil {
				t.Error(err)
			}
			if _, err := c.Encode(connect.JSON("t", 1)); err == nil || !strings.Contains(err.Error(), "(type): must be null, is number") {
				t.Errorf("%v", err)
			}
		})
	}
}

// Errors name a definition without a name, too.
func TestDefinitionWithoutAName(t *testing.T) {
	t.Parallel()
	_, err := For(Settings{SchemaType: "json_schema", Schema: []byte(`{"type": 1}`)})
	if err == nil || !strings.HasPrefix(err.Error(), `the schema:1: not a JSON Schema: at "/type" (`) {
		t.Error(err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	text := "{\n \"a\": [\n  1,\n  {\"b\": 2,\n   \"c/d\": 3}\n ],\n \"\": 4\n}"
	for pointer, want := range map[string]int{
		"": 1, "/a": 2, "/a/0": 3, "/a/1": 4, "/a/1/b": 4, "/a/1/c~1d": 5, "/": 7, "/a/2": 2, "/x": 1, "/a/x": 2, "/a/0/x": 3,
	} {
		if got := lineOf([]byte(text), steps(pointer)); got != want {
			t.Errorf("%s: line %d, want %d", pointer, got, want)
		}
	}
}

func TestPointersReadBack(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"", "/", "/a", "/~0~1/~01", "//"} {
		if got := pointer(steps(want)); got != want {
			t.Errorf("%q became %q", want, got)
		}
	}
}

package plan

import (
	"strconv"
	"strings"
)

// numbers writes n numbers, with commas.
func numbers(n int) string {
	var all []string
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return strings.Join(all, ",")
}

const (
	draft7  = `"$schema": "http://json-schema.org/draft-07/schema#", `
	draft19 = `"$schema": "https://json-schema.org/draft/2019-09/schema", `
)

type row struct {
	schema          string
	proved, refused []string
}

var table = []row{
	{
		`true`,
		[]string{
			`{}`, ` [ ] `, `"a"`, `"\ud83d\ude00"`, `"\ud800"`, `"\/\b\f\n\r\t\"\\"`, "\"é\u2028\U0001f600\x7f\"", `0`, `-0`, `-0.0e-0`, `1E+5`, `1e400`, "\t\r\n null \n",
			`true`, `false`, `[1, [], {"a": {"b": [null]}}]`, `{"": ""}`, `{"a": 1, "a": 2}`, `12345678901234567890123`, `"` + strings.Repeat("0123456", 9) + `"`,
		},
		[]string{
			``, ` `, `{`, `[`, `"`, `{}{}`, `1 2`, `nul`, `nulL`, `True`, `NaN`, `-`, `01`, `+1`, `.5`, `1.`, `1.e5`, `1e`, `1e+`, `--1`, `0x1`, `1_0`,
			`"\x"`, `"\u12"`, `"\u123g"`, `"\`, `"` + "\n" + `"`, "\"\x00\"", "\"\x1f\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"12345\xff78\"", "\xef\xbb\xbf1",
			`[1,]`, `[,1]`, `[1 2]`, `[1`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1`, `{1:1}`, `[}`, `{]`, "\f1", `'a'`, `[1]x`, "1\x00",
		},
	},
	{`false`, nil, []string{`1`, `{}`, `null`}},
	{`{"type": "integer"}`, []string{`1`, `1.0`, `-0.0`, `10e-1`, `1.5e1`, `123e400`, `1e1000`, `100000000000000000000000000000001`, `0.0e5`, `0e-5`}, []string{`1.5`, `1e-1`, `"1"`, `15e-1`, `1e-400`, `1.00000000000000000000000000001`, `0.1e0`, `null`}},
	{`{"type": ["number", "null"]}`, []string{`1.5`, `null`}, []string{`true`, `"1"`, `[]`, `{}`}},
	{`{"type": "boolean"}`, []string{`true`, `false`}, []string{`null`, `0`, `tru`, `falsy`}},
	{`{"type": "array"}`, []string{`[]`, `[1]`}, []string{`{}`, `[`}},
	{`{"type": "object"}`, []string{`{}`, `{"a": [1]}`}, []string{`[]`, `{"a": [1}`}},
	{`{"const": "é\n"}`, []string{`"é\n"`, `"\u00e9\u000a"`, `"\u00E9\n"`}, []string{`"e"`, `"\\u00e9\n"`, `null`, `1`, `{}`, `[]`}},
	{`{"const": "\ufffd"}`, []string{`"\ufffd"`, `"\ud800"`, `"\ude00"`, "\"\ufffd\""}, []string{`"\ud800\ud800"`, `"\ud83d\ude00"`, `"\ud800x"`}},
	{`{"const": "\u0000\ufffd\ud83d\ude00"}`, []string{`"\u0000\ud83d\ud83d\ude00"`}, []string{`"\ufffd\ud83d\ude00"`}},
	{`{"const": 100}`, []string{`100`, `100.0`, `1e2`, `1000e-1`, `0.1E3`}, []string{`"100"`, `99`, `100.1`, `-100`, `1e3`, `100.0000000000000000000000000000001`}},
	{`{"const": 0}`, []string{`0`, `-0`, `0.00`, `0e500`}, []string{`0.1`, `false`, `null`, `""`, `1e-999`}},
	{`{"const": 9007199254740993}`, []string{`9007199254740993`}, []string{`9007199254740992`, `9007199254740994`}},
	{`{"const": null}`, []string{`null`}, []string{`0`, `false`}},
	{`{"const": false}`, []string{`false`}, []string{`0`, `true`, `null`}},
	{`{"enum": ["a", 1, true, null], "const": 1}`, []string{`1`}, []string{`"a"`, `true`, `null`, `2`}},
	{`{"enum": ["a", 1, true, null]}`, []string{`"a"`, `1.0`, `true`, `null`, `"\u0061"`}, []string{`false`, `"1"`, `"b"`, `[]`, `{}`}},
	{`{"minimum": -1.5, "maximum": 9223372036854775806}`, []string{`-1.5`, `-1.50`, `9223372036854775806`, `0`, `-15e-1`, `"x"`, `9223372036854775805.9999999999999999`}, []string{`-1.6`, `-1.5000000000000000000000000001`, `9223372036854775807`, `9223372036854775806.00000000001`, `-2e5`, `1e20`, `99999999999999999999999`}},
	{`{"exclusiveMinimum": 0, "exclusiveMaximum": 1}`, []string{`0.5`, `1e-1000`, `0.99999999999999999999999999`, `1e-5`}, []string{`0`, `-0`, `1`, `1.0`, `-1e-1000`, `1.00000000000000000000000001`}},
	{`{"minimum": 1e400, "maximum": 2e400}`, []string{`1.5e400`, `1e400`, `20e399`}, []string{`9e399`, `2.1e400`, `1`, `-1e401`, `1e500`}},
	{`{"maximum": -0.001}`, []string{`-0.001`, `-1`, `-1e-3`}, []string{`0`, `-0.0009`, `1`, `-0.00099999999999999999999999`}},
	{`{"multipleOf": 0.01}`, []string{`0.01`, `1.23`, `5`, `0`, `1e500`, `-0.05`, `12345678901234567.89`, `""`}, []string{`0.001`, `1.234`, `1e-3`, `12345678901234567.891`}},
	{`{"multipleOf": 7}`, []string{`14`, `0`, `-21`, `7e3`, `700e-2`, `14.0`}, []string{`15`, `0.7`, `1e3`, `7e-1`, `3.5`}},
	{`{"multipleOf": 0.5}`, []string{`1`, `1.5`, `2e1`}, []string{`1.25`, `0.1`}},
	{`{"multipleOf": 250}`, []string{`1000`, `1e3`, `25e1`, `1e100`}, []string{`100`, `10`, `1e-1`}},
	{`{"minLength": 2, "maxLength": 3}`, []string{`"ab"`, `"éé"`, `"😀😀😀"`, `"\ud83d\ude00\ud83d\ude00"`, `"\n\u0000"`, `"\ud800\ud800\ud800"`, `1`}, []string{`"a"`, `"😀"`, `"abcd"`, `"\ud83d\ude00"`, `"\u0061\u0062\u0063\u0064"`}},
	{`{"pattern": "^[a-z\n]+$"}`, []string{`"abc"`, `"a\nb"`, `"\u0061"`, `null`}, []string{`""`, `"A"`, `"a\\nb"`, `"\u0041"`}},
	{`{"format": "date-time"}`, []string{`"x"`, `1`}, nil},
	{`{` + draft7 + `"format": "date-time"}`, []string{`"2026-11-25T18:00:00Z"`, `1`, `"2026-11-25T18:00:00\u005a"`}, []string{`"x"`, `""`}},
	{`{"items": {"type": "null"}, "minItems": 1, "maxItems": 2}`, []string{`[null]`, `[null,null]`, `1`}, []string{`[]`, `[1]`, `[null,1]`, `[null,null,null]`}},
	{`{"prefixItems": [{"type": "null"}, true], "items": {"type": "string"}}`, []string{`[]`, `[null]`, `[null, 1]`, `[null, 1, "x"]`}, []string{`[1]`, `[null, 1, 2]`}},
	{`{"prefixItems": [true], "items": false}`, []string{`[]`, `[1]`}, []string{`[1, 2]`}},
	{`{` + draft7 + `"items": [true], "additionalItems": false}`, []string{`[]`, `[1]`}, []string{`[1, 2]`}},
	{`{` + draft19 + `"items": [true], "additionalItems": {"type": "null"}}`, []string{`[]`, `[1, null]`}, []string{`[1, 2]`}},
	{`{` + draft7 + `"items": {"type": "null"}, "additionalItems": false}`, []string{`[null, null]`}, []string{`[1]`}},
	{`{` + draft7 + `"additionalItems": false}`, []string{`[1, 2]`}, nil},
	{
		`{"uniqueItems": true}`,
		[]string{`[]`, `[[]]`, `[1, "1", true, null, false]`, `[1, 2, 1.5]`, `["a", "b\n", ""]`, `[[], {}, 1]`, `[` + numbers(maxUnique) + `]`, `[1, 10, 100, -1]`, `[true, "true"]`, `[1, 1.000000000000000000000000001]`},
		[]string{`[1, 1]`, `[1, 1.0]`, `["a", "\u0061"]`, `[null, null]`, `[0, -0]`, `[1e2, 100]`, `[{}, {}]`, `[[1], [1.0]]`, `["", ""]`, `[1, 2, 3, 2]`},
	},
	{
		`{"properties": {"a": {"type": "null"}, "bb": false, "": {"type": "string"}}, "required": ["a", "zz"]}`,
		[]string{`{"a": null, "zz": 1}`, `{"zz": {}, "\u0061": null, "x": 1}`, `1`, `{"a":null,"":"","zz":[]}`, `{"a": null, "zz": 1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": 1}`},
		[]string{`{"a": null}`, `{"a": 1, "zz": 1}`, `{"zz": 1}`, `{"a": null, "zz": 1, "bb": 1}`, `{"a": null, "zz": 1, "": 1}`, `{}`},
	},
	{`{"properties": {"a": true}, "required": ["b"], "additionalProperties": false}`, nil, []string{`{"a": 1}`, `{"b": 1}`, `{"a": 1, "b": 2}`}},
	{
		`{"properties": {"a": {"maximum": 5}}, "patternProperties": {"^a": {"type": "integer"}, "b$": {"minimum": 3}}, "additionalProperties": {"type": "null"}}`,
		[]string{`{"a": 1}`, `{"ab": 4}`, `{"xb": 3.5}`, `{"c": null}`, `{"a\u0062": 3}`},
		[]string{`{"a": 6}`, `{"a": 1.5}`, `{"ab": 2}`, `{"ab": 3.5}`, `{"c": 1}`, `{"a\u0062": 1}`, `{"a": 1`},
	},
	{`{"properties": {"a": {"type": "null"}}, "required": ["a"]}`, []string{`{"a": null, "\u0061": null}`}, []string{`{"a": null, "a": 1}`, `{"b": 1, "b": 2}`}},
	{`{"minProperties": 1, "maxProperties": 2}`, []string{`{"a": 1}`, `{"a": 1, "b": 2}`, `[]`}, []string{`{}`, `{"a": 1, "b": 2, "c": 3}`}},
	{`{"$ref": "#/$defs/a", "maximum": 5, "$defs": {"a": {"type": "integer"}}}`, []string{`5`}, []string{`6`, `1.5`}},
	{`{` + draft7 + `"items": {"$ref": "#/definitions/a", "maximum": 5, "type": "null"}, "definitions": {"a": {"type": "integer"}}}`, []string{`[6]`}, []string{`[1.5]`, `[null]`}},
	{`{` + draft7 + `"items": {"$ref": "#/definitions/a", "const": 5}, "definitions": {"a": {"type": "integer"}}}`, []string{`[5]`}, []string{`[6]`, `["5"]`}},
	{`{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/c"}, "c": {}}}`, []string{`1`, `[]`}, []string{`[`}},
	{`{"properties": {"left": {"$ref": "#"}, "v": {"type": "number"}}, "additionalProperties": false}`, []string{`{"left": {"left": {"v": 1}}}`}, []string{`{"left": {"left": {"v": ""}}}`, `{"left": {"x": 1}}`}},
	{`{"$anchor": "top", "items": {"$ref": "#top"}, "type": "array"}`, []string{`[[], [[]]]`}, []string{`[[], [1]]`}},
	{`{"allOf": [{"minimum": 1}, {"maximum": 3}, true]}`, []string{`1`, `3`, `""`}, []string{`0`, `4`, `[`}},
	{`{"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "null"}}, "required": ["a"]}], "maxProperties": 1}`, []string{`null`, `{"a": null}`, `1`}, []string{`{"a": 1}`, `{}`, `{"a": null, "b": 1}`}},
	{`{"anyOf": [false, true]}`, []string{`1`}, []string{`[`}},
	{`{"oneOf": [{"type": "null"}, {"type": ["string", "array"]}, false]}`, []string{`null`, `"a"`, `[]`}, []string{`1`, `{}`}},
	{`{"oneOf": [{"const": "a"}, {"enum": ["b", "c"]}]}`, []string{`"a"`, `"c"`}, []string{`"d"`, `1`}},
	{
		`{"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {
			"a": {"type": "object", "required": ["t"], "properties": {"t": {"const": "a"}, "n": {"type": "number"}}},
			"b": {"type": "object", "required": ["x", "t"], "properties": {"t": {"$ref": "#/$defs/t"}}}, "t": {"enum": ["b", "c"]}}}`,
		[]string{`{"t": "a", "n": 1}`, `{"t": "b", "x": 1}`, `{"x": 1, "t": "c", "n": "any"}`},
		[]string{`{"t": "a", "n": ""}`, `{"t": "b"}`, `{"t": "d", "x": 1}`, `{}`, `1`},
	},
}

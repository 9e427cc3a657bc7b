package codec

// violations is a schema, a payload, and what is said of it; nothing when it
// matches.
var violations = map[string]struct{ schema, payload, want string }{
	"match": {order, `{"id": 1, "note": "ééééé", "items": [{"sku": "A", "n": 0.5}, {}]}`, ""},
	"all of them, sorted": {
		order, `{"note": "123456", "items": [{"sku": "a"}, {"n": 0}], "extra": 1}`,
		`at "/extra" (additionalProperties): must not be there; at "/id" (required): must be there; ` +
			`at "/items/0/sku" (pattern): must match "^[A-Z]+$"; at "/items/1/n" (exclusiveMinimum): must be more than 0; ` +
			`at "/note" (maxLength): must have 5 characters or fewer, has 6`,
	},
	"the payload itself": {order, `[]`, `at "" (type): must be object, is array`},
	"types":              {`{"type": ["integer", "null"]}`, `"x"`, `at "" (type): must be null or integer, is string`},
	"a path to escape":   {`{"additionalProperties": {"type": "null"}}`, `{"a/b~c": 1}`, `at "/a~1b~0c" (type): must be null, is number`},
	"a path with a line": {`{"additionalProperties": false}`, `{"a\nb": 1}`, `at "/a\nb" (additionalProperties): must not be there`},
	"enum":               {`{"enum": ["a", 1.50, null, [1]]}`, `"b"`, `at "" (enum): must be one of "a", 1.50, null, [1]`},
	"const":              {`{"const": {"a": 1}}`, `{"a": 2}`, `at "" (const): must be {"a":1}`},
	"limits": {
		`{"items": {"minimum": 0.1, "maximum": 1e3, "exclusiveMaximum": 1000, "multipleOf": 0.05}}`, `[0, 0.07, 1000, 1001]`,
		`at "/0" (minimum): must be at least 0.1; at "/1" (minimum): must be at least 0.1; at "/1" (multipleOf): must be a multiple of 0.05; ` +
			`at "/2" (exclusiveMaximum): must be less than 1000; ` +
			`at "/3" (exclusiveMaximum): must be less than 1000; at "/3" (maximum): must be at most 1000`,
	},
	"sizes": {
		`{"minItems": 2, "minProperties": 1, "properties": {"s": {"minLength": 2}, "a": {"maxItems": 1, "uniqueItems": true}}, "maxProperties": 1}`,
		`{"s": "😀", "a": [1, 1.0]}`,
		`at "" (maxProperties): must have 1 properties or fewer, has 2; at "/a" (maxItems): must have 1 items or fewer, has 2; ` +
			`at "/a" (uniqueItems): must have no equal items, has them at 0 and 1; at "/s" (minLength): must have 2 characters or more, has 1`,
	},
	"anyOf": {
		`{"anyOf": [{"type": "string"}, {"properties": {"a": {"const": 1}}, "required": ["b"]}]}`, `{"a": 2}`,
		`at "" (anyOf): must match one of 2 schemas, matches none; at "" (type): must be string, is object; ` +
			`at "/a" (const): must be 1; at "/b" (required): must be there`,
	},
	"oneOf":         {`{"oneOf": [{}, false, true]}`, `1`, `at "" (oneOf): must match only one of the schemas, matches numbers 1 and 3`},
	"oneOf none":    {`{"oneOf": [{"type": "null"}]}`, `1`, `at "" (oneOf): must match one of 1 schemas, matches none; at "" (type): must be null, is number`},
	"false":         {`{"properties": {"a": false}}`, `{"a": 1}`, `at "/a" (false schema): must not be there`},
	"not":           {`{"not": {"type": "number"}}`, `1`, `at "" (not): must not match the schema under not`},
	"contains":      {`{"contains": {"type": "null"}}`, `[1]`, `at "" (contains): must have an item that matches its schema, has none`},
	"minContains":   {`{"contains": {"type": "null"}, "minContains": 2}`, `[null, 1]`, `at "" (minContains): must have 2 items or more that match its schema, has 1`},
	"maxContains":   {`{"contains": {"type": "null"}, "maxContains": 1}`, `[null, null]`, `at "" (maxContains): must have 1 items or fewer that match its schema, has 2`},
	"propertyNames": {`{"propertyNames": {"maxLength": 1}}`, `{"ab": 1}`, `at "/ab" (propertyNames): must have a name that the schema allows`},
	"dependentRequired": {
		`{"dependentRequired": {"a": ["b", "c"]}}`, `{"a": 1, "c": 1}`, `at "/b" (dependentRequired): must be there, as "a" is`,
	},
	"said once": {`{"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"required": ["x"]}}}`, `{}`, `at "/x" (required): must be there`},
	"endless":   {`{"$ref": "#"}`, `1`, `at "" ($ref): cannot be decided: the schema refers to itself without end`},

	// What each draft means by a word.
	"2020-12 unless said":       {`{"prefixItems": [{"type": "null"}], "items": false}`, `[null, 1]`, `at "/1" (false schema): must not be there`},
	"2020-12 format is a note":  {`{"format": "date-time"}`, `"x"`, ""},
	"2019-09 format is a note":  {`{"$schema": "https://json-schema.org/draft/2019-09/schema", "format": "date-time"}`, `"x"`, ""},
	"draft 7 format is checked": {`{"$schema": "http://json-schema.org/draft-07/schema#", "format": "date-time"}`, `"x"`, `at "" (format): must be in the format "date-time"`},
	"draft 7 items": {
		`{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}], "additionalItems": false}`, `[1, 2, 3]`,
		`at "" (additionalItems): must have 2 items fewer; at "/0" (type): must be null, is number`,
	},
	"draft 7 dependencies": {
		`{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}}`, `{"a": 1}`, `at "/b" (dependencies): must be there, as "a" is`,
	},
	"draft 7 $ref stands alone": {
		`{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#/definitions/x", "maximum": 1}}, "definitions": {"x": {"type": "integer"}}}`,
		`{"a": 2}`, "",
	},
	"2019-09 $ref does not": {
		`{"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"a": {"$ref": "#/definitions/x", "maximum": 1}}, "definitions": {"x": {"type": "integer"}}}`,
		`{"a": 2}`, `at "/a" (maximum): must be at most 1`,
	},
}

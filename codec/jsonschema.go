package codec

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec/internal/plan"
)

// schemaCodec is the wire form of schema_type "json_schema": JSON, as without a
// schema, that the schema accepts.
type schemaCodec struct {
	json   jsonCodec
	schema *jsonschema.Schema
	// refused is a schema of what schema does not accept: it is decided without a
	// list of why not.
	refused *jsonschema.Schema
	// plan proves most payloads without the library; it is nil for a schema it does
	// not handle.
	plan *plan.Plan
	// name is the file the schema came from.
	name string
}

// newJSONSchema returns the codec of a topic whose payloads a JSON Schema decides
// about: draft 7, 2019-09 or 2020-12, the last where the schema does not say.
// That is what the broker takes it for, too.
func newJSONSchema(s Settings, json jsonCodec) (Codec, error) {
	if err := needSchema(s); err != nil {
		return nil, err
	}
	schema, refused, err := compileJSONSchema(s)
	if err != nil {
		return nil, err
	}
	// Without a plan the library does it all, which is slower and no mistake.
	fast, _ := plan.Compile(schema)
	return schemaCodec{json: json, schema: schema, refused: refused, plan: fast, name: fileName(s.Name)}, nil
}

// Encode implements Codec.
func (c schemaCodec) Encode(r connect.Record) ([]byte, error) {
	text := r.Raw()
	// Bytes are no exception here: whoever gives a topic a schema says that its
	// messages are JSON.
	given := r.Kind() == connect.KindRawJSON || r.Kind() == connect.KindBytes
	if !given {
		var err error
		if text, err = c.json.Encode(r); err != nil {
			return nil, err
		}
	}
	if c.plan != nil && c.plan.Valid(text) {
		return text, nil
	}
	if given {
		if err := checkJSON(r.Kind(), text); err != nil {
			return nil, err
		}
	}
	if err := c.validate(r.Kind(), text); err != nil {
		return nil, err
	}
	return text, nil
}

// validate asks the library about JSON text and words its answer. A panic in it
// must not end the process of a source that sends from goroutines of its own.
func (c schemaCodec) validate(k connect.Kind, text []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = invalid(nil, "%s: cannot be compared with %s: the validator panicked; must be simpler", k, c.name)
		}
	}()
	if hugeNumber(text) {
		return invalid(nil, "%s: has a number of more than %d digits or with an exponent beyond ±%d, which is not compared with a schema; "+
			"must be written with fewer", k, plan.MaxNumber, plan.MaxExponent)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return invalid(nil, "%s: cannot be read as JSON; must be one JSON value", k)
	}
	if vast(text) {
		if c.refused.Validate(value) != nil {
			return nil
		}
		broken := &SchemaError{Schema: c.name, Violations: []Violation{{Keyword: "schema", Text: "must match it; is too large to be told where it does not"}}}
		return invalid(broken, "%s: %v", k, broken)
	}
	err = c.schema.Validate(value)
	if err == nil {
		return nil
	}
	broken := newSchemaError(c.name, err)
	return invalid(broken, "%s: %v", k, broken)
}

// maxWording bounds what it may cost to word what is wrong with a payload. The
// library lists every violation with its path before it returns: some 30 times
// this in memory.
const maxWording = 16 << 20

// vast reports whether a payload could break its schema in so many places, or so
// deep, that a list of them would take the memory of the process.
func vast(text []byte) bool { return len(text)*(32+nesting(text)) > maxWording }

// nesting returns how deep the arrays and objects of JSON text nest.
func nesting(text []byte) (deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

// hugeNumber looks for a number in JSON text that costs too much to compare with a
// schema. The comparison is exact and multiplies numbers out: a few bytes such as
// 1e999999 would cost as much as a million digits, and those take half a minute.
func hugeNumber(text []byte) bool {
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && '0' <= c && c <= '9':
			n := numberLength(text[i:])
			if n > plan.MaxNumber || hugeExponent(text[i:i+n]) {
				return true
			}
			i += n - 1
		}
	}
	return false
}

// numberLength returns how many bytes the number has that s begins with.
func numberLength(s []byte) (n int) {
	for n < len(s) && strings.IndexByte("0123456789.eE+-", s[n]) >= 0 {
		n++
	}
	return n
}

// hugeExponent reports whether a number has an exponent beyond what is compared.
func hugeExponent(number []byte) bool {
	e := bytes.IndexAny(number, "eE")
	if e < 0 {
		return false
	}
	exponent, err := strconv.Atoi(string(number[e+1:]))
	return err != nil || exponent > plan.MaxExponent || -exponent > plan.MaxExponent
}

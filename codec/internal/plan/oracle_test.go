package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// oracle is a schema as the library has it, and its plan.
type oracle struct {
	schema *jsonschema.Schema
	plan   *Plan
	// unique is set where items must be somewhere.
	unique bool
}

// newOracle compiles a schema; the plan is nil where there is none.
func newOracle(schema string) (oracle, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(schema)))
	if err != nil {
		return oracle{}, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource("schema:///main", value); err != nil {
		return oracle{}, err
	}
	compiled, err := c.Compile("schema:///main")
	if err != nil {
		return oracle{}, err
	}
	plan, err := Compile(compiled)
	if err != nil {
		return oracle{schema: compiled}, nil
	}
	return oracle{compiled, plan, strings.Contains(schema, "uniqueItems")}, nil
}

func mustOracle(t testing.TB, schema string) oracle {
	t.Helper()
	o, err := newOracle(schema)
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	return o
}

// accepts is the library's verdict: the text is JSON in UTF-8, and valid. The
// library is not asked about what it would panic over.
func (o oracle) accepts(text []byte) bool {
	if !json.Valid(text) || !utf8.Valid(text) || beyond(text) {
		return false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	return err == nil && o.schema.Validate(value) == nil
}

// compare runs both. Where the plan proves nothing of a text the library accepts,
// there must be a reason.
func (o oracle) compare(text []byte) error {
	if o.plan == nil {
		return nil
	}
	proved := o.plan.Valid(text)
	if beyond(text) {
		if proved {
			return fmt.Errorf("proved a text that must be left to the library: %q", text)
		}
		return nil
	}
	accepted := o.accepts(text)
	switch {
	case proved && !accepted:
		return fmt.Errorf("proved a text that the library refuses: %q", text)
	case accepted && !proved && !o.unusual(text):
		return fmt.Errorf("did not prove a text that the library accepts: %q", text)
	}
	return nil
}

// beyond reports whether text has an exponent that the library would spend too
// long on, or panic over.
func beyond(text []byte) bool {
	if !json.Valid(text) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if number, ok := token.(json.Number); ok {
			_, exponent, _ := bytes.Cut(bytes.ToLower([]byte(number)), []byte("e"))
			if digits := bytes.TrimLeft(exponent, "+-0"); len(digits) > 4 || len(digits) == 4 && string(digits) > "1000" {
				return true
			}
		}
	}
}

// unusual reports whether text is one of those that a plan leaves to the library
// although they may be valid: a name twice in an object, deep nesting, long
// numbers, and where items must be unique, many or such that are objects or arrays.
func (o oracle) unusual(text []byte) bool {
	w := walker{decoder: json.NewDecoder(bytes.NewReader(text)), unique: o.unique}
	w.decoder.UseNumber()
	w.value()
	return w.odd
}

// walker looks for what is unusual.
type walker struct {
	decoder     *json.Decoder
	depth       int
	unique, odd bool
}

// value reads a value and reports whether it is an object or an array.
func (w *walker) value() bool {
	token, err := w.decoder.Token()
	if err != nil {
		return false
	}
	w.depth++
	w.odd = w.odd || w.depth > maxDepth/8
	defer func() { w.depth-- }()
	switch token {
	case json.Delim('{'):
		names := map[any]bool{}
		for w.decoder.More() {
			name, err := w.decoder.Token()
			if err != nil {
				return true
			}
			w.odd = w.odd || names[name]
			names[name] = true
			w.value()
		}
	case json.Delim('['):
		inside, count := 0, 0
		for w.decoder.More() {
			if w.value() {
				inside++
			}
			count++
		}
		w.odd = w.odd || w.unique && (inside > 1 || count > maxUnique)
	default:
		number, ok := token.(json.Number)
		w.odd = w.odd || ok && len(number) > maxDigits
		return false
	}
	_, _ = w.decoder.Token()
	return true
}

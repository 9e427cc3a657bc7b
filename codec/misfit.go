package codec

import (
	"encoding/json"
	"slices"
)

// misfit is why a value does not fit its type, and where it stands in the record.
type misfit struct {
	keyword, must, is string
	path              []string // the last step first
}

// in says that the misfit stands within what a step leads to.
func (m *misfit) in(step string) *misfit {
	if m != nil {
		m.path = append(m.path, step)
	}
	return m
}

// schemaError is the misfit as the cause of an error.
func (m *misfit) schemaError(schema string) *SchemaError {
	slices.Reverse(m.path)
	return &SchemaError{Schema: schema, Violations: []Violation{{Path: pointer(m.path), Keyword: m.keyword, Text: "must " + m.must + ", " + m.is}}}
}

// kindOf words what a value is in JSON.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "is null"
	case bool:
		return "is a boolean"
	case string:
		return "is a string"
	case []any:
		return "is an array"
	case map[string]any:
		return "is an object"
	case json.Number, float64, float32, uint64, uint:
		return "is a number"
	}
	if _, ok := smallInteger(v); ok {
		return "is a number"
	}
	return "is a Go value without a JSON form of its own"
}

func wrongKind(t *avroType, v any) *misfit { return t.refuses("type", kindOf(v)) }

// refuses is a misfit of something that is not what the type takes.
func (t *avroType) refuses(keyword, is string) *misfit {
	return &misfit{keyword: keyword, must: "be " + t.describe(), is: is}
}

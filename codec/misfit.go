package codec

import "encoding/json"

// misfit is why a value does not fit its type, and where it stands in the record.
type misfit struct{ path, is, must string }

func (m *misfit) Error() string {
	if m.path == "" {
		return m.is + "; must " + m.must
	}
	return m.path + " " + m.is + "; must " + m.must
}

// in says that the misfit stands within a part of what it was thought to be in.
func (m *misfit) in(part string) *misfit {
	switch {
	case m == nil:
	case m.path == "":
		m.path = part
	case m.path[0] == '[':
		m.path = part + m.path
	default:
		m.path = part + "." + m.path
	}
	return m
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

func wrongKind(t *avroType, v any) *misfit { return &misfit{"", kindOf(v), "be " + t.describe()} }

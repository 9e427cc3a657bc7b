package codec

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// protobufExact finds whole numbers in JSON that protojson would round without a
// word: a whole number may be an identifier. It is asked of text that is known to
// be the JSON form of a message.
type protobufExact struct {
	types protobufTypes
	// floats says that a message has fields that round at all.
	floats bool
}

// protobufTypes finds what a message names in its text.
type protobufTypes interface {
	FindMessageByURL(url string) (protoreflect.MessageType, error)
	FindExtensionByName(field protoreflect.FullName) (protoreflect.ExtensionType, error)
}

func newProtobufExact(m protoreflect.MessageDescriptor, types protobufTypes) protobufExact {
	return protobufExact{types, hasFloats(m, map[protoreflect.FullName]bool{})}
}

// hasFloats reports whether a message, or one within it, may hold a float.
func hasFloats(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if seen[m.FullName()] {
		return false
	}
	seen[m.FullName()] = true
	if m.FullName() == "google.protobuf.Any" || m.ExtensionRanges().Len() > 0 {
		return true
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.Kind() == protoreflect.FloatKind || f.Kind() == protoreflect.DoubleKind || f.Message() != nil && hasFloats(f.Message(), seen) {
			return true
		}
	}
	return false
}

// fewDigits is how many digits every float holds exactly.
const fewDigits = 7

// find returns where the first whole number is that would change, nil if none would.
func (p protobufExact) find(m protoreflect.MessageDescriptor, text []byte) *misfit {
	if !p.floats || !manyDigits(text) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil // cannot be: it was read before
	}
	return p.message(m, v)
}

// manyDigits reports whether a text could have a number that a float rounds.
func manyDigits(text []byte) bool {
	run := 0
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			if run++; run > fewDigits {
				return true
			}
		case c != '.':
			run = 0
		}
	}
	return false
}

func (p protobufExact) message(m protoreflect.MessageDescriptor, v any) *misfit {
	switch m.FullName() {
	case "google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue":
		return p.anything(v)
	case "google.protobuf.DoubleValue", "google.protobuf.FloatValue":
		return p.value(m.Fields().ByName("value"), v)
	case "google.protobuf.Any":
		return p.any(v)
	}
	object, _ := v.(map[string]any) // else null, or a text of one of Google's own
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if f := p.field(m, key); f != nil {
			if found := p.values(f, object[key]); found != nil {
				return found.in(key)
			}
		}
	}
	return nil
}

// field finds the field that a key stands for.
func (p protobufExact) field(m protoreflect.MessageDescriptor, key string) protoreflect.FieldDescriptor {
	if name, is := strings.CutPrefix(key, "["); is {
		if x, err := p.types.FindExtensionByName(protoreflect.FullName(strings.TrimSuffix(name, "]"))); err == nil {
			return x.TypeDescriptor()
		}
		return nil
	}
	if f := m.Fields().ByJSONName(key); f != nil {
		return f
	}
	return m.Fields().ByTextName(key)
}

// any looks into a message that names its type.
func (p protobufExact) any(v any) *misfit {
	object, _ := v.(map[string]any)
	url, _ := object["@type"].(string)
	t, err := p.types.FindMessageByURL(url)
	if err != nil {
		return nil // an empty one
	}
	if m := t.Descriptor(); ownFields(m) != nil {
		return p.message(m, v)
	}
	return p.message(t.Descriptor(), object["value"]).in("value")
}

// values looks at all values of a field.
func (p protobufExact) values(f protoreflect.FieldDescriptor, v any) *misfit {
	switch {
	case f.IsMap():
		object, _ := v.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if found := p.value(f.MapValue(), object[key]); found != nil {
				return found.in(anyKey)
			}
		}
		return nil
	case f.IsList():
		list, _ := v.([]any)
		for i, each := range list {
			if found := p.value(f, each); found != nil {
				return found.in(strconv.Itoa(i))
			}
		}
		return nil
	}
	return p.value(f, v)
}

func (p protobufExact) value(f protoreflect.FieldDescriptor, v any) *misfit {
	switch f.Kind() {
	case protoreflect.FloatKind:
		return wouldRound(v, 32)
	case protoreflect.DoubleKind:
		return wouldRound(v, 64)
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return p.message(f.Message(), v)
	}
	return nil
}

// anything looks at JSON of any form, whose numbers are doubles and whose keys are
// data.
func (p protobufExact) anything(v any) *misfit {
	switch v := v.(type) {
	case json.Number:
		return wouldRound(v, 64)
	case []any:
		for i, each := range v {
			if found := p.anything(each); found != nil {
				return found.in(strconv.Itoa(i))
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if found := p.anything(v[key]); found != nil {
				return found.in(anyKey)
			}
		}
	}
	return nil
}

// wouldRound looks at a number, or a string of one, as protobuf takes it.
func wouldRound(v any, bits int) *misfit {
	text, isString := v.(string)
	if !isString {
		number, _ := v.(json.Number)
		text = string(number)
	}
	d, ok := parseLiteral(text)
	if !ok || d.exponent < 0 {
		return nil // null, NaN, a fraction
	}
	if f, err := strconv.ParseFloat(text, bits); err == nil && d.heldBy(f, bits) {
		return nil
	}
	return &misfit{keyword: "type", must: "be a number that " + strconv.Itoa(bits) + " bits hold", is: "is a whole number that they would change"}
}

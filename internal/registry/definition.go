package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Unwrap returns the definition in the answer of a registry, which is not what
// was registered: brokers answer with the JSON of a tagged value around it. What
// has no such tag is taken for the definition itself.
func Unwrap(schemaType string, answer []byte) []byte {
	if !HasDefinition(schemaType) {
		return nil
	}
	var tagged map[string]map[string]json.RawMessage
	if json.Unmarshal(answer, &tagged) != nil || len(tagged) != 1 {
		return answer
	}
	tag, key := "JsonSchema", "raw_schema"
	switch schemaType {
	case "avro":
		tag = "Avro"
	case "protobuf":
		tag, key = "Protobuf", "raw_proto"
	}
	var text string
	if json.Unmarshal(tagged[tag][key], &text) != nil {
		return answer
	}
	return []byte(text)
}

// Equal reports whether two definitions of a type say the same: spaces and the
// order of keys do not matter in JSON Schema and Avro, line ends and space at the
// ends in the others.
func Equal(schemaType string, a, b []byte) bool {
	if !HasDefinition(schemaType) {
		return true
	}
	return bytes.Equal(canonical(schemaType, a), canonical(schemaType, b))
}

// canonical is one text for all definitions that say the same.
func canonical(schemaType string, definition []byte) []byte {
	if schemaType == "json_schema" || schemaType == "avro" {
		if v, err := decode(definition); err == nil {
			if schemaType == "avro" {
				v = plainAvro(v)
			}
			if text, err := json.Marshal(v); err == nil { // sorts keys
				return text
			}
		}
	}
	return bytes.TrimSpace(bytes.ReplaceAll(definition, []byte("\r\n"), []byte("\n")))
}

// plainAvro writes {"type": "string"} as "string", at every depth: a parser of
// Avro makes no difference between them.
func plainAvro(v any) any {
	switch t := v.(type) {
	case map[string]any:
		if name, ok := t["type"].(string); ok && len(t) == 1 {
			return name
		}
		for key, inner := range t {
			if key != "default" {
				t[key] = plainAvro(inner)
			}
		}
	case []any:
		for i := range t {
			t[i] = plainAvro(t[i])
		}
	}
	return v
}

// decode reads one JSON value with its numbers as they are written.
func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

package devbroker

import (
	"fmt"
	"slices"
)

var avroPrimitives = []string{"null", "boolean", "int", "long", "float", "double", "bytes", "string"}

// avroNames are the types a schema has defined so far.
type avroNames map[string]bool

// checkAvro looks through an Avro schema: every type known, every name there.
func checkAvro(v any) error { return avroNames{}.check(v) }

func (n avroNames) check(v any) error {
	switch v := v.(type) {
	case string:
		if !slices.Contains(avroPrimitives, v) && !n[v] {
			return fmt.Errorf("unknown type %q", v)
		}
		return nil
	case []any:
		for i, branch := range v {
			if err := n.check(branch); err != nil {
				return fmt.Errorf("union[%d]: %w", i, err)
			}
		}
		return nil
	case map[string]any:
		return n.checkComplex(v)
	}
	return fmt.Errorf("a schema must be a name, a union or an object, not %T", v)
}

func (n avroNames) checkComplex(v map[string]any) error {
	switch v["type"] {
	case "record", "error":
		return n.checkRecord(v)
	case "enum":
		if list, err := names(v, "symbols"); err != nil || len(list) == 0 {
			return fmt.Errorf("enum needs symbols")
		}
		return n.define(v)
	case "fixed":
		if _, ok := v["size"]; !ok {
			return fmt.Errorf("fixed needs a size")
		}
		return n.define(v)
	case "array":
		return n.check(v["items"])
	case "map":
		return n.check(v["values"])
	}
	return n.check(v["type"]) // a primitive with properties, or a nested schema
}

// define notes a named type, under its name and its full name.
func (n avroNames) define(v map[string]any) error {
	name, _ := v["name"].(string)
	if name == "" {
		return fmt.Errorf("%v needs a name", v["type"])
	}
	n[name] = true
	if space, ok := v["namespace"].(string); ok && space != "" {
		n[space+"."+name] = true
	}
	return nil
}

func (n avroNames) checkRecord(v map[string]any) error {
	if err := n.define(v); err != nil {
		return err
	}
	fields, ok := v["fields"].([]any)
	if !ok {
		return fmt.Errorf("record %v needs fields", v["name"])
	}
	for i, f := range fields {
		field, ok := f.(map[string]any)
		name, _ := field["name"].(string)
		if !ok || name == "" {
			return fmt.Errorf("fields[%d] needs a name", i)
		}
		if err := n.check(field["type"]); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
	}
	return nil
}

// avroReads is what keeps a reader with one schema from data of another. The
// types of fields both have are not compared, as in the real broker.
func avroReads(reader, writer any) []string {
	if isUnion(reader) || isUnion(writer) {
		return nil
	}
	r, w := avroType(reader), avroType(writer)
	if r != w && !slices.Contains(promotions[w], r) {
		return []string{fmt.Sprintf("type %s cannot be read as %s", w, r)}
	}
	if r != "record" {
		return nil
	}
	return recordReads(reader.(map[string]any), writer.(map[string]any))
}

func recordReads(reader, writer map[string]any) (problems []string) {
	if reader["name"] != writer["name"] {
		return []string{fmt.Sprintf("record name changed from %v to %v", writer["name"], reader["name"])}
	}
	written := map[any]bool{}
	for _, f := range fieldsOf(writer) {
		written[f["name"]] = true
	}
	for _, f := range fieldsOf(reader) {
		_, hasDefault := f["default"]
		if !written[f["name"]] && !hasDefault && !nullable(f["type"]) {
			problems = append(problems, fmt.Sprintf("field %v has no default and is not in the other schema", f["name"]))
		}
	}
	return problems
}

// promotions are what a written type may be read as.
var promotions = map[string][]string{
	"int":   {"long", "double"},
	"float": {"double"}, "long": {"double"},
	"bytes": {"string"}, "string": {"bytes"},
}

func avroType(v any) string {
	if m, ok := v.(map[string]any); ok {
		v = m["type"]
	}
	s, _ := v.(string)
	return s
}

func isUnion(v any) bool {
	_, ok := v.([]any)
	return ok
}

func nullable(v any) bool {
	union, _ := v.([]any)
	return slices.Contains(union, any("null"))
}

func fieldsOf(record map[string]any) (fields []map[string]any) {
	list, _ := record["fields"].([]any)
	for _, f := range list {
		if field, ok := f.(map[string]any); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

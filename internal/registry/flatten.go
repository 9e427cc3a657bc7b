package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// at returns the place of a path in fields.
func (f fields) at(path string) traits {
	if path == "" {
		path = root
	}
	if f[path] == nil {
		f[path] = traits{}
	}
	return f[path]
}

// below joins the name of a field to the path of the schema it is in.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// jsonSchema lays a JSON Schema flat: properties at every depth, the items of
// lists as "[]", definitions under their keyword.
func (f fields) jsonSchema(path string, v any, required bool) {
	here := f.at(path)
	if required {
		here["required"] = "true"
	}
	schema, ok := v.(map[string]any)
	if !ok {
		here["type"] = compact(v) // true and false are schemas
		return
	}
	needed := map[string]bool{}
	list, _ := schema["required"].([]any)
	for _, name := range list {
		needed[fmt.Sprint(name)] = true
	}
	for _, word := range slices.Sorted(maps.Keys(schema)) {
		inner, nested := schema[word].(map[string]any)
		switch {
		case word == "required" && list != nil:
		case word == "properties" && nested:
			for name, property := range inner {
				f.jsonSchema(below(path, name), property, needed[name])
			}
		case (word == "$defs" || word == "definitions" || word == "patternProperties") && nested:
			for name, definition := range inner {
				f.jsonSchema(below(path, word+"."+name), definition, false)
			}
		case word == "items" && nested:
			f.jsonSchema(path+"[]", inner, false)
		case word == "additionalProperties" && nested:
			f.jsonSchema(path+"{}", inner, false)
		default:
			here[word] = compact(schema[word])
		}
	}
	for name := range needed {
		if properties, _ := schema["properties"].(map[string]any); properties[name] == nil {
			f.at(below(path, name))["required"] = "true"
		}
	}
}

// avro lays an Avro schema flat: the fields of records at every depth, the items
// of arrays as "[]", the values of maps as "{}".
func (f fields) avro(path string, v any) {
	here := f.at(path)
	switch schema := v.(type) {
	case []any:
		branches := make([]string, len(schema))
		for i, branch := range schema {
			branches[i] = f.avroBranch(path, branch)
		}
		here["type"] = strings.Join(branches, " | ")
	case map[string]any:
		f.avroObject(path, here, schema)
	default:
		here["type"] = word(v)
	}
}

// avroBranch lays one branch of a union flat and returns its name.
func (f fields) avroBranch(path string, v any) string {
	schema, ok := v.(map[string]any)
	if !ok {
		return word(v)
	}
	inner := fields{}
	inner.avro(path, v)
	f.merge(path, inner)
	if name, ok := schema["name"].(string); ok {
		return name
	}
	return inner.at(path)["type"]
}

// merge takes in what lies below path in other.
func (f fields) merge(path string, other fields) {
	self := path
	if self == "" {
		self = root
	}
	for p, t := range other {
		if p != self {
			f[p] = t
		}
	}
}

func (f fields) avroObject(path string, here traits, schema map[string]any) {
	for key, value := range schema {
		switch key {
		case "fields", "items", "values", "type":
		default:
			here[key] = word(value)
		}
	}
	if kind, ok := schema["type"].(string); ok {
		here["type"] = kind
	} else {
		f.avro(path, schema["type"]) // {"type": {"type": …}}
	}
	list, _ := schema["fields"].([]any)
	for _, each := range list {
		field, ok := each.(map[string]any)
		if !ok {
			continue
		}
		name := below(path, word(field["name"]))
		f.avro(name, field["type"])
		for key, value := range field {
			if key != "type" && key != "name" {
				f.at(name)[key] = compact(value)
			}
		}
	}
	if items, ok := schema["items"]; ok {
		f.avro(path+"[]", items)
	}
	if values, ok := schema["values"]; ok {
		f.avro(path+"{}", values)
	}
}

// word is a value as a person writes it: a string without its quotes.
func word(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return compact(v)
}

// compact is a value on one line.
func compact(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "?"
	}
	return strings.TrimSpace(b.String())
}

package devbroker

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// jsonTypes are the words "type" may have.
var jsonTypes = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// checkJSONSchema looks for what no JSON Schema can be: the parts the registry
// itself reads, at every depth of properties and items. What only a validator
// would notice passes.
func checkJSONSchema(v any) error {
	if _, ok := v.(bool); ok {
		return nil
	}
	schema, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("a schema must be an object or a boolean, not %T", v)
	}
	if err := checkType(schema["type"]); err != nil {
		return err
	}
	if _, err := names(schema, "required"); err != nil {
		return err
	}
	if items, ok := schema["items"]; ok {
		if _, tuple := items.([]any); !tuple {
			if err := checkJSONSchema(items); err != nil {
				return fmt.Errorf("items: %w", err)
			}
		}
	}
	properties, ok := schema["properties"].(map[string]any)
	if _, has := schema["properties"]; has && !ok {
		return fmt.Errorf("properties must be an object, not %T", schema["properties"])
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if err := checkJSONSchema(properties[name]); err != nil {
			return fmt.Errorf("properties.%s: %w", name, err)
		}
	}
	return nil
}

func checkType(v any) error {
	words, many := v.([]any)
	if !many && v != nil {
		words = []any{v}
	}
	for _, w := range words {
		if s, ok := w.(string); !ok || !slices.Contains(jsonTypes, s) {
			return fmt.Errorf("type %v is none of %v", w, jsonTypes)
		}
	}
	return nil
}

// names returns a list of strings of a schema.
func names(schema map[string]any, key string) ([]string, error) {
	list, ok := schema[key].([]any)
	if _, has := schema[key]; has && !ok {
		return nil, fmt.Errorf("%s must be a list, not %T", key, schema[key])
	}
	var all []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("%s must hold strings, not %T", key, v)
		}
		all = append(all, s)
	}
	return all, nil
}

// object is what compatibility looks at of a JSON Schema: its first level.
type object struct {
	properties map[string]any
	required   []string
}

func objectOf(v any) object {
	schema, _ := v.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := names(schema, "required") // checked when it was registered
	return object{properties, required}
}

// jsonBackward is what keeps readers of the new schema from the old data.
func jsonBackward(before, after any) (problems []string) {
	was, is := objectOf(before), objectOf(after)
	for _, name := range was.required {
		if _, ok := is.properties[name]; !ok {
			problems = append(problems, fmt.Sprintf("required field %q was removed", name))
		}
	}
	for _, name := range is.required {
		if _, known := was.properties[name]; known && !slices.Contains(was.required, name) {
			problems = append(problems, fmt.Sprintf("optional field %q was made required", name))
		}
	}
	return append(problems, changedTypes(was, is)...)
}

// jsonForward is what keeps readers of the old schema from the new data.
func jsonForward(before, after any) (problems []string) {
	was, is := objectOf(before), objectOf(after)
	for _, name := range is.required {
		if _, known := was.properties[name]; !known {
			problems = append(problems, fmt.Sprintf("required field %q was added", name))
		}
	}
	return append(problems, changedTypes(was, is)...)
}

func changedTypes(was, is object) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(was.properties)) {
		now, ok := is.properties[name]
		if ok && !reflect.DeepEqual(typeOf(was.properties[name]), typeOf(now)) {
			problems = append(problems, fmt.Sprintf("type of field %q was changed", name))
		}
	}
	return problems
}

func typeOf(v any) any {
	schema, _ := v.(map[string]any)
	return schema["type"]
}

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// delimiter joins the steps of a path for koanf; no key may contain it.
const delimiter = "\x1f"

// shape is what must be known about a configuration struct before a file is read
// into it.
type shape struct {
	// core is where Connector is embedded.
	core []int
	// keys has the key that an environment variable sets, as koanf has it.
	keys map[string]string
	// problems are mistakes in the struct itself, made by whoever wrote it.
	problems []Problem
}

// shapeOf inspects a struct type. Mistakes in it are found whatever the file
// holds.
func shapeOf(t reflect.Type) (*shape, error) {
	s := &shape{keys: map[string]string{"DANUBE_SERVICE_URL": "danube_service_url", "CONNECTOR_NAME": "connector_name"}}
	core, ok := findCore(t)
	if !ok {
		s.mistake(fmt.Sprint(t), "is no configuration", "must be a struct that embeds config.Connector by value")
	} else {
		s.core = core
		s.inspect(t, "", true, nil)
	}
	if len(s.problems) > 0 {
		return nil, &Error{Problems: s.problems}
	}
	return s, nil
}

// findCore returns the index of the embedded Connector.
func findCore(t reflect.Type) (index []int, ok bool) {
	if t == connectorType || t.Kind() != reflect.Struct {
		return nil, t == connectorType
	}
	for i := range t.NumField() {
		if f := t.Field(i); isEmbedded(f) {
			if inner, ok := findCore(f.Type); ok {
				return append([]int{i}, inner...), true
			}
		}
	}
	return nil, false
}

func (s *shape) mistake(where, what, right string) {
	if p := (Problem{Key: where, What: what, Right: right}); !slices.Contains(s.problems, p) {
		s.problems = append(s.problems, p)
	}
}

// inspect looks for fields that no file could fill, and for the variables of
// secrets. single says that there is one value of the type at most; above are the
// types it is a part of, which ends the search in types that contain themselves.
func (s *shape) inspect(t reflect.Type, path string, single bool, above []reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		s.inspect(t.Elem(), path, single, above)
	case reflect.Slice, reflect.Map:
		s.inspect(t.Elem(), path, false, above)
	case reflect.Struct:
		if t != secretType && dateTypes[t] == 0 && !slices.Contains(above, t) {
			s.inspectStruct(t, path, single, append(slices.Clone(above), t))
		}
	}
}

func (s *shape) inspectStruct(t reflect.Type, path string, single bool, above []reflect.Type) {
	s.inspectEmbedded(t)
	owner := map[string]string{}
	for _, f := range fieldsOf(t) {
		if first, taken := owner[f.name]; taken {
			s.mistake(f.goName, fmt.Sprintf("has the key %q, as %s has", f.name, first), "must have a key of its own")
		}
		owner[f.name] = f.goName
		if f.koanf != "" && f.koanf != f.name {
			s.mistake(f.goName, fmt.Sprintf("has the key %q by its toml tag and %q by its koanf tag", f.name, f.koanf), "must have one key")
		}
		if !canHold(f.typ) {
			s.mistake(f.goName, fmt.Sprintf("is a %v, which no file can hold", f.typ), "must be left out with `toml:\"-\"`, or be of another type")
			continue
		}
		here := strings.TrimPrefix(path+delimiter+f.name, delimiter)
		s.secret(f, here, single)
		s.inspect(f.typ, here, single, above)
	}
}

// inspectEmbedded refuses the forms of embedding that decoders do not agree on.
func (s *shape) inspectEmbedded(t reflect.Type) {
	for f := range t.Fields() {
		name := tagName(f, "toml")
		switch {
		case !f.Anonymous || name == "-":
		case f.Type.Kind() == reflect.Pointer:
			s.mistake(t.String()+"."+f.Name, "is embedded as a pointer", "must be embedded by value")
		case f.Type.Kind() == reflect.Struct && name != "":
			s.mistake(t.String()+"."+f.Name, "is embedded and has a key", "must be embedded without one, or be a field with a name")
		}
	}
}

// secret notes the variable that fills a field.
func (s *shape) secret(f field, path string, single bool) {
	if f.variable == "" {
		return
	}
	switch other, taken := s.keys[f.variable]; {
	case f.typ != secretType:
		s.mistake(f.goName, "has an env tag", "must be of type config.Secret for that: nothing else is read from the environment")
	case !single:
		s.mistake(f.goName, "has an env tag inside a list or map", "must be where there is one of it: a variable holds one value")
	case taken && other != path:
		s.mistake(f.goName, fmt.Sprintf("is filled from %s, as another key is", f.variable), "must have a variable of its own")
	default:
		s.keys[f.variable] = path
	}
}

// canHold reports whether a file can hold values of the type.
func canHold(t reflect.Type) bool {
	if isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Interface:
		return t.NumMethod() == 0
	case reflect.Slice, reflect.Pointer:
		return canHold(t.Elem())
	case reflect.Map:
		return t.Key().Kind() == reflect.String && canHold(t.Elem())
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Array, reflect.UnsafePointer, reflect.Uintptr:
		return false
	}
	return true
}

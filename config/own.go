package config

import (
	"errors"
	"reflect"
)

// validator is a struct of the connector's own with a check of its own; see
// Invalid.
type validator interface{ Validate() error }

// own checks the connector's own tables: routes, and whatever has a Validate
// method, from the inside out.
func (r *review) own(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			r.own(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.own(v.Index(i), at(path, i))
		}
		if v.Type().Elem() == routeType {
			r.routes(v, path)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			entry := reflect.New(v.Type().Elem()).Elem() // entries of maps have no address
			entry.Set(v.MapIndex(key))
			r.own(entry, join(path, key.String()))
		}
	case reflect.Struct:
		if v.Type() != connectorType {
			r.validateStruct(v, path)
		}
	}
}

func (r *review) validateStruct(v reflect.Value, path string) {
	for _, f := range fieldsOf(v.Type()) {
		if !isConnectors(v.Type(), f.index) {
			r.own(v.FieldByIndex(f.index), place{path: path}.field(f.name).path)
		}
	}
	if s, ok := v.Addr().Interface().(validator); ok {
		r.take(s.Validate(), path)
		return
	}
	// Two embedded structs with the method hide it from the one around them.
	for i := range v.NumField() {
		if isEmbedded(v.Type().Field(i)) && v.Field(i).Type() != connectorType && v.Field(i).CanInterface() {
			if s, ok := v.Field(i).Addr().Interface().(validator); ok {
				r.take(s.Validate(), path)
			}
		}
	}
}

// isConnectors reports whether a field of t comes from the embedded Connector.
func isConnectors(t reflect.Type, index []int) bool {
	for _, i := range index {
		f := t.Field(i)
		if f.Type == connectorType {
			return true
		}
		t = f.Type
	}
	return false
}

// take reports what a Validate method returned. Errors that say the same as the
// one they wrap are unwrapped, so that joined errors become lines of their own.
func (r *review) take(err error, path string) {
	if err == nil {
		return
	}
	if p, ok := err.(Problem); ok { //nolint:errorlint // a wrapped one is text of its own
		r.takeProblem(p, path)
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range many.Unwrap() {
			r.take(inner, path)
		}
		return
	}
	if inner := errors.Unwrap(err); inner != nil && inner.Error() == err.Error() {
		r.take(inner, path)
		return
	}
	r.takeProblem(Problem{What: err.Error()}, path)
}

// takeProblem places what Invalid made: its key is relative to the struct.
func (r *review) takeProblem(p Problem, path string) {
	key := path + p.Key
	if path != "" && p.Key != "" && p.Key[0] != '[' {
		key = path + "." + p.Key
	}
	switch {
	case p.Key == "" && (r.lost || r.anyWrong(path)): // it may be about what is wrong
	case r.lost && !r.inFile(key): // it may be in the part that could not be read
	case p.Key != "" && r.isWrong(key) && r.variables[key] == "":
	default:
		// The key is not marked as wrong, so that other checks are heard too.
		r.note(key, p.What, p.Right)
	}
}

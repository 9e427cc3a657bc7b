package codec

import (
	"encoding"
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// allUTF8 reports whether every string of v that encoding/json writes by itself
// is UTF-8. It is asked only about values that encoding/json has written, which
// therefore do not contain themselves, and in whose text the escape it writes
// for a bad byte was seen: the escape may also have come with raw JSON, which is
// none of its doing.
func allUTF8(v any) bool { return valueUTF8(reflect.ValueOf(v)) }

func valueUTF8(v reflect.Value) bool {
	if !v.IsValid() || !v.CanInterface() || implements(v, jsonMarshaler) {
		return true
	}
	if implements(v, textMarshaler) {
		return markedUTF8(v)
	}
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return valueUTF8(v.Elem())
	case reflect.Slice, reflect.Array:
		return every(v.Len(), func(i int) bool { return valueUTF8(v.Index(i)) })
	case reflect.Struct:
		return every(v.NumField(), func(i int) bool {
			return v.Type().Field(i).Tag.Get("json") == "-" || valueUTF8(v.Field(i))
		})
	case reflect.Map:
		keys := v.MapKeys()
		return every(len(keys), func(i int) bool { return valueUTF8(keys[i]) && valueUTF8(v.MapIndex(keys[i])) })
	}
	return true
}

// implements reports whether encoding/json calls v's own method; it takes the
// address of what it can for that.
func implements(v reflect.Value, method reflect.Type) bool {
	return v.Type().Implements(method) || v.CanAddr() && reflect.PointerTo(v.Type()).Implements(method)
}

// markedUTF8 checks the text a value gives of itself.
func markedUTF8(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface && v.IsNil() {
		return true
	}
	if !v.Type().Implements(textMarshaler) {
		v = v.Addr()
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return err != nil || utf8.Valid(text)
}

func every(n int, ok func(int) bool) bool {
	for i := range n {
		if !ok(i) {
			return false
		}
	}
	return true
}

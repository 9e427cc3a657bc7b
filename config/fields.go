package config

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/pelletier/go-toml/v2"
)

// The types that are written in a way of their own.
var (
	connectorType = reflect.TypeFor[Connector]()
	secretType    = reflect.TypeFor[Secret]()
	sizeType      = reflect.TypeFor[Size]()
	routeType     = reflect.TypeFor[connect.Route]()
	durationType  = reflect.TypeFor[time.Duration]()
	unmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
	dateTypes     = map[reflect.Type]kind{
		reflect.TypeFor[time.Time]():          instant,
		reflect.TypeFor[toml.LocalDateTime](): localDateTime,
		reflect.TypeFor[toml.LocalDate]():     localDate,
		reflect.TypeFor[toml.LocalTime]():     localTime,
	}
)

// field is a struct field that a key of a file sets.
type field struct {
	name, koanf string
	typ         reflect.Type
	// index is the field's own, through the structs it is embedded by.
	index []int
	// variable fills a Secret; only says that nothing else may.
	variable string
	only     bool
	// goName is the struct and the field, for mistakes in the struct itself.
	goName string
}

// fieldsOf returns the fields of a struct in order, those of embedded structs in
// their place.
func fieldsOf(t reflect.Type) (all []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		if isEmbedded(f) {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
			continue
		}
		name := tagName(f, "toml")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		variable, option, _ := strings.Cut(f.Tag.Get("env"), ",")
		all = append(all, field{
			name: name, koanf: tagName(f, "koanf"), typ: f.Type, index: []int{i},
			variable: variable, only: option == "only", goName: t.String() + "." + f.Name,
		})
	}
	return all
}

// isEmbedded reports whether the fields of f belong to the struct around it.
func isEmbedded(f reflect.StructField) bool {
	return f.Anonymous && f.Type.Kind() == reflect.Struct && tagName(f, "toml") == ""
}

// tagName returns the name in a struct tag.
func tagName(f reflect.StructField, tag string) string {
	name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
	return name
}

// isText reports whether values of the type are read from text by a method.
func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(unmarshaler) }

package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// exact is the largest integer up to which a float64 holds every one.
const exact = 1 << 53

// number checks a number against a type of Go.
func (c checker) number(n *node, t reflect.Type, p place) {
	switch {
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		c.float(n, t, p)
	case n.kind == integer:
		c.integer(n, t, p)
	default:
		c.reject(n, p.path, "is a float, "+n.text, "must be "+describe(t, p))
	}
}

// integer checks that an integer fits. The literal may be hexadecimal, octal or
// binary and have underscores, which TOML writes as Go does.
func (c checker) integer(n *node, t reflect.Type, p place) {
	i, err := strconv.ParseInt(n.text, 0, 64)
	fits := err == nil
	switch {
	case t == sizeType:
		fits = fits && i >= 0
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		fits = fits && !t.OverflowInt(i)
	default:
		fits = fits && i >= 0 && !t.OverflowUint(uint64(max(i, 0)))
	}
	if !fits {
		c.reject(n, p.path, n.text+" is out of range", "must be "+describe(t, p))
	}
}

func (c checker) float(n *node, t reflect.Type, p place) {
	if n.kind == integer {
		if i, err := strconv.ParseInt(n.text, 0, 64); err != nil || i > exact || i < -exact {
			c.reject(n, p.path, n.text+" is an integer that no float holds exactly", "must be "+describe(t, p))
		}
		return
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
	if err != nil || !math.IsInf(f, 0) && t.OverflowFloat(f) {
		c.reject(n, p.path, n.text+" is out of range", "must be "+describe(t, p))
	}
}

// describe words what a type takes, with the limits of the key when they are
// known.
func describe(t reflect.Type, p place) string {
	k := keyOf(p.pattern)
	switch {
	case t.Kind() == reflect.Pointer:
		return describe(t.Elem(), p)
	case k != nil && k.max != 0:
		return k.limits()
	case k != nil && len(k.oneOf) > 0:
		return quoteList(k.oneOf)
	case t == durationType:
		return `a duration such as "30s" or "1m30s"`
	case t == sizeType:
		return `a size such as "64MiB", or a number of bytes`
	case t == reflect.TypeFor[VersionStrategy]():
		return `"latest", { pinned = N } or { minimum = N }`
	case dateTypes[t] != 0:
		return dateTypes[t].String()
	case isText(t):
		return "a string"
	}
	return describePlain(t, p)
}

func describePlain(t reflect.Type, p place) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number that a " + t.Kind().String() + " holds"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list, each of it " + describe(t.Elem(), place{})
	case reflect.Struct, reflect.Map:
		return "a table"
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		most := int64(1)<<(t.Bits()-1) - 1
		return fmt.Sprintf("an integer from %d to %d", -most-1, most)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("an integer from 0 to %d", uint64(1)<<t.Bits()-1)
	}
	return "an integer from 0"
}

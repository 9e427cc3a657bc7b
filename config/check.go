package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// checker compares a document with the struct it is to be decoded into: unknown
// keys, wrong types and numbers that do not fit. go-toml stops at the first
// mistake of a type and koanf's decoder truncates and wraps without a word, so
// neither can be asked.
type checker struct {
	*document
	// others, unless nil, gets the keys at the root that no field has, instead of
	// a complaint about each.
	others *[]string
}

// place is where the checker is: the path as messages show it, and the path as
// keyOf knows it.
type place struct{ path, pattern string }

func (p place) field(name string) place {
	pattern := name
	if p.pattern != "" {
		pattern = p.pattern + "." + name
	}
	return place{join(p.path, name), pattern}
}

func (p place) entry(name string) place { return place{join(p.path, name), p.pattern + ".*"} }

func (p place) item(i int) place { return place{at(p.path, i), p.pattern + ".*"} }

// value checks one node against the type it is for.
func (c checker) value(n *node, t reflect.Type, p place) {
	switch {
	case t.Kind() == reflect.Pointer:
		c.value(n, t.Elem(), p)
	case n.kind >= instant && dateTypes[t] == n.kind:
	case isText(t) && n.kind == text:
		c.text(n, t, p)
	case t == sizeType && n.kind == integer:
		c.integer(n, t, p)
	case t == durationType:
		c.duration(n, p)
	case isText(t) && (t.Kind() != reflect.Struct || n.kind != table):
		c.mismatch(n, t, p)
	default:
		c.plain(n, t, p)
	}
}

// plain checks a type that no method and no rule of our own reads.
func (c checker) plain(n *node, t reflect.Type, p place) {
	switch k := t.Kind(); {
	case k == reflect.Interface:
		c.free(n, p)
	case k == reflect.Struct && n.kind == table:
		c.table(n, t, p)
	case k == reflect.Map && n.kind == table:
		c.entries(n, t, p)
	case k == reflect.Slice && n.kind == list:
		for i, item := range n.items {
			c.value(item, t.Elem(), p.item(i))
		}
	case k >= reflect.Int && k <= reflect.Float64 && (n.kind == integer || n.kind == float):
		c.number(n, t, p)
	case k == reflect.String && n.kind == text, k == reflect.Bool && n.kind == boolean:
	default:
		c.mismatch(n, t, p)
	}
}

// table checks every key of a table against the fields of a struct.
func (c checker) table(n *node, t reflect.Type, p place) {
	fields := fieldsOf(t)
	for _, name := range n.names {
		here := p.field(name)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		switch {
		case i < 0:
			c.unknown(n.fields[name], name, fields, p)
		case fields[i].only:
			c.reject(n.fields[name], here.path, "is a secret that is not read from a file",
				"must be set in the environment variable "+fields[i].variable)
		default:
			c.value(n.fields[name], fields[i].typ, here)
		}
	}
}

// unknown reports a key that no field has.
func (c checker) unknown(n *node, name string, fields []field, p place) {
	if c.others != nil && p.path == "" {
		*c.others = append(*c.others, name)
		c.drop(n, func(expr) {})
		return
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	right := "must be " + orList(names)
	if len(names) == 0 {
		right = "must be left out: this table has no keys"
	}
	near := nearest(name, names)
	if home := homeOf(name); near == "" && home != "" {
		right, near = "belongs in ["+home+"]", home+"."+name
	}
	if near != "" {
		right += fmt.Sprintf(" (did you mean %q?)", near)
	}
	c.reject(n, p.field(name).path, "unknown key", right)
	c.misspelled[join(p.path, near)] = true
}

// homeOf returns the table of ours that has a key of that name.
func homeOf(name string) string {
	for _, k := range keys {
		if home, ok := strings.CutSuffix(k.path, "."+name); ok && !strings.Contains(home, "*") {
			return home
		}
	}
	return ""
}

// entries checks a table whose keys are free.
func (c checker) entries(n *node, t reflect.Type, p place) {
	for _, name := range n.names {
		if here := p.entry(name); c.checkName(n.fields[name], name, here) {
			c.value(n.fields[name], t.Elem(), here)
		}
	}
}

// free checks what may be anything.
func (c checker) free(n *node, p place) {
	for _, name := range n.names {
		if here := p.entry(name); c.checkName(n.fields[name], name, here) {
			c.free(n.fields[name], here)
		}
	}
	for i, item := range n.items {
		c.free(item, p.item(i))
	}
}

// checkName refuses keys with control characters, one of which koanf takes for
// its delimiter.
func (c checker) checkName(n *node, name string, p place) bool {
	if strings.ContainsFunc(name, unicode.IsControl) {
		c.reject(n, p.path, "has a control character in its name", "must be named by printable characters")
		return false
	}
	return true
}

// text lets a type read a string.
func (c checker) text(n *node, t reflect.Type, p place) {
	value, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	if !ok {
		return
	}
	err := value.UnmarshalText([]byte(n.text))
	if err == nil {
		return
	}
	what, right, found := strings.Cut(err.Error(), "; ")
	if !found {
		right = "must be " + describe(t, p)
	}
	if k := keyOf(p.pattern); k != nil && len(k.oneOf) > 0 {
		what, right, _ = k.checkText(n.text)
	}
	c.reject(n, p.path, what, right)
}

// duration accepts what time.ParseDuration does, and nothing that would need a
// guess at the unit.
func (c checker) duration(n *node, p place) {
	if n.kind != text {
		c.mismatch(n, durationType, p)
		return
	}
	if _, err := time.ParseDuration(n.text); err != nil {
		c.reject(n, p.path, fmt.Sprintf("%q is not a duration", n.text), "must be "+describe(durationType, p))
	}
}

// mismatch reports a value of another kind than the type's. It does not show the
// value: it may be a secret (design law 11).
func (c checker) mismatch(n *node, t reflect.Type, p place) {
	c.reject(n, p.path, "is "+n.kind.String(), "must be "+describe(t, p))
}

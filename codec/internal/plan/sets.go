package plan

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// setOf makes a set of the values of an enum.
func setOf(values []any) (set, bool) {
	s := set{texts: map[string]bool{}}
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			s.kinds |= kindNull
		case bool:
			s.kinds |= map[bool]kinds{true: kindTrue, false: kindFalse}[v]
		case string:
			s.kinds |= kindString
			s.texts[v] = true
		case json.Number:
			d, end := (&run{text: []byte(v)}).decimal(0)
			if end != len(v) || d.more {
				return set{}, false
			}
			s.kinds |= kindNumber | kindInteger
			s.numbers = append(s.numbers, d)
		default:
			return set{}, false
		}
	}
	return s, true
}

// exclusive reports whether no value can match two of several schemas, so that
// matching one of them is matching exactly one.
func exclusive(schemas []*jsonschema.Schema) bool {
	for i, a := range schemas {
		for _, b := range schemas[:i] {
			if !apart(a, b) {
				return false
			}
		}
	}
	return true
}

// apart reports whether no value can match both of two schemas: their types have
// nothing in common, or both are about objects that have a property with a
// different string in it.
func apart(a, b *jsonschema.Schema) bool {
	x, y := target(a), target(b)
	if x.Bool != nil || y.Bool != nil {
		return x.Bool != nil && !*x.Bool || y.Bool != nil && !*y.Bool
	}
	common := typesOf(x) & typesOf(y)
	if common == 0 || common == kindObject && tagged(x, y) {
		return true
	}
	p, q := constants(x), constants(y)
	return p != nil && q != nil && distinct(p, q)
}

// target follows references that stand alone for what they refer to; what stands
// beside one only narrows it, so that leaving it out is safe.
func target(s *jsonschema.Schema) *jsonschema.Schema {
	for range 8 {
		if s.Ref == nil {
			break
		}
		s = s.Ref
	}
	return s
}

// tagged reports whether objects of two schemas are told apart by a property that
// both require.
func tagged(a, b *jsonschema.Schema) bool {
	for _, name := range a.Required {
		p, q := a.Properties[name], b.Properties[name]
		if p == nil || q == nil {
			continue
		}
		for _, other := range b.Required {
			if other == name && distinct(constants(p), constants(q)) {
				return true
			}
		}
	}
	return false
}

// constants returns the strings that a schema allows, nil when it allows others.
func constants(s *jsonschema.Schema) map[string]bool {
	s = target(s)
	values := []any{}
	switch {
	case s.Const != nil:
		values = append(values, *s.Const)
	case s.Enum != nil:
		values = s.Enum.Values
	default:
		return nil
	}
	all := map[string]bool{}
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil
		}
		all[text] = true
	}
	return all
}

// distinct reports whether two sets, both known, have nothing in common.
func distinct(a, b map[string]bool) bool {
	if a == nil || b == nil {
		return false
	}
	for text := range a {
		if b[text] {
			return false
		}
	}
	return true
}

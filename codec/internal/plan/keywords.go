package plan

import (
	"math/big"
	"regexp"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// add adds an enum or a const.
func (n *node) add(s *jsonschema.Schema, keyword string, values []any) error {
	one, ok := setOf(values)
	if !ok {
		return unhandled(s, keyword+" of objects, arrays or long numbers")
	}
	n.sets = append(n.sets, one)
	return nil
}

// text adds what is asked of strings.
func (c *compiler) text(n *node, s *jsonschema.Schema) error {
	t := text{most: -1, format: s.Format}
	if s.MinLength != nil {
		t.least = *s.MinLength
	}
	if s.MaxLength != nil {
		t.most = *s.MaxLength
		if t.most < 0 {
			return unhandled(s, "maxLength of that size")
		}
	}
	if s.Pattern != nil {
		var ok bool
		if t.pattern, ok = s.Pattern.(*regexp.Regexp); !ok {
			return unhandled(s, "pattern of another engine")
		}
	}
	if t != (text{most: -1}) {
		n.text = &t
	}
	return nil
}

// limits adds what is asked of numbers.
func (c *compiler) limits(n *node, s *jsonschema.Schema) error {
	var l limits
	for _, bound := range []struct {
		limit *big.Rat
		to    **decimal
	}{{s.Minimum, &l.least}, {s.Maximum, &l.most}, {s.ExclusiveMinimum, &l.above}, {s.ExclusiveMaximum, &l.below}} {
		if bound.limit == nil {
			continue
		}
		d, ok := exact(bound.limit)
		if !ok {
			return unhandled(s, "a limit of that many digits")
		}
		*bound.to = &d
	}
	if s.MultipleOf != nil {
		d, ok := exact(s.MultipleOf)
		if !ok || d.digits == 0 {
			return unhandled(s, "multipleOf of that many digits")
		}
		m := d.divisor()
		l.multipleOf = &m
	}
	if l != (limits{}) {
		n.limits = &l
	}
	return nil
}

// array adds what is asked of arrays.
func (c *compiler) array(n *node, s *jsonschema.Schema) error {
	a := array{most: -1, unique: s.UniqueItems}
	if s.MinItems != nil {
		a.least = *s.MinItems
	}
	if s.MaxItems != nil {
		a.most = *s.MaxItems
		if a.most < 0 {
			return unhandled(s, "maxItems of that size")
		}
	}
	first, rest := s.PrefixItems, s.Items2020
	if s.DraftVersion < 2020 {
		switch items := s.Items.(type) {
		case *jsonschema.Schema:
			rest = items
		case []*jsonschema.Schema:
			first = items
			if open, ok := s.AdditionalItems.(bool); ok {
				a.closed = !open
			}
			rest, _ = s.AdditionalItems.(*jsonschema.Schema)
		}
	}
	var err error
	if a.first, err = c.all(first); err != nil {
		return err
	}
	if a.rest, err = c.node(rest); err != nil {
		return err
	}
	if a.first != nil || a.rest != nil || a.closed || a.unique || a.least > 0 || a.most >= 0 {
		n.array = &a
	}
	return nil
}

// object adds what is asked of objects.
func (c *compiler) object(n *node, s *jsonschema.Schema) error {
	o := object{most: -1}
	if s.MinProperties != nil {
		o.least = *s.MinProperties
	}
	if s.MaxProperties != nil {
		o.most = *s.MaxProperties
	}
	if o.least > 1 || o.most < 0 && s.MaxProperties != nil || len(s.Properties)+len(s.Required) > maxProperties || len(s.PatternProperties) > 64 {
		return unhandled(s, "an object of that size")
	}
	if err := c.properties(&o, s); err != nil {
		return err
	}
	for names, each := range s.PatternProperties {
		re, ok := names.(*regexp.Regexp)
		if !ok {
			return unhandled(s, "patternProperties of another engine")
		}
		one, err := c.node(each)
		if err != nil {
			return err
		}
		o.patterns = append(o.patterns, pattern{re, one})
	}
	switch open := s.AdditionalProperties.(type) {
	case bool:
		o.closed = !open
	case *jsonschema.Schema:
		var err error
		if o.open, err = c.node(open); err != nil {
			return err
		}
	}
	if o.byLength != nil || o.patterns != nil || o.closed || o.open != nil || o.least > 0 || o.most >= 0 {
		n.object = &o
	}
	return nil
}

// properties gives every name that the schema mentions its bit.
func (c *compiler) properties(o *object, s *jsonschema.Schema) error {
	index := 0
	add := func(name string, n *node, declared bool) {
		for len(o.byLength) <= len(name) {
			o.byLength = append(o.byLength, nil)
		}
		o.byLength[len(name)] = append(o.byLength[len(name)], property{name, n, declared, index})
		index++
	}
	for name, each := range s.Properties {
		n, err := c.node(each)
		if err != nil {
			return err
		}
		add(name, n, true)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(s.Required))) {
		if o.find([]byte(name)) == nil {
			add(name, nil, false)
		}
		o.required.set(o.find([]byte(name)).index)
	}
	return nil
}

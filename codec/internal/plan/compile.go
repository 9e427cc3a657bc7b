package plan

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiler makes nodes of schemas, one of each, so that they may refer to each
// other.
type compiler struct {
	nodes map[*jsonschema.Schema]*node
}

// unhandled says why a schema has no plan.
func unhandled(s *jsonschema.Schema, what string) error {
	return fmt.Errorf("%s: %s is not handled", s.Location, what)
}

// node returns the node of a schema; nil is for one that accepts everything.
func (c *compiler) node(s *jsonschema.Schema) (*node, error) {
	if s == nil || s.Bool != nil && *s.Bool {
		return nil, nil
	}
	if n, ok := c.nodes[s]; ok {
		return n, nil
	}
	n := &node{kinds: anyKind}
	c.nodes[s] = n
	if s.Bool != nil {
		n.never = true
		return n, nil
	}
	if s.DraftVersion < 7 {
		return nil, unhandled(s, "a draft before 7")
	}
	if what := foreign(s); what != "" {
		return nil, unhandled(s, what)
	}
	n.kinds = typesOf(s)
	if err := c.fill(n, s); err != nil {
		return nil, err
	}
	return n, nil
}

// foreign names what in a schema a plan knows nothing of.
func foreign(s *jsonschema.Schema) string {
	for what, there := range map[string]bool{
		"$recursiveRef":     s.RecursiveRef != nil,
		"$dynamicRef":       s.DynamicRef != nil,
		"not":               s.Not != nil,
		"if":                s.If != nil,
		"propertyNames":     s.PropertyNames != nil,
		"dependencies":      len(s.Dependencies) > 0,
		"dependentRequired": len(s.DependentRequired) > 0,
		"dependentSchemas":  len(s.DependentSchemas) > 0,
		"unevaluated":       s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil,
		"contains":          s.Contains != nil,
		"content":           s.ContentEncoding != nil || s.ContentMediaType != nil || s.ContentSchema != nil,
		"a vocabulary":      len(s.Extensions) > 0,
	} {
		if there {
			return what
		}
	}
	return ""
}

// typesOf returns the kinds a schema's type allows.
func typesOf(s *jsonschema.Schema) kinds {
	if s.Types == nil || s.Types.IsEmpty() {
		return anyKind
	}
	var k kinds
	for _, name := range s.Types.ToStrings() {
		k |= map[string]kinds{
			"null": kindNull, "boolean": kindTrue | kindFalse, "number": kindNumber | kindInteger, "integer": kindInteger,
			"string": kindString, "array": kindArray, "object": kindObject,
		}[name]
	}
	return k
}

// fill adds to a node what its schema asks for, in the order of the library.
func (c *compiler) fill(n *node, s *jsonschema.Schema) error {
	if s.Const != nil {
		if err := n.add(s, "const", []any{*s.Const}); err != nil {
			return err
		}
	}
	if s.Enum != nil {
		if err := n.add(s, "enum", s.Enum.Values); err != nil {
			return err
		}
	}
	if err := c.also(n, s.Ref); err != nil {
		return err
	}
	for _, each := range []func(*node, *jsonschema.Schema) error{c.combine, c.object, c.array, c.text, c.limits} {
		if err := each(n, s); err != nil {
			return err
		}
	}
	return nil
}

// also adds a schema that must hold besides.
func (c *compiler) also(n *node, s *jsonschema.Schema) error {
	other, err := c.node(s)
	if err == nil && other != nil {
		n.also = append(n.also, other)
	}
	return err
}

// combine adds allOf, anyOf, and oneOf if it means the same as anyOf.
func (c *compiler) combine(n *node, s *jsonschema.Schema) error {
	for _, each := range s.AllOf {
		if err := c.also(n, each); err != nil {
			return err
		}
	}
	for _, alternatives := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		if len(alternatives) == 0 {
			continue
		}
		nodes, err := c.all(alternatives)
		if err != nil {
			return err
		}
		n.anyOf = append(n.anyOf, nodes)
	}
	if !exclusive(s.OneOf) {
		return unhandled(s, "oneOf of schemas that a value may match two of")
	}
	return nil
}

func (c *compiler) all(schemas []*jsonschema.Schema) ([]*node, error) {
	var nodes []*node
	for _, s := range schemas {
		n, err := c.node(s)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

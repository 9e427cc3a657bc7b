// Package plan validates JSON text against a JSON Schema in one pass over its
// bytes, without decoding it and without an allocation.
//
// A plan is made of a schema that the jsonschema library has compiled, so that
// drafts, references and vocabularies mean what they mean there. It knows the
// common keywords:
//
//	any value    type, enum and const of scalars, $ref, allOf, anyOf; oneOf of
//	             schemas that no value can match two of
//	objects      properties, patternProperties, additionalProperties, required,
//	             maxProperties, minProperties up to 1
//	arrays       items, prefixItems, additionalItems, minItems, maxItems, uniqueItems
//	strings      minLength, maxLength, pattern, format
//	numbers      minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
//
// Compile refuses a schema with anything else. Of a text, a plan either proves
// that it is JSON in UTF-8 that the library would accept, or it proves nothing:
// the library then decides, and words what is wrong. Beside texts that are not
// valid, it proves nothing of texts that are out of the ordinary: an object that
// has a property twice, of which only the last is right; values nested more than
// 500 deep; numbers longer than MaxNumber or with an exponent beyond MaxExponent,
// or with more than 19 digits where they matter; unique items that are objects or
// arrays, or more than 64.
package plan

import (
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// MaxExponent bounds the exponents of the numbers of a text that is proved.
	MaxExponent = 1000

	// MaxNumber bounds how many bytes such a number is written in.
	MaxNumber = 4096

	// maxDepth bounds how deep values and references nest.
	maxDepth = 500

	// maxWork bounds the bytes that are looked at, as a multiple of the text's:
	// allOf and its like look at a value once for each of their schemas.
	maxWork = 32
)

// Plan validates texts against one schema. It is safe for concurrent use.
type Plan struct {
	root *node
	runs sync.Pool
}

// Compile makes a plan of a compiled schema. The error, which has no class, says
// what in the schema a plan does not handle.
func Compile(s *jsonschema.Schema) (*Plan, error) {
	c := compiler{nodes: map[*jsonschema.Schema]*node{}}
	root, err := c.node(s)
	if err != nil {
		return nil, err
	}
	c.simplify()
	return &Plan{root: simplest(root)}, nil
}

// Valid reports whether text is proved to be JSON that the schema accepts. False
// means nothing yet.
func (p *Plan) Valid(text []byte) bool {
	r, ok := p.runs.Get().(*run)
	if !ok {
		r = new(run)
	}
	r.text, r.depth, r.work = text, 0, maxWork*(len(text)+64)
	end := r.value(p.root, r.space(0))
	if end >= 0 {
		end = r.space(end)
	}
	r.text = nil
	p.runs.Put(r)
	return end == len(text)
}

// run is one validation. Its methods take the place in the text where something
// begins and return where it ends, or unproved.
type run struct {
	text  []byte
	depth int
	// work is how many bytes may still be looked at.
	work int
	// name and other hold what had to be unescaped.
	name, other []byte
}

// unproved is what the methods of a run return in place of an end when they do
// not prove that the value is valid.
const unproved = -1

// value proves a value for a node. A nil node accepts every value.
func (r *run) value(n *node, at int) int {
	if n == nil {
		return r.skip(at)
	}
	r.depth++
	r.work--
	if r.depth > maxDepth || r.work < 0 || n.never {
		return unproved
	}
	if n.also != nil || n.anyOf != nil {
		if !r.every(n, at) {
			return unproved
		}
	}
	end := r.typed(n, at)
	r.depth--
	return end
}

// typed proves a value by its first byte.
func (r *run) typed(n *node, at int) int {
	if at >= len(r.text) {
		return unproved
	}
	switch c := r.text[at]; c {
	case '{':
		if n.kinds&kindObject == 0 || n.sets != nil {
			return unproved
		}
		if n.object == nil {
			return r.skip(at)
		}
		return r.object(n.object, at)
	case '[':
		if n.kinds&kindArray == 0 || n.sets != nil {
			return unproved
		}
		if n.array == nil {
			return r.skip(at)
		}
		return r.array(n.array, at)
	case '"':
		return r.string(n, at)
	case 't':
		return r.literal(n, at, "true", kindTrue)
	case 'f':
		return r.literal(n, at, "false", kindFalse)
	case 'n':
		return r.literal(n, at, "null", kindNull)
	}
	return r.number(n, at)
}

func (r *run) literal(n *node, at int, word string, kind kinds) int {
	if n.kinds&kind == 0 {
		return unproved
	}
	for i := range n.sets {
		if n.sets[i].kinds&kind == 0 {
			return unproved
		}
	}
	return r.word(at, word)
}

// every proves a value for the schemas that it must match besides.
func (r *run) every(n *node, at int) bool {
	for _, also := range n.also {
		if r.value(also, at) < 0 {
			return false
		}
	}
	for _, alternatives := range n.anyOf {
		if !r.some(alternatives, at) {
			return false
		}
	}
	return true
}

// some proves a value for one of several schemas.
func (r *run) some(alternatives []*node, at int) bool {
	depth := r.depth
	for _, n := range alternatives {
		if r.value(n, at) >= 0 {
			return true
		}
		r.depth = depth // what proved nothing left it where it was
	}
	return false
}

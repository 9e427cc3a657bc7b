package plan

import (
	"regexp"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// kinds is a set of kinds of values.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindTrue
	kindFalse
	kindNumber
	kindInteger // a number without a fraction, where other numbers are not meant
	kindString
	kindArray
	kindObject

	anyKind = kindNull | kindTrue | kindFalse | kindNumber | kindInteger | kindString | kindArray | kindObject
)

// node is what a plan knows of one schema. Everything in it must hold.
type node struct {
	// never is the schema false.
	never bool
	kinds kinds
	// sets are enum and const.
	sets []set
	// also are $ref and allOf; of each of anyOf one must hold.
	also  []*node
	anyOf [][]*node

	object *object
	array  *array
	text   *text
	limits *limits
}

// set is a set of scalars.
type set struct {
	kinds   kinds // of the literals, and kindString and kindNumber if it has such
	texts   map[string]bool
	numbers []decimal
}

// property is a name that the schema mentions.
type property struct {
	name string
	node *node
	// declared is set under properties; it is not for a name that is only required.
	declared bool
	// index is its bit.
	index int
}

// maxProperties is how many names of one object have a bit.
const maxProperties = 256

// marks is a set of properties.
type marks [maxProperties / 64]uint64

func (b *marks) set(i int) { b[i/64] |= 1 << (i % 64) }

// contains reports whether b has all that c has.
func (b *marks) contains(c *marks) bool {
	for i := range b {
		if c[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}

// object is what is asked of an object.
type object struct {
	// byLength holds the properties by the length of their names.
	byLength [][]property
	required marks
	patterns []pattern
	// closed is additionalProperties false; open is its schema.
	closed bool
	open   *node
	// least is at most 1: with a duplicate among them, more cannot be told from the
	// number of names.
	least, most int
}

// pattern is one of patternProperties.
type pattern struct {
	names *regexp.Regexp
	node  *node
}

// find returns the property of a name.
func (o *object) find(name []byte) *property {
	if len(name) >= len(o.byLength) {
		return nil
	}
	same := o.byLength[len(name)]
	for i := range same {
		if same[i].name == string(name) {
			return &same[i]
		}
	}
	return nil
}

// array is what is asked of an array.
type array struct {
	first []*node
	// closed is that there may be no items after the first; rest is their schema.
	closed bool
	rest   *node
	// most is negative where there is no limit.
	least, most int
	unique      bool
}

// text is what is asked of a string.
type text struct {
	// most is negative where there is no limit.
	least, most int
	pattern     *regexp.Regexp
	format      *jsonschema.Format
}

// limits is what is asked of a number; nil is nothing.
type limits struct {
	least, most, above, below *decimal
	multipleOf                *divisor
}

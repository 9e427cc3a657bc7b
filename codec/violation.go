package codec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// maxViolations bounds how many violations an error keeps, so that one bad
// payload does not fill a log.
const maxViolations = 10

// Violation is one way in which a payload breaks its schema.
type Violation struct {
	// Path is the JSON pointer of what breaks it; empty for the payload itself.
	Path string
	// Keyword is the word of the schema that is broken: "required", "minimum".
	Keyword string
	// Text says what would be right. It shows what the schema says, and nothing of
	// what the payload holds.
	Text string
}

// SchemaError is the cause of the error of a payload that its schema refuses; use
// errors.AsType[*SchemaError] to learn what a dead letter should say.
type SchemaError struct {
	// Schema names the file.
	Schema string
	// Violations are in the order of their paths; there is at least one.
	Violations []Violation
	// More counts those that were left out.
	More int
}

// Error lists the violations on one line.
func (e *SchemaError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "does not match %s", e.Schema)
	for i, v := range e.Violations {
		fmt.Fprintf(&b, "%sat %s (%s): %s", [...]string{": ", "; "}[min(i, 1)], quoted(v.Path), v.Keyword, v.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; … and %d more", e.More)
	}
	return b.String()
}

// newSchemaError words what the library found.
func newSchemaError(schema string, err error) *SchemaError {
	found := []Violation{}
	if e, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		found = collect(found, e)
	}
	if len(found) == 0 {
		found = append(found, Violation{Keyword: "schema", Text: "must match it"})
	}
	slices.SortFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Text, b.Text))
	})
	// The same word reached by two references is one violation.
	found = slices.Compact(found)
	kept := found[:min(len(found), maxViolations)]
	return &SchemaError{Schema: schema, Violations: kept, More: len(found) - len(kept)}
}

// collect appends what an error of the library consists of.
func collect(found []Violation, e *jsonschema.ValidationError) []Violation {
	add := func(below []string, keyword, format string, args ...any) {
		path := append(slices.Clip(e.InstanceLocation), below...)
		found = append(found, Violation{pointer(path), keyword, fmt.Sprintf(format, args...)})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		// Only what is below says something.
	case *kind.AnyOf:
		add(nil, "anyOf", "must match one of %d schemas, matches none", alternatives(e))
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			add(nil, "oneOf", "must match only one of the schemas, matches numbers %d and %d", k.Subschemas[0]+1, k.Subschemas[1]+1)
		} else {
			add(nil, "oneOf", "must match one of %d schemas, matches none", alternatives(e))
		}
	case *kind.Required:
		for _, name := range k.Missing {
			add([]string{name}, "required", "must be there")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add([]string{name}, "additionalProperties", "must not be there")
		}
	case *kind.Dependency:
		for _, name := range k.Missing {
			add([]string{name}, "dependencies", "must be there, as %s is", quoted(k.Prop))
		}
	case *kind.DependentRequired:
		for _, name := range k.Missing {
			add([]string{name}, "dependentRequired", "must be there, as %s is", quoted(k.Prop))
		}
	case *kind.PropertyNames:
		add([]string{k.Property}, "propertyNames", "must have a name that the schema allows")
		return found // its causes are about the name
	case *kind.Contains, *kind.MinContains:
		keyword, text := wordContains(k)
		add(nil, keyword, "%s", text)
		return found // why each single item is none would be said for all of them
	default:
		keyword, text := word(k)
		add(nil, keyword, "%s", text)
	}
	for _, cause := range e.Causes {
		found = collect(found, cause)
	}
	return found
}

// alternatives counts the schemas that were tried.
func alternatives(e *jsonschema.ValidationError) int { return len(e.Causes) }

func wordContains(k jsonschema.ErrorKind) (keyword, text string) {
	if k, ok := k.(*kind.MinContains); ok {
		return "minContains", fmt.Sprintf("must have %d items or more that match its schema, has %d", k.Want, len(k.Got))
	}
	return "contains", "must have an item that matches its schema, has none"
}

// maxQuoted bounds what is quoted, in bytes.
const maxQuoted = 200

// quoted quotes text from outside so that it stays on its line, and short.
func quoted(s string) string {
	if len(s) <= maxQuoted {
		return fmt.Sprintf("%q", s)
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q…", s[:cut])
}

package codec

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// word says which word of a schema an error is about, and what would be right.
// The library's own texts show the payload's values.
func word(k jsonschema.ErrorKind) (keyword, text string) {
	for _, group := range []func(jsonschema.ErrorKind) (string, string){wordAny, wordNumber, wordString, wordSize} {
		if keyword, text := group(k); keyword != "" {
			return keyword, text
		}
	}
	return "schema", "must match it"
}

// wordAny words what any value may break.
func wordAny(k jsonschema.ErrorKind) (keyword, text string) {
	switch k := k.(type) {
	case *kind.Type:
		return "type", fmt.Sprintf("must be %s, is %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		return "enum", "must be one of " + list(k.Want)
	case *kind.Const:
		return "const", "must be " + list([]any{k.Want})
	case *kind.Not:
		return "not", "must not match the schema under not"
	case *kind.FalseSchema:
		return "false schema", "must not be there"
	case *kind.RefCycle:
		return "$ref", "cannot be decided: the schema refers to itself without end"
	}
	return "", ""
}

func wordNumber(k jsonschema.ErrorKind) (keyword, text string) {
	switch k := k.(type) {
	case *kind.Minimum:
		return "minimum", "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "maximum", "must be at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "exclusiveMinimum", "must be more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "exclusiveMaximum", "must be less than " + decimal(k.Want)
	case *kind.MultipleOf:
		return "multipleOf", "must be a multiple of " + decimal(k.Want)
	}
	return "", ""
}

func wordString(k jsonschema.ErrorKind) (keyword, text string) {
	switch k := k.(type) {
	case *kind.MinLength:
		return "minLength", fmt.Sprintf("must have %d characters or more, has %d", k.Want, k.Got)
	case *kind.MaxLength:
		return "maxLength", fmt.Sprintf("must have %d characters or fewer, has %d", k.Want, k.Got)
	case *kind.Pattern:
		return "pattern", "must match " + quoted(k.Want)
	case *kind.Format:
		return "format", "must be in the format " + quoted(k.Want)
	case *kind.ContentEncoding:
		return "contentEncoding", "must be encoded in " + quoted(k.Want)
	case *kind.ContentMediaType:
		return "contentMediaType", "must be of the media type " + quoted(k.Want)
	case *kind.ContentSchema:
		return "contentSchema", "must hold what matches the schema under contentSchema"
	}
	return "", ""
}

func wordSize(k jsonschema.ErrorKind) (keyword, text string) {
	switch k := k.(type) {
	case *kind.MinItems:
		return "minItems", fmt.Sprintf("must have %d items or more, has %d", k.Want, k.Got)
	case *kind.MaxItems:
		return "maxItems", fmt.Sprintf("must have %d items or fewer, has %d", k.Want, k.Got)
	case *kind.AdditionalItems:
		return "additionalItems", fmt.Sprintf("must have %d items fewer", k.Count)
	case *kind.UniqueItems:
		return "uniqueItems", fmt.Sprintf("must have no equal items, has them at %d and %d", k.Duplicates[0], k.Duplicates[1])
	case *kind.MaxContains:
		return "maxContains", fmt.Sprintf("must have %d items or fewer that match its schema, has %d", k.Want, len(k.Got))
	case *kind.MinProperties:
		return "minProperties", fmt.Sprintf("must have %d properties or more, has %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return "maxProperties", fmt.Sprintf("must have %d properties or fewer, has %d", k.Want, k.Got)
	}
	return "", ""
}

// decimal writes a limit of the schema exactly: it was a decimal there.
func decimal(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return shortened(r.FloatString(digits))
}

// list writes values of the schema as JSON, as many as fit.
func list(values []any) string {
	var b strings.Builder
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte("?") // cannot be: it was JSON in the schema
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > 0 && b.Len()+len(text) > maxQuoted {
			fmt.Fprintf(&b, "… and %d more", len(values)-i)
			break
		}
		b.WriteString(shortened(string(text)))
	}
	return b.String()
}

// shortened cuts text that is ASCII or quoted already.
func shortened(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}

package plan

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// chooser makes schemas and texts: of the bytes it is given, so that a fuzzer can
// steer it, and of numbers that follow from them when they are used up.
type chooser struct {
	bytes []byte
	more  *rand.Rand
}

func newChooser(b []byte) *chooser {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return &chooser{b, rand.New(rand.NewPCG(h.Sum64(), 0))}
}

// below returns a number from 0 to n-1.
func (c *chooser) below(n int) int {
	if len(c.bytes) == 0 {
		return c.more.IntN(n)
	}
	b := int(c.bytes[0])
	c.bytes = c.bytes[1:]
	return b % n
}

func (c *chooser) oneIn(n int) bool { return c.below(n) == 0 }

func of[T any](c *chooser, all ...T) T { return all[c.below(len(all))] }

func (c *chooser) name() string { return of(c, "a", "b", "ab", "é", "", "a\n") }

func (c *chooser) scalarText() string {
	return of(c, "", "a", "b", "ab", "é", "a\n", "😀", "\ufffd", "aaaa", `\`, `"`, "/", "\u2028", "0123456789abcdef", "2026-11-25T18:00:00Z")
}

func (c *chooser) numeral() string {
	return of(c, "0", "-0", "1", "-1", "2", "1.0", "1.5", "0.1", "0.01", "10", "1e1", "15e-1", "100", "1e2", "-2.50", "7", "3", "1e400", "1e-400",
		"9007199254740993", "9007199254740992", "-9223372036854775808", "18446744073709551615", "1.0000000000000000001", "0.30000000000000004")
}

// schema makes a schema as a Go value; half of what it picks are keywords of the
// type it has picked.
func (c *chooser) schema(depth int) any {
	if c.oneIn(12) {
		return !c.oneIn(4)
	}
	s := map[string]any{}
	if c.oneIn(2) {
		s["type"] = of[any](c, "object", "array", "string", "number", "integer", "boolean", "null", []any{"null", "string"}, []any{"object", "integer"})
	}
	for range c.below(4) {
		c.keyword(s, depth)
	}
	return s
}

func (c *chooser) keyword(s map[string]any, depth int) {
	below := func() any {
		if depth == 0 {
			return c.schema(0) == any(true)
		}
		return c.schema(depth - 1)
	}
	number := func() any { return json.Number(c.numeral()) }
	switch c.below(24) {
	case 0, 1, 2:
		properties := map[string]any{}
		for range c.below(4) {
			properties[c.name()] = below()
		}
		s["properties"] = properties
	case 3:
		s["required"] = slices.Compact(slices.Sorted(slices.Values([]string{c.name(), c.name()})))
	case 4:
		s["additionalProperties"] = below()
	case 5:
		s["patternProperties"] = map[string]any{of(c, "^a", "b$", ".", "^$"): below()}
	case 6:
		s["minProperties"] = c.below(3)
	case 7:
		s["maxProperties"] = c.below(4)
	case 8, 9:
		s["items"] = below()
	case 10:
		s[of(c, "prefixItems", "items")] = []any{below(), below()}
	case 11:
		s["additionalItems"] = below()
	case 12:
		s["minItems"] = c.below(3)
		s["uniqueItems"] = c.oneIn(2)
	case 13:
		s["maxItems"] = c.below(4)
	case 14:
		s["minLength"] = c.below(4)
	case 15:
		s["maxLength"] = c.below(5)
	case 16:
		s["pattern"] = of(c, "^a", "b$", ".", "^[^a]*$", "\ufffd", "^\\p{L}+$")
	case 17:
		s[of(c, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")] = number()
	case 18:
		s["multipleOf"] = json.Number(of(c, "1", "2", "0.01", "0.1", "7", "2.5", "1e2", "3e-3"))
	case 19:
		s["enum"] = []any{c.scalarText(), number(), of[any](c, nil, true, false)}
	case 20:
		s["const"] = of[any](c, c.scalarText(), number(), nil, true, map[string]any{})
	case 21:
		s["$ref"] = of(c, "#", "#/$defs/a", "#/$defs/b")
	case 22:
		s[of(c, "allOf", "anyOf", "oneOf")] = []any{below(), below()}
	case 23:
		s["format"] = "date-time"
	}
}

// document makes a schema's text, with definitions and sometimes with a draft.
func (c *chooser) document() (any, string) {
	s, ok := c.schema(3).(map[string]any)
	if !ok {
		s = map[string]any{}
	}
	s["$defs"] = map[string]any{"a": c.schema(2), "b": c.schema(1)}
	switch c.below(5) {
	case 0:
		s["$schema"] = "http://json-schema.org/draft-07/schema#"
	case 1:
		s["$schema"] = "https://json-schema.org/draft/2019-09/schema"
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return s, string(text)
}

// fitting writes a value that a schema may well accept.
func (c *chooser) fitting(schema any, root map[string]any, depth int) string {
	s, ok := schema.(map[string]any)
	if !ok || depth == 0 || c.oneIn(20) {
		return c.any(min(depth, 2))
	}
	if ref, ok := s["$ref"].(string); ok && c.oneIn(2) {
		definitions, _ := root["$defs"].(map[string]any)
		target, found := definitions[strings.TrimPrefix(ref, "#/$defs/")]
		if !found {
			target = root
		}
		return c.fitting(target, root, depth-1)
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		if all, ok := s[keyword].([]any); ok && c.oneIn(2) {
			return c.fitting(of(c, all...), root, depth-1)
		}
	}
	if v, ok := s["const"]; ok {
		return c.spell(v)
	}
	if all, ok := s["enum"].([]any); ok {
		return c.spell(of(c, all...))
	}
	return c.fittingType(s, root, depth)
}

func (c *chooser) fittingType(s, root map[string]any, depth int) string {
	kind, _ := s["type"].(string)
	if kind == "" {
		kind = of(c, "object", "array", "string", "number", "integer")
	}
	switch kind {
	case "object":
		properties, _ := s["properties"].(map[string]any)
		names := []string{}
		for name := range properties {
			names = append(names, name)
		}
		slices.Sort(names)
		required, _ := s["required"].([]string)
		names = append(names, required...)
		for range c.below(2) {
			names = append(names, c.name())
		}
		if !c.oneIn(10) {
			slices.Sort(names)
			names = slices.Compact(names)
		}
		var all []string
		for _, name := range names {
			all = append(all, c.spell(name)+c.space()+":"+c.space()+c.fitting(properties[name], root, depth-1))
		}
		return "{" + c.space() + strings.Join(all, ","+c.space()) + "}"
	case "array":
		items := s["items"]
		var all []string
		for range c.below(4) {
			all = append(all, c.fitting(items, root, depth-1))
		}
		return "[" + strings.Join(all, c.space()+",") + c.space() + "]"
	case "string":
		return c.spell(c.scalarText())
	case "boolean":
		return of(c, "true", "false")
	case "null":
		return "null"
	}
	return c.numeral()
}

func (c *chooser) space() string { return of(c, "", "", "", " ", "\n\t") }

// any writes any value.
func (c *chooser) any(depth int) string {
	kind := c.below(7)
	if depth == 0 {
		kind = c.below(5)
	}
	switch kind {
	case 0:
		return of(c, "null", "true", "false")
	case 1, 2:
		return c.numeral()
	case 3, 4:
		return c.spell(c.scalarText())
	case 5:
		return "[" + c.any(depth-1) + "," + c.any(depth-1) + "]"
	}
	return "{" + c.spell(c.name()) + ":" + c.any(depth-1) + "," + c.spell(c.name()) + ":" + c.any(depth-1) + "}"
}

// spell writes a value of a schema, strings with escapes here and there.
func (c *chooser) spell(v any) string {
	s, ok := v.(string)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, char := range s {
		switch {
		case char > 0xffff && c.oneIn(3):
			fmt.Fprintf(&b, `\u%04x\u%04X`, 0xd800+(char-0x10000)>>10, 0xdc00+(char-0x10000)&0x3ff)
		case char == '\ufffd' && c.oneIn(3):
			b.WriteString(of(c, `\ud800`, `\udfff`))
		case char < ' ' || char == '"' || char == '\\' || char <= 0xffff && c.oneIn(6):
			fmt.Fprintf(&b, `\u%04x`, char)
		default:
			b.WriteRune(char)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// mutate changes a text a little.
func (c *chooser) mutate(text string) string {
	b := []byte(text)
	for range 1 + c.below(2) {
		if len(b) == 0 {
			break
		}
		at := c.below(len(b))
		switch c.below(4) {
		case 0:
			b = slices.Delete(b, at, at+1)
		case 1:
			b[at] = byte(c.below(256))
		case 2:
			b = slices.Insert(b, at, of(c, []byte(`"\{}[],:0-.e1 tfn\\ud8`)...))
		case 3:
			b[at] ^= 1 << c.below(8)
		}
	}
	return string(b)
}

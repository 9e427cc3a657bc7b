package registry

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// mostLines bounds how much of a difference is told.
const mostLines = 24

// Difference tells what has to change to get from one definition to another, a
// line for each change: fields added, removed and changed where the type has
// fields, the lines of the text otherwise. Nothing means that both are Equal.
func Difference(schemaType string, from, to []byte) []string {
	if Equal(schemaType, from, to) {
		return nil
	}
	before, ok := fieldsOf(schemaType, from)
	after, too := fieldsOf(schemaType, to)
	var lines []string
	if ok && too {
		lines = before.changes(after)
	}
	if len(lines) == 0 {
		lines = textDifference(from, to)
	}
	if more := len(lines) - mostLines; more > 0 {
		lines = append(lines[:mostLines:mostLines], fmt.Sprintf("and %d more", more))
	}
	return lines
}

// fields is a schema laid flat: what is said about each of its fields, by path.
type fields map[string]traits

// traits is what a schema says about one field, by keyword.
type traits map[string]string

// root is the path of the schema itself.
const root = "(root)"

func fieldsOf(schemaType string, definition []byte) (fields, bool) {
	v, err := decode(definition)
	if err != nil {
		return nil, false
	}
	all := fields{}
	switch schemaType {
	case "json_schema":
		all.jsonSchema("", v, false)
	case "avro":
		all.avro("", v)
	default:
		return nil, false
	}
	return all, true
}

// changes lists how to get from f to other, by path.
func (f fields) changes(other fields) (lines []string) {
	paths := maps.Clone(f)
	maps.Copy(paths, other)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		before, had := f[path]
		after, has := other[path]
		switch {
		case !had:
			lines = append(lines, "added "+path+after.String())
		case !has:
			lines = append(lines, "removed "+path+before.String())
		default:
			lines = append(lines, before.changes(path, after)...)
		}
	}
	return lines
}

// changes lists the keywords that differ.
func (t traits) changes(path string, other traits) (lines []string) {
	words := maps.Clone(t)
	maps.Copy(words, other)
	for _, word := range slices.Sorted(maps.Keys(words)) {
		before, had := t[word]
		after, has := other[word]
		switch {
		case before == after && had == has:
		case !had:
			lines = append(lines, fmt.Sprintf("changed %s: %s is now %s", path, word, after))
		case !has:
			lines = append(lines, fmt.Sprintf("changed %s: no longer %s %s", path, word, before))
		default:
			lines = append(lines, fmt.Sprintf("changed %s: %s from %s to %s", path, word, before, after))
		}
	}
	return lines
}

// String says what matters most of a field: its type, and whether it must be
// there.
func (t traits) String() string {
	var parts []string
	if t["type"] != "" {
		parts = append(parts, t["type"])
	}
	if t["required"] == "true" {
		parts = append(parts, "required")
	}
	if d, ok := t["default"]; ok {
		parts = append(parts, "default "+d)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// textDifference lists the lines that differ, "-" for what goes and "+" for what
// comes.
func textDifference(from, to []byte) (lines []string) {
	whole := func(b []byte) []byte {
		return append(bytes.TrimRight(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\n"), '\n')
	}
	for line := range strings.Lines(string(diff.Diff("from", whole(from), "to", whole(to)))) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		case strings.HasPrefix(line, "+"), strings.HasPrefix(line, "-"), strings.HasPrefix(line, "@@"):
			lines = append(lines, line)
		}
	}
	return lines
}

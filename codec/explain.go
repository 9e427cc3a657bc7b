package codec

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec/internal/plan"
)

// explain words why a definition does not compile, with the file and line. A
// schema is not a payload: what it holds may be shown.
func (d definition) explain(err error) error {
	if e, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		err = e.Err // which it does not unwrap to
	}
	if e, ok := errors.AsType[*badJSON](err); ok {
		return connect.ConfigError("%s:%d: is not JSON; must be a JSON Schema", e.file.name, lineAt(e.file.text, e.at))
	}
	if e, ok := errors.AsType[*tooMuch](err); ok {
		return connect.ConfigError("%s: is too much to compile; must nest no deeper than %d levels, and have no number of more than %d digits or with an exponent beyond ±%d",
			e.file.name, maxNesting, plan.MaxNumber, plan.MaxExponent)
	}
	if e, ok := errors.AsType[*notGiven](err); ok {
		return d.explainMissing(e.address)
	}
	if e, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		return d.explainInvalid(e)
	}
	if e, ok := errors.AsType[*jsonschema.InvalidRegexError](err); ok {
		return badPattern(d.place(e.URL, nil), e.Regex, e.Err)
	}
	if e, ok := errors.AsType[*jsonschema.JSONPointerNotFoundError](err); ok {
		return d.explainDangling(e.URL)
	}
	if e, ok := errors.AsType[*jsonschema.AnchorNotFoundError](err); ok {
		return d.explainDangling(e.Reference)
	}
	return connect.ConfigError("%s: %w; must be a JSON Schema of draft 7, 2019-09 or 2020-12", d.files[d.main].name, err)
}

// explainMissing is about a reference to a file that was not given.
func (d definition) explainMissing(address string) error {
	for _, r := range d.references() {
		if target, _, _ := strings.Cut(r.target, "#"); target != address {
			continue
		}
		if r.keyword == "$schema" {
			return connect.ConfigError("%s: $schema %q is not known; must be draft 7, 2019-09 or 2020-12, or a meta-schema named in refs = [...]", r.place, r.written)
		}
		return connect.ConfigError("%s: %s %q refers to a file that is not given; must be named in refs = [%q], as nothing else is read", r.place, r.keyword, r.written, fileOf(r.written))
	}
	return connect.ConfigError("%s: refers to %q, which is not given; must be named in refs = [...], as nothing else is read", d.files[d.main].name, address)
}

// fileOf returns the part of a reference that names a file.
func fileOf(ref string) string {
	name, _, _ := strings.Cut(ref, "#")
	return name
}

// explainDangling is about a reference into a file that does not have it.
func (d definition) explainDangling(address string) error {
	for _, r := range d.references() {
		if same(r.target, address) {
			return connect.ConfigError("%s: %s %q refers to nothing; must be the place of a schema, such as \"#/$defs/name\"", r.place, r.keyword, r.written)
		}
	}
	return connect.ConfigError("%s: refers to %q, which is nothing; must be the place of a schema", d.files[d.main].name, address)
}

// same compares addresses however their fragments are escaped.
func same(a, b string) bool {
	x, errX := url.PathUnescape(a)
	y, errY := url.PathUnescape(b)
	return errX == nil && errY == nil && x == y
}

// explainInvalid is about a schema that its meta-schema refuses.
func (d definition) explainInvalid(e *jsonschema.SchemaValidationError) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](e.Err)
	if !ok {
		return connect.ConfigError("%s: %w; must be a JSON Schema", d.place(e.URL, nil), e.Err)
	}
	invalid = first(invalid)
	where := invalid.InstanceLocation
	if name, ok := invalid.ErrorKind.(*kind.PropertyNames); ok {
		// What is below counts its places from the name.
		where = append(slices.Clip(where), name.Property)
		if len(invalid.Causes) > 0 {
			invalid = first(invalid.Causes[0])
		}
	}
	place := d.place(e.URL, where)
	if f, ok := invalid.ErrorKind.(*kind.Format); ok && f.Want == "regex" {
		return badPattern(place, f.Got, f.Err)
	}
	keyword, text := word(invalid.ErrorKind)
	return connect.ConfigError("%s: not a JSON Schema: at %q (%s): %s", place, pointer(where), keyword, text)
}

// first returns the cause that comes first by its place, as causes come in any
// order.
func first(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		next := slices.MinFunc(e.Causes, func(a, b *jsonschema.ValidationError) int {
			return slices.Compare(a.InstanceLocation, b.InstanceLocation)
		})
		if _, ok := next.ErrorKind.(*kind.PropertyNames); ok || len(next.Causes) == 0 {
			return next
		}
		e = next
	}
	return e
}

func badPattern(place string, pattern any, err error) error {
	return connect.ConfigError("%s: pattern %q: %w; must be a regular expression of RE2, which has no look-around and no back-references",
		place, pattern, err)
}

// place names file and line of an address, or of what is below it.
func (d definition) place(address string, below []string) string {
	at, fragment, _ := strings.Cut(address, "#")
	f, known := d.files[at]
	if !known {
		return d.files[d.main].name
	}
	if unescaped, err := url.PathUnescape(fragment); err == nil {
		fragment = unescaped
	}
	return f.name + ":" + strconv.Itoa(lineOf(f.text, append(steps(fragment), below...)))
}

// reference is one reference of a definition.
type reference struct {
	place, keyword, written, target string
}

// references lists every reference in the order of the files' names.
func (d definition) references() []reference {
	var all []reference
	for _, at := range d.addresses() {
		f := d.files[at]
		var root any
		if json.Unmarshal(f.text, &root) != nil {
			continue
		}
		walk(root, at, nil, func(base, keyword, written string, path []string) {
			all = append(all, reference{d.place(at, path), keyword, written, join(base, written)})
		})
	}
	return all
}

// addresses returns the main file's first, then the others'.
func (d definition) addresses() []string {
	all := []string{d.main}
	for at := range d.files {
		if at != d.main {
			all = append(all, at)
		}
	}
	slices.Sort(all[1:])
	return all
}

// walk calls found for every reference in a schema, with the base it is relative
// to and its path.
func walk(v any, base string, path []string, found func(base, keyword, written string, path []string)) {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["$id"].(string); ok {
			if joined := join(base, id); joined != "" {
				base = joined
			}
		}
		for _, keyword := range []string{"$ref", "$dynamicRef", "$recursiveRef", "$schema"} {
			if written, ok := v[keyword].(string); ok {
				found(base, keyword, written, append(slices.Clip(path), keyword))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], base, append(slices.Clip(path), name), found)
		}
	case []any:
		for i, below := range v {
			walk(below, base, append(slices.Clip(path), strconv.Itoa(i)), found)
		}
	}
}

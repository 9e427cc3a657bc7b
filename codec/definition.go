package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	connect "github.com/danube-messaging/danube-connect-go"
)

// scheme makes addresses of file names, because a schema refers to others by
// address. Nothing is ever read from one: what a schema refers to is given.
const scheme = "schema"

// opposite is the address of the schema of what another does not accept.
const opposite = "opposite:/"

// definition is a JSON Schema with what it refers to, by address.
type definition struct {
	files map[string]file
	main  string
}

// file is one text of a definition.
type file struct {
	name string
	text []byte
}

// compileJSONSchema compiles a schema and what it refers to, and a schema of all
// that it does not accept. All errors are of connect.ClassConfig and name file and
// line.
func compileJSONSchema(s Settings) (schema, refused *jsonschema.Schema, err error) {
	d := definition{files: map[string]file{}, main: address(s.Name)}
	d.add(file{fileName(s.Name), s.Schema}, d.main)
	for _, ref := range s.Refs {
		d.refer(ref)
	}
	defer func() {
		if p := recover(); p != nil {
			schema, refused, err = nil, nil, connect.ConfigError("%s: is a JSON Schema that cannot be compiled (%v); must be simpler", fileName(s.Name), p)
		}
	}()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(d)
	schema, err = compiler.Compile(d.main)
	if err == nil {
		err = compiler.AddResource(opposite, map[string]any{"not": map[string]any{"$ref": d.main}})
	}
	if err == nil {
		refused, err = compiler.Compile(opposite)
	}
	if err != nil {
		return nil, nil, d.explain(err)
	}
	return schema, refused, nil
}

// fileName is how errors name a schema.
func fileName(name string) string {
	if name == "" {
		return "the schema"
	}
	return name
}

// address makes an address of a file's name; what is one already stays.
func address(name string) string {
	if u, err := url.Parse(name); err == nil && u.IsAbs() {
		return name
	}
	return (&url.URL{Scheme: scheme, Path: path.Join("/", name)}).String()
}

// add makes a file known at an address; the first of two stays.
func (d definition) add(f file, addresses ...string) {
	for _, a := range addresses {
		a, _, _ = strings.Cut(a, "#")
		if _, known := d.files[a]; a != "" && !known {
			d.files[a] = f
		}
	}
}

// refer adds what the definition refers to, at every address that its name can
// stand for: beside the definition's file, beside its $id, as a path, and at an
// $id of its own.
func (d definition) refer(r Ref) {
	d.add(file{r.Name, r.Schema}, address(r.Name), join(d.main, r.Name), join(identity(d.files[d.main].text), r.Name), identity(r.Schema))
}

// identity returns the $id of a schema, empty without one.
func identity(text []byte) string {
	var root struct {
		ID string `json:"$id"`
	}
	// A text that is not an object has none; what else is wrong with it the
	// compiler tells.
	_ = json.Unmarshal(text, &root)
	return root.ID
}

// join resolves what a schema at base refers to; empty when it cannot.
func join(base, ref string) string {
	from, err := url.Parse(base)
	if err != nil || base == "" {
		return ""
	}
	to, err := url.Parse(ref)
	if err != nil {
		return ""
	}
	return from.ResolveReference(to).String()
}

// notGiven is an address that a schema refers to and nobody gave the text of.
type notGiven struct{ address string }

func (e *notGiven) Error() string { return fmt.Sprintf("%q is not given", e.address) }

// badJSON is a text that is not JSON.
type badJSON struct {
	file file
	at   int64
}

func (e *badJSON) Error() string { return e.file.name + " is not JSON" }

// maxNesting bounds how deep a schema nests: to compile one takes time and memory
// by the cube of it, minutes for a schema of 100 KB.
const maxNesting = 500

// tooMuch is a text that cannot be compiled in the time and memory there is, or
// only by leaving out a limit that no number of the library holds.
type tooMuch struct{ file file }

func (e *tooMuch) Error() string { return e.file.name + " is too much to compile" }

// Load implements jsonschema.URLLoader with the texts of the definition and
// nothing else: neither files nor the network.
func (d definition) Load(at string) (any, error) {
	f, known := d.files[at]
	if !known {
		return nil, &notGiven{at}
	}
	if nesting(f.text) > maxNesting || hugeNumber(f.text) {
		return nil, &tooMuch{f}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(f.text))
	if err == nil {
		return value, nil
	}
	offset := int64(len(f.text))
	var text json.RawMessage
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(f.text, &text)); ok {
		offset = e.Offset
	}
	return nil, &badJSON{f, offset}
}

package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
)

// Parse is [Load] for a file that is at hand already: data is what it holds and
// name what messages call it; its directory is where relative paths begin.
// environ gives the environment as os.Environ does; nil means an empty one.
// Files that keys name are looked for, but not read.
func Parse[T any](name string, data []byte, environ func() []string) (T, error) {
	return parse[T](name, data, environ, rules, nil)
}

// Defaults returns a Connector with every default and no more: DanubeServiceURL
// and ConnectorName are still to be set.
func Defaults() Connector {
	var c Connector
	if err := merge(&c, nil, nil, nil); err != nil {
		panic("config: the table of defaults does not fit Connector: " + err.Error()) // a test keeps this from happening
	}
	return c
}

// Check returns everything that is wrong with a Connector made in code, as an
// [*Error] without places in a file, or nil. A Connector that was loaded has been
// checked.
func (c Connector) Check() error {
	r := review{c: &c, document: newDocument("", nil)}
	r.run(rules)
	return r.err()
}

// parse is Parse. others, unless nil, gets the keys at the root that T has no field
// for; they are left alone then.
func parse[T any](name string, data []byte, environ func() []string, rules []rule, others *[]string) (T, error) {
	var cfg, none T
	s, err := shapeOf(reflect.TypeFor[T]())
	if err != nil {
		return none, err
	}
	var variables []string
	if environ != nil {
		variables = environ()
	}
	d := readDocument(cmp.Or(name, "configuration"), data)
	checker{d, others}.table(d.root, reflect.TypeFor[T](), place{})
	if !d.checkTOML() {
		return none, d.err()
	}
	if err := merge(&cfg, d.data, variables, s.keys); err != nil {
		// The text of a decoder's error may show values (design law 11).
		d.report(1, 1, "", "cannot be decoded, for a reason the checks before do not know", "must be reported as a bug of package config")
		return none, d.err()
	}
	v := reflect.ValueOf(&cfg).Elem()
	core := v.FieldByIndex(s.core).Addr().Interface().(*Connector) // shapeOf has found it there
	core.resolve(filepath.Dir(name))
	for i := range core.Schemas {
		if n, ok := d.find(at("schemas", i)); ok {
			core.Schemas[i].Place = fmt.Sprintf("%s:%d", d.name, n.line)
		}
	}
	r := review{c: core, document: d, variables: set(variables, s.keys)}
	r.run(rules)
	r.own(v, "")
	if err := d.err(); err != nil {
		return none, err
	}
	return cfg, nil
}

// err returns the problems of a document in order, nil when there are none.
func (d *document) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	return &Error{Problems: sorted(d.problems)}
}

// resolve joins the relative paths of files to the directory of the
// configuration.
func (c *Connector) resolve(dir string) {
	files := []*string{&c.Danube.CAFile, &c.Danube.CertFile, &c.Danube.KeyFile, &c.Danube.TokenFile}
	for i := range c.Schemas {
		files = append(files, &c.Schemas[i].SchemaFile)
		for j := range c.Schemas[i].Refs {
			files = append(files, &c.Schemas[i].Refs[j])
		}
	}
	for _, f := range files {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(dir, *f)
		}
	}
}

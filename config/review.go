package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// rule is one check of what a Connector means, after its types are known to be
// right.
type rule func(*review)

// rules are all of them.
var rules = []rule{limits, serviceURL, connectorName, batches, backoff, brokers, tlsFiles, token, bind, flush, tolerance, topics, schemas, letterSchemas}

// review is a Connector under its rules. What they find goes into the document it
// was read from, or into an empty one.
type review struct {
	c *Connector
	*document
	// variables has the environment variable a key was set by.
	variables map[string]string
}

func (r *review) run(rules []rule) {
	for _, check := range rules {
		check(r)
	}
}

// object reports what is wrong with the value of a key, unless something is known
// to be wrong with it in the file: what a rule sees is then the default.
func (r *review) object(key, what, right string) {
	if r.isWrong(key) && r.variables[key] == "" {
		return
	}
	r.note(key, what, right)
	r.wrong[key] = true
}

// note reports without looking at what is known.
func (r *review) note(key, what, right string) {
	p := Problem{Key: key, What: what, Right: right, Variable: r.variables[key]}
	if p.Variable == "" && r.name != "" {
		n, _ := r.find(key)
		p.File, p.Line, p.Col = r.name, n.line, n.col
	}
	r.problems = append(r.problems, p)
}

// missing reports a key that must be there. In a file a part of which could not
// be read it may be in that part.
func (r *review) missing(key, right string) {
	if !r.lost && !r.misspelled[key] {
		r.object(key, "is missing", right)
	}
}

// inFile reports whether the key is set in the file.
func (r *review) inFile(key string) bool {
	_, exact := r.find(key)
	return exact
}

// limits holds every value against the table of keys.
func limits(r *review) { r.limit(reflect.ValueOf(r.c).Elem(), place{}) }

func (r *review) limit(v reflect.Value, p place) {
	if k := keyOf(p.pattern); k != nil {
		r.limitLeaf(v, p, k)
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			r.limit(v.FieldByIndex(f.index), p.field(f.name))
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.limit(v.Index(i), p.item(i))
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			r.limit(v.MapIndex(key), p.entry(key.String()))
		}
	}
}

func (r *review) limitLeaf(v reflect.Value, p place, k *key) {
	if k.optional && v.IsZero() && !r.inFile(p.path) {
		return
	}
	what, right, ok := "", "", true
	switch {
	case v.CanInt():
		what, right, ok = k.checkNumber(v.Int())
	case v.CanUint():
		what, right, ok = k.checkNumber(int64(v.Uint()))
	case v.Kind() == reflect.String && (v.String() != "" || !k.required):
		what, right, ok = k.checkText(v.String())
	}
	if !ok {
		r.object(p.path, what, right)
	}
}

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
}

// batches: the window must hold a batch.
func batches(r *review) {
	r.ordered("processing.batch_size", int64(r.c.Processing.BatchSize),
		"delivery.window_records", int64(r.c.Delivery.WindowRecords), ", for the window holds whole batches")
}

// backoff: the first pause must not be longer than the longest.
func backoff(r *review) {
	r.ordered("retry.retry_backoff_ms", r.c.Retry.RetryBackoffMS, "retry.max_backoff_ms", r.c.Retry.MaxBackoffMS, "")
}

// ordered checks that one key's value is not above another's, and blames the one
// that the file has.
func (r *review) ordered(lower string, low int64, upper string, high int64, why string) {
	switch {
	case low <= high || r.isWrong(lower) || r.isWrong(upper):
	case r.inFile(upper) && !r.inFile(lower):
		r.object(upper, fmt.Sprintf("%d is less than %s, %d", high, lower, low), "must be at least that"+why+"; or lower "+lower)
	default:
		r.object(lower, fmt.Sprintf("%d is more than %s, %d", low, upper, high), "must be at most that"+why+"; or raise "+upper)
	}
}

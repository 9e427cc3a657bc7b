package config

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// rule is one check of what a Connector means, after its types are known to be
// right.
type rule func(*review)

// rules are all of them.
var rules = []rule{limits, serviceURL, connectorName, batches, backoff, brokers, tlsFiles, token, bind, topics, schemas, needsRegistry}

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
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
}

// batches: the window must hold a batch.
func batches(r *review) {
	batch, window := "processing.batch_size", "delivery.window_records"
	if r.isWrong(batch) || r.isWrong(window) || r.c.Processing.BatchSize <= r.c.Delivery.WindowRecords {
		return
	}
	r.object(batch, fmt.Sprintf("%d is more than %s, %d", r.c.Processing.BatchSize, window, r.c.Delivery.WindowRecords),
		"must be at most that, for the window holds whole batches; or raise "+window)
}

// backoff: the first pause must not be longer than the longest.
func backoff(r *review) {
	first, longest := "retry.retry_backoff_ms", "retry.max_backoff_ms"
	if r.isWrong(first) || r.isWrong(longest) || r.c.Retry.Backoff() <= r.c.Retry.MaxBackoff() {
		return
	}
	r.object(first, fmt.Sprintf("%d is more than %s, %d", r.c.Retry.RetryBackoffMS, longest, r.c.Retry.MaxBackoff()/time.Millisecond),
		"must be at most that; or raise "+longest)
}

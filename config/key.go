package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// key is all there is to say about one key of ours: the one place its default
// and its limits are written down. The defaults, the checks and docs/config.md
// come from the table in keys.go.
type key struct {
	// path is the tables and the key, "*" standing for any topic or index.
	path string
	// value is the default; nil when there is none. Its type says how it is
	// written: int, float64, time.Duration, Size, string, bool, []string.
	value any
	// unit is what an integer counts.
	unit string
	// min and max bound it, both included, when max is not 0: nanoseconds for a
	// time.Duration, bytes for a Size.
	min, max int64
	// optional says that 0 or "" in code means: not set.
	optional bool
	// oneOf is a closed list of texts.
	oneOf []string
	// variable overrides the file.
	variable string
	// required keys have no default, and must be set; note is what the reference
	// says in place of a default.
	required bool
	note     string
	// doc says what the key does, edge what happens at the ends of its range.
	doc, edge string
}

// limits words what an integer, duration or size may be.
func (k *key) limits() string {
	lo, hi := k.format(k.min), k.format(k.max)
	switch k.value.(type) {
	case time.Duration:
		return fmt.Sprintf("a duration from %q to %q", lo, hi)
	case Size:
		return fmt.Sprintf("a size from %q to %q", lo, hi)
	}
	return strings.TrimSpace(fmt.Sprintf("an integer from %s to %s %s", lo, hi, k.unit))
}

// format writes a number as the key's values are written.
func (k *key) format(n int64) string {
	switch k.value.(type) {
	case time.Duration:
		return shortDuration(time.Duration(n))
	case Size:
		return Size(n).String()
	}
	return fmt.Sprint(n)
}

// checkNumber returns what is wrong with a value of the key, if anything.
func (k *key) checkNumber(n int64) (what, right string, ok bool) {
	if k.max == 0 || n >= k.min && n <= k.max {
		return "", "", true
	}
	return k.format(n) + " is out of range", "must be " + k.limits(), false
}

// checkText returns what is wrong with a value of the key, if anything.
func (k *key) checkText(s string) (what, right string, ok bool) {
	if len(k.oneOf) == 0 || slices.Contains(k.oneOf, s) {
		return "", "", true
	}
	right = "must be " + quoteList(k.oneOf)
	return fmt.Sprintf("%q is not one of its values", s), right + didYouMean(s, k.oneOf), false
}

// shortDuration is Duration.String without zero minutes and seconds: 1h, not
// 1h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// keyOf returns what is known about a path of the form of key.path, nil if
// nothing is.
func keyOf(pattern string) *key {
	for i := range keys {
		if keys[i].path == pattern {
			return &keys[i]
		}
	}
	return nil
}

// defaults returns the defaults as nested maps, as koanf takes them.
func defaults() map[string]any {
	all := map[string]any{}
	for _, k := range keys {
		if k.value == nil || strings.Contains(k.path, "*") {
			continue
		}
		table, name := all, k.path
		for {
			head, rest, nested := strings.Cut(name, ".")
			if !nested {
				break
			}
			inner, ok := table[head].(map[string]any)
			if !ok {
				inner = map[string]any{}
				table[head] = inner
			}
			table, name = inner, rest
		}
		table[name] = k.value
	}
	return all
}

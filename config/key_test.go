package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// leaves returns the paths of every key a struct has, as the table writes them.
func leaves(t reflect.Type, pattern string) (all []string) {
	for _, f := range fieldsOf(t) {
		p := place{pattern: pattern}.field(f.name).pattern
		switch {
		case isText(f.typ) && f.typ != reflect.TypeFor[VersionStrategy]():
			all = append(all, p)
		case f.typ.Kind() == reflect.Struct:
			if f.typ == reflect.TypeFor[VersionStrategy]() {
				all = append(all, p)
			}
			all = append(all, leaves(f.typ, p)...)
		case (f.typ.Kind() == reflect.Map || f.typ.Kind() == reflect.Slice) && f.typ.Elem().Kind() == reflect.Struct:
			all = append(all, leaves(f.typ.Elem(), p+".*")...)
		default:
			all = append(all, p)
		}
	}
	return all
}

func TestTableOfKeysIsThatOfTheStruct(t *testing.T) {
	t.Parallel()
	var inTable []string
	for _, k := range keys {
		inTable = append(inTable, k.path)
	}
	inStruct := leaves(connectorType, "")
	for _, path := range inStruct {
		if !slices.Contains(inTable, path) {
			t.Errorf("%s is in Connector and not in the table of keys", path)
		}
	}
	for i, path := range inTable {
		if !slices.Contains(inStruct, path) {
			t.Errorf("%s is in the table of keys and not in Connector", path)
		}
		if slices.Index(inTable, path) != i {
			t.Errorf("%s is in the table of keys twice", path)
		}
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	for _, k := range keys {
		if k.doc == "" || k.edge == "" || !strings.HasSuffix(k.doc, ".") || !strings.HasSuffix(k.edge, ".") {
			t.Errorf("%s: doc %q, edge %q", k.path, k.doc, k.edge)
		}
		if _, isInt := k.value.(int); isInt && (k.max == 0 || k.max < k.min) {
			t.Errorf("%s is an integer without a range", k.path)
		}
		switch k.value.(type) {
		case time.Duration, Size:
			if k.max == 0 || k.max < k.min {
				t.Errorf("%s has no range", k.path)
			}
		}
		if k.value == nil && k.note == "" && !k.required {
			t.Errorf("%s has no default and does not say so", k.path)
		}
	}
}

// The defaults must pass every check, once the two core fields are set.
func TestDefaultsAreInRange(t *testing.T) {
	t.Parallel()
	c := Defaults()
	c.DanubeServiceURL, c.ConnectorName = "https://b:6650", "orders"
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

// TestLimits sets every integer, duration and size of ours to both ends of its
// range and to what is just beyond.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, k := range keys {
		if k.max == 0 || strings.Contains(k.path, "*") {
			continue
		}
		write := func(n int64) string {
			switch k.value.(type) {
			case time.Duration:
				return `"` + time.Duration(n).String() + `"`
			}
			return k.format(n)
		}
		quote := func(n int64) string {
			if _, ok := k.value.(Size); ok && n >= 0 {
				return `"` + write(n) + `"`
			}
			return strings.TrimSuffix(write(n), "B")
		}
		for n, ok := range map[int64]bool{k.min: true, k.max: true, k.min - 1: false, k.max + 1: false} {
			_, err := Parse[Connector]("c.toml", []byte(minimal+k.path+" = "+quote(n)+"\n"), nil)
			wrong := false
			for _, line := range errorLines(t, err) {
				wrong = wrong || strings.Contains(line, k.path+": ") && strings.Contains(line, "out of range; must be ")
			}
			if wrong == ok {
				t.Errorf("%s = %s: %v", k.path, quote(n), err)
			}
		}
	}
}

func TestShortDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", time.Hour: "1h", 90 * time.Minute: "1h30m", time.Minute: "1m", 61 * time.Second: "1m1s",
		time.Hour + time.Second: "1h0m1s", 10 * time.Second: "10s", 100 * time.Millisecond: "100ms",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v is short for %v", got, d)
		}
	}
}

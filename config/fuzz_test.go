package config

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// plainTypes is ownTypes as far as go-toml can read it by itself: without
// durations and sizes.
type plainTypes struct {
	Connector `toml:",inline" koanf:",squash"`
	Own       plainTable `toml:"own"`
}

type plainTable struct {
	Text   string                          `toml:"text"`
	Flag   bool                            `toml:"flag"`
	Small  int8                            `toml:"small"`
	Int    int                             `toml:"int"`
	Port   uint16                          `toml:"port"`
	Big    uint64                          `toml:"big"`
	Single float32                         `toml:"single"`
	Maybe  *int32                          `toml:"maybe"`
	List   []string                        `toml:"list"`
	Nested [][]int                         `toml:"nested"`
	Names  map[string]int                  `toml:"names"`
	Routes []connect.Route                 `toml:"routes"`
	Inners map[string]struct{ Key Secret } `toml:"inners"`
}

// FuzzParse: no file makes Parse panic, every problem is placed inside the file
// and on one line, and a file that is taken reads the same again and as go-toml
// reads it, so nothing was truncated, wrapped or lost on the way through koanf.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", minimal, everything, ten, minimal + "[own]\nport = 65535\nnested = [[1], []]\n[own.names]\n\"a.b\" = 1\n",
		minimal + "[[own.routes]]\nfrom = 'a'\nto = '/a/b'\npartitions = 4.9\n", minimal + "own.inners.x.key = 's'\nown.maybe = 5000000000\n",
	} {
		f.Add([]byte(seed))
	}
	for _, m := range append(append(mistakes, syntax...), ownMistakes...) {
		f.Add([]byte(minimal + m.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		got, err := Parse[plainTypes]("c.toml", data, nil)
		if !bytes.Equal(given, data) {
			t.Fatal("the caller's bytes were changed")
		}
		if err != nil {
			checkPlaces(t, err, data)
			return
		}
		again, err := Parse[plainTypes]("c.toml", data, nil)
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Fatalf("reads otherwise again: %v\n%s", err, diff)
		}
		checkOwn(t, got.Own, data)
	})
}

func checkPlaces(t *testing.T, err error, data []byte) {
	t.Helper()
	lines := 1 + bytes.Count(data, []byte("\n"))
	for _, p := range err.(*Error).Problems {
		if p.Line < 1 || p.Line > lines || p.Col < 1 || p.What == "" || strings.ContainsAny(p.Error(), "\r\n") {
			t.Errorf("%#v in a file of %d lines", p, lines)
		}
		if strings.Contains(p.What, "as a bug") || strings.Contains(p.What, "for a reason the checks before do not know") {
			t.Errorf("the checks and the decoder do not agree: %v", p)
		}
	}
}

// checkOwn reads the connector's own table with go-toml alone.
func checkOwn(t *testing.T, got plainTable, data []byte) {
	t.Helper()
	var want struct {
		Own plainTable `toml:"own"`
	}
	if err := toml.Unmarshal(data, &want); err != nil {
		t.Fatalf("taken, and go-toml says %v", err)
	}
	nan := cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b })
	empty := cmp.FilterValues(func(a, b any) bool { return isEmpty(a) && isEmpty(b) }, cmp.Ignore())
	if diff := cmp.Diff(want.Own, got, nan, empty); diff != "" {
		t.Errorf("go-toml reads it otherwise: %s", diff)
	}
}

func isEmpty(v any) bool {
	r := reflect.ValueOf(v)
	return r.IsValid() && (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0
}

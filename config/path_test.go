package config

import (
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

var paths = []struct {
	path   string
	steps  []string
	parent string
}{
	{"", nil, ""},
	{"a", []string{"a"}, ""},
	{"a.b", []string{"a", "b"}, "a"},
	{"a[0].b", []string{"a", "0", "b"}, "a[0]"},
	{"a[12]", []string{"a", "12"}, "a"},
	{`topics."/a/b.c[1]".lanes`, []string{"topics", "/a/b.c[1]", "lanes"}, `topics."/a/b.c[1]"`},
	{`topics."/a/b"`, []string{"topics", "/a/b"}, "topics"},
	{`a."".b`, []string{"a", "", "b"}, `a.""`},
	{`a."x\"y"[3]`, []string{"a", `x"y`, "3"}, `a."x\"y"`},
	// What only a Validate method could make up must not hang or panic.
	{`a."b`, []string{"a", `"b`}, "a"},
	{`a[1`, []string{"a", "1"}, ""},
	{`..a`, []string{"a"}, ""},
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range paths {
		if got := split(tt.path); !slices.Equal(got, tt.steps) {
			t.Errorf("%s has the steps %q, want %q", tt.path, got, tt.steps)
		}
		if got := parent(tt.path); got != tt.parent {
			t.Errorf("%s is part of %s, want %s", tt.path, got, tt.parent)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("a", "/a/b", 3)
	f.Add(`x"y`, "", 0)
	f.Fuzz(func(t *testing.T, first, second string, index int) {
		if !utf8.ValidString(first) || !utf8.ValidString(second) || index < 0 {
			t.Skip("not a path that a file can have")
		}
		path := join(at(join("", first), index), second)
		if got := split(path); !slices.Equal(got, []string{first, strconv.Itoa(index), second}) {
			t.Errorf("%s has the steps %q", path, got)
		}
		if got := parent(path); got != at(join("", first), index) {
			t.Errorf("%s is part of %s", path, got)
		}
	})
}

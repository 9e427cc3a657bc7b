package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample has every way to write a key; the comment behind a line gives the paths
// of the keys on it and the columns they begin at.
const sample = `a = 1                                   # a@1
"b c" = 2                               # "b c"@1
d.e = 3                                 # d@1 d.e@3
  f = [1, "x",                          # f@3 f[0]@8 f[1]@11
    [2, 3],                             # f[2][0]@6 f[2][1]@9
    { g = 4, h.i = 5 } ]                # f[3]@5 f[3].g@7 f[3].h@14 f[3].h.i@16
j = { k = { l = 6 } }                   # j@1 j.k@7 j.k.l@13
[m]                                     # m@2
n = 7                                   # m.n@1
o.p = 8                                 # m.o@1 m.o.p@3
[ q . "r s" ]                           # q@3 q."r s"@7
t = 9                                   # q."r s".t@1
[[u]]                                   # u@3 u[0]@3
v = 10                                  # u[0].v@1
[u.w]                                   # u[0].w@4
x = 11                                  # u[0].w.x@1
[[u]]                                   # u[1]@3
[[u.y]]                                 # u[1].y@5 u[1].y[0]@5
z = 12                                  # u[1].y[0].z@1
[[u.y]]                                 # u[1].y[1]@5
[q]                                     #
late = 13                               # q.late@1
`

func TestPlacesOfKeys(t *testing.T) {
	t.Parallel()
	d := readDocument("c.toml", []byte(sample))
	if len(d.problems) != 0 || !d.checkTOML() {
		t.Fatalf("the sample is not TOML: %v", d.problems)
	}
	count := 0
	for i, line := range strings.Split(strings.TrimSuffix(sample, "\n"), "\n") {
		_, notes, _ := strings.Cut(line, "#")
		for _, note := range notesOf(notes) {
			path, column, _ := strings.Cut(note, "@")
			n, exact := d.find(path)
			if got := fmt.Sprintf("%d:%d", n.line, n.col); !exact || got != fmt.Sprintf("%d:%s", i+1, column) {
				t.Errorf("%s is at %s (found: %t), want %d:%s", path, got, exact, i+1, column)
			}
			count++
		}
	}
	if count < 30 {
		t.Errorf("%d keys looked up", count)
	}
}

// notesOf splits the comment of a line; quoted keys may hold spaces.
func notesOf(comment string) []string {
	quoted := false
	return strings.FieldsFunc(comment, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// What is not in the file is placed at the nearest thing above it that is.
func TestPlacesOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	d := readDocument("c.toml", []byte(sample))
	for path, want := range map[string]string{
		"none": "1:1", "m.none": "8:2", "m.o.none.deep": "10:1", "f[9]": "4:3", "f[3].none": "6:5", "a.b": "1:1",
		"u[1].y[1].none": "20:5", "u[-1]": "13:3", "u.none": "13:3", "": "1:1",
	} {
		n, exact := d.find(path)
		if got := fmt.Sprintf("%d:%d", n.line, n.col); got != want || exact && path != "" {
			t.Errorf("%s is placed at %s (found: %t), want %s", path, got, exact, want)
		}
	}
}

// What is blanked leaves every other byte where it was.
func TestBlankingKeepsPlaces(t *testing.T) {
	t.Parallel()
	d := readDocument("c.toml", []byte(sample))
	for _, path := range []string{"f", "q", "u"} {
		n, _ := d.find(path)
		d.reject(n, path, "is not wanted", "")
	}
	if len(d.data) != len(sample) || strings.Count(string(d.data), "\n") != strings.Count(sample, "\n") {
		t.Fatalf("%d bytes, want %d", len(d.data), len(sample))
	}
	left := readDocument("c.toml", d.data)
	if !left.checkTOML() || len(left.problems) != 0 {
		t.Fatalf("what is left is not TOML: %v\n%s", left.problems, d.data)
	}
	if diff := cmp.Diff([]string{"a", "b c", "d", "j", "m"}, left.root.names); diff != "" {
		t.Error(diff)
	}
	if n, _ := left.find("m.o.p"); n.line != 10 || n.col != 3 {
		t.Errorf("m.o.p has moved to %d:%d", n.line, n.col)
	}
	for path, wrong := range map[string]bool{"f": true, "f[3].g": true, "u[1].y[0].z": true, "q.late": true, "a": false, "m.o": false, "fx": false} {
		if d.isWrong(path) != wrong {
			t.Errorf("%s counts as wrong: %t", path, !wrong)
		}
	}
	for path, wrong := range map[string]bool{"": true, "u[0]": true, "q": true, "m": false, "j.k": false} {
		if d.anyWrong(path) != wrong {
			t.Errorf("something in %s counts as wrong: %t", path, !wrong)
		}
	}
}

// Problems are sorted by place, those without one last, and said once.
func TestProblemsAreSorted(t *testing.T) {
	t.Parallel()
	given := []Problem{
		{Variable: "B", What: "e"},
		{File: "f", Line: 10, Col: 1, What: "d"},
		{File: "f", Line: 2, Col: 10, What: "c"},
		{File: "f", Line: 2, Col: 9, What: "b"},
		{Variable: "A", What: "f"},
		{File: "f", Line: 1, Col: 99, What: "a"},
		{File: "f", Line: 1, Col: 99, What: "a"},
	}
	var got strings.Builder
	for _, p := range sorted(given) {
		got.WriteString(p.What)
	}
	if got.String() != "abcdef" {
		t.Error(got.String())
	}
}

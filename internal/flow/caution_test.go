package flow

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// cautions are what happens, in turn, and how far reading may go then: r300 is a
// rewind having read 300 ahead, c a commit. Reading is bounded at 1000 otherwise.
var cautions = []struct {
	name    string
	happens []string
	want    []int
}{
	{"one rewind is nobody's habit", []string{"r300"}, []int{1000}},
	{"two without a commit are", []string{"r300", "r320"}, []int{1000, 20}},
	{"a commit between forgives", []string{"r300", "c", "r320", "c", "r320"}, []int{1000, 1000, 1000, 1000, 1000}},
	{"a sixteenth each time, down to one", []string{"r300", "r3200", "r9", "r9", "r9"}, []int{1000, 200, 12, 1, 1}},
	{"each commit doubles", []string{"r1", "r1", "c", "c", "c"}, []int{1000, 1, 2, 4, 8}},
	{"until it is as far as ever", []string{"r1", "r4000", "c", "c", "c"}, []int{1000, 250, 500, 1000, 1000}},
	{"and falls again", []string{"r1", "r4000", "c", "r9", "r9"}, []int{1000, 250, 500, 500, 31}},
	{"with nothing read ahead", []string{"r0", "r0"}, []int{1000, 1}},
}

func TestCaution(t *testing.T) {
	t.Parallel()
	for _, c := range cautions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var core caution
			for i, what := range c.happens {
				if ahead := 0; what == "c" {
					core.committed(1000)
				} else if _, err := fmt.Sscanf(what, "r%d", &ahead); err == nil {
					core.rewound(ahead)
				}
				if got := core.limit(1000); got != c.want[i] {
					t.Fatalf("after %v reading may go %d ahead, want %d", c.happens[:i+1], got, c.want[i])
				}
			}
		})
	}
}

// Whatever happens, reading is never stopped and never goes further than it may; and
// commits in a row always lift the caution.
func TestCautionAlwaysEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c caution
		most := rapid.IntRange(1, 1<<30).Draw(t, "most")
		t.Repeat(map[string]func(*rapid.T){
			"rewound":   func(t *rapid.T) { c.rewound(rapid.IntRange(0, most).Draw(t, "ahead")) },
			"committed": func(*rapid.T) { c.committed(most) },
			"": func(t *rapid.T) {
				if got := c.limit(most); got < 1 || got > most {
					t.Fatalf("reading may go %d ahead, of %d", got, most)
				}
			},
		})
		for range 31 {
			c.committed(most)
		}
		if c.span != 0 || c.barren {
			t.Fatalf("still cautious after 31 commits: %+v", c)
		}
	})
}

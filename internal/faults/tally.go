package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// result is how a test ended.
type result string

const (
	passed  result = "pass"
	failed  result = "fail"
	skipped result = "skip"
)

// tally is what the tests have said.
type tally struct {
	results map[string]result // by package directory and test
	output  map[string][]string
	seeds   map[string][2]int // by kind of fault: runs, and those that failed
	figures []string
}

func newTally() *tally {
	return &tally{results: map[string]result{}, output: map[string][]string{}, seeds: map[string][2]int{}}
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// module is the prefix of our packages.
const module = "github.com/danube-messaging/danube-connect-go/"

// figure and kind are what some tests log for this program.
var (
	figure = regexp.MustCompile(`^\s+\w+_test\.go:\d+: figure: (.*)$`)
	kind   = regexp.MustCompile(`^\s+\w+_test\.go:\d+: (\d+) runs with (.+), (\d+) failed$`)
)

// read takes the events of go test -json; failures are shown as they come.
func (t *tally) read(r io.Reader, stderr io.Writer) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("go test -json says %q: %w", lines.Text(), err)
		}
		t.take(e, stderr)
	}
	return lines.Err()
}

func (t *tally) take(e event, stderr io.Writer) {
	name := strings.TrimPrefix(e.Package, module) + " " + e.Test
	switch e.Action {
	case "output":
		line := strings.TrimSuffix(e.Output, "\n")
		t.output[name] = append(t.output[name], line)
		if m := figure.FindStringSubmatch(line); m != nil {
			t.figures = append(t.figures, m[1])
		}
		if m := kind.FindStringSubmatch(line); m != nil {
			runs, _ := strconv.Atoi(m[1])
			wrong, _ := strconv.Atoi(m[3])
			t.seeds[m[2]] = [2]int{runs, wrong}
		}
	case "fail":
		_, _ = fmt.Fprintln(stderr, strings.Join(t.output[name], "\n"))
		t.end(name, e)
	case "pass", "skip":
		t.end(name, e)
	}
}

// end notes how a test ended; a package that failed without a test is one, too.
func (t *tally) end(name string, e event) {
	delete(t.output, name)
	if e.Test != "" || e.Action == "fail" {
		t.results[name] = result(e.Action)
	}
}

// leaves counts how the parts of a test ended, or the test itself if it has none.
func (t *tally) leaves(p proof) (counts map[result]int) {
	counts = map[result]int{}
	name := p.dir + " " + p.test
	for test, r := range t.results {
		if test != name && !strings.HasPrefix(test, name+"/") {
			continue
		}
		part := func(other string) bool { return strings.HasPrefix(other, test+"/") }
		if !slices.ContainsFunc(t.names(), part) {
			counts[r]++
		}
	}
	return counts
}

func (t *tally) names() []string {
	all := make([]string, 0, len(t.results))
	for name := range t.results {
		all = append(all, name)
	}
	return all
}

func (t *tally) count(r result) (n int) {
	for name := range t.results {
		if t.results[name] == r && !strings.HasSuffix(name, " ") {
			n++
		}
	}
	return n
}

// missing are the proofs no test has answered for.
func (t *tally) missing(rows []row) (all []string) {
	for _, r := range rows {
		for _, p := range r.proofs {
			if len(t.leaves(p)) == 0 {
				all = append(all, fmt.Sprintf("F%d: %s %s", r.id, p.dir, p.test))
			}
		}
	}
	return all
}

package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// some is a matrix of two rows, and what go test says of its tests.
var some = []row{
	{id: 1, fault: "one", keeps: "I1 I2", proofs: []proof{{dir: "a", test: "TestA"}, {dir: "b", test: "TestB/x", shows: "I2"}}, kinds: []string{"cut"}},
	{id: 2, fault: "two", keeps: "I15", proofs: []proof{{dir: "a", test: "TestGone"}}, open: "not all of it"},
}

func said(t *testing.T, lines ...string) *tally {
	t.Helper()
	s := newTally()
	if err := s.read(strings.NewReader(strings.Join(lines, "\n")), io.Discard); err != nil {
		t.Fatal(err)
	}
	return s
}

func ended(dir, test, action string) string {
	return fmt.Sprintf(`{"Action":%q,"Package":%q,"Test":%q}`, action, module+dir, test)
}

func printed(dir, test, output string) string {
	return fmt.Sprintf(`{"Action":"output","Package":%q,"Test":%q,"Output":%q}`, module+dir, test, output)
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := said(t,
		ended("a", "TestA/one", "pass"), ended("a", "TestA/two", "fail"), ended("a", "TestA", "fail"),
		ended("a", "TestAOther", "pass"), // another test, though it begins the same
		ended("b", "TestB/x", "pass"), ended("b", "TestB/y", "fail"), ended("b", "TestB", "fail"),
		printed("a", "TestA", "    x_test.go:12: 30 runs with cut, 2 failed\n"),
		printed("c", "TestC", "    x_test.go:9: 400 runs with F1 on the cores, 1 failed\n"),
		printed("a", "TestA", "    x_test.go:12: figure: 5 kills\n"),
		ended("a", "", "fail"),
	)
	got := report(some, s)
	for _, want := range []string{
		"F1   one                                           1/2  2/3    .    .",
		"2/3   28/30 399/400\n", // tests, seeds on the stack and on the cores
		"F2: not all of it\n", "- 5 kills\n", "NOT RUN: F2: a TestGone\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not have %q:\n%s", want, got)
		}
	}
	if s.count(passed) != 3 || s.count(failed) != 4 {
		t.Errorf("%d passed, %d failed", s.count(passed), s.count(failed))
	}
	if gone := s.missing(some); len(gone) != 1 {
		t.Errorf("missing: %q", gone)
	}
}

// TestSkippedIsNotPassed: a test that was skipped shows nothing.
func TestSkippedIsNotPassed(t *testing.T) {
	t.Parallel()
	s := said(t, ended("a", "TestA", "skip"), ended("b", "TestB/x", "pass"), ended("b", "TestB", "pass"))
	if cells, tests := s.cells(some[0]); cells[0] != "." || cells[1] != "1" || tests != "1" {
		t.Errorf("%q, %s", cells, tests)
	}
}

// TestFailuresAreShown: with what they said.
func TestFailuresAreShown(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	lines := printed("a", "TestA", "why it failed\n") + "\n" + printed("a", "TestB", "nothing\n") + "\n" + ended("a", "TestA", "fail") + "\n" + ended("a", "TestB", "pass")
	if err := newTally().read(strings.NewReader(lines), &stderr); err != nil {
		t.Fatal(err)
	}
	if stderr.String() != "why it failed\n" {
		t.Errorf("%q", stderr.String())
	}
	if err := newTally().read(strings.NewReader("no JSON"), io.Discard); err == nil {
		t.Error("what is not JSON is read")
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	for _, p := range []proof{seeded, simulated} {
		if !functions(t, p.dir)[p.test] {
			t.Errorf("there is no %s in %s", p.test, p.dir)
		}
	}
	packages, pattern := selection(some)
	if strings.Join(packages, " ") != "./a ./b ./internal/chaos" || pattern != "^(TestA|TestB|TestGone|TestSeeds)$" {
		t.Errorf("%q, %s", packages, pattern)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-seeds", "x"}, {"-seeds", "-1"}, {"-cores", "-1"}, {"-kills", "-1"}, {"now"}} {
		if code := run(t.Context(), args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%q: exit code %d, want 2", args, code)
		}
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"-paper"}, &out, io.Discard); code != 0 || out.String() != paper(matrix) {
		t.Errorf("-paper: exit code %d, %s", code, &out)
	}
}

package connect_test

import (
	"regexp"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// FuzzRouter compares the router with a slow one that says the rules as plainly
// as possible.
func FuzzRouter(f *testing.F) {
	for _, table := range []matches{mqttMatches, starMatches} {
		for _, c := range table {
			for _, name := range append(c.yes, c.no...) {
				f.Add(c.pattern, name)
			}
		}
	}
	for pattern := range wrongPatterns {
		f.Add(pattern, "a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		r, err := connect.NewRouter(connect.Route{From: pattern, To: "/a/b"})
		if right := pattern != "" && rightPattern.MatchString(pattern); (err == nil) != right {
			t.Fatalf("pattern %q: %v", pattern, err)
		}
		if err != nil || strings.Count(pattern, "*") > 5 || len(name) > 64 {
			return // wrong, or too slow to say slowly
		}
		if _, got := r.Match(name); got != slowMatch(pattern, name) {
			t.Errorf("%q on %q: %v, want %v", pattern, name, got, !got)
		}
	})
}

// rightPattern is levels that are "+" or free of wildcards of a whole level, of
// which the last may be "#". It lets the empty pattern pass.
var rightPattern = regexp.MustCompile(`^(?:(?:\+|[^+#/]*)/)*(?:\+|#|[^+#/]*)$`)

func slowMatch(pattern, name string) bool {
	if strings.HasPrefix(name, "$") && strings.ContainsRune("+#*", rune(pattern[0])) {
		return false
	}
	return slowLevels(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func slowLevels(pattern, name []string) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == "#":
		return true
	case len(name) == 0:
		return false
	case pattern[0] == "*" && name[0] == "":
		return false
	}
	return (pattern[0] == "+" || slowLevel(pattern[0], name[0])) && slowLevels(pattern[1:], name[1:])
}

func slowLevel(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return slowLevel(pattern[1:], s) || s != "" && slowLevel(pattern, s[1:])
	}
	return s != "" && s[0] == pattern[0] && slowLevel(pattern[1:], s[1:])
}

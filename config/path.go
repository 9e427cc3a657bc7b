package config

import (
	"fmt"
	"strconv"
	"strings"
)

// join adds a key to a path, quoted unless it is a bare key of TOML.
func join(path, name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isBare(r) }) {
		name = strconv.Quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// at adds an index to a path.
func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func isBare(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// split parts a path that join and at have made: a."b.c"[1] gives a, b.c and 1.
func split(path string) []string {
	var steps []string
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case path[0] == '[':
			inner, rest, _ := strings.Cut(path[1:], "]")
			steps, path = append(steps, inner), rest
		case path[0] == '"':
			quoted, err := strconv.QuotedPrefix(path)
			if err != nil {
				return append(steps, path)
			}
			name, _ := strconv.Unquote(quoted) // QuotedPrefix has checked it
			steps, path = append(steps, name), path[len(quoted):]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			steps, path = append(steps, path[:end]), path[end:]
		}
	}
	return steps
}

// parent returns the path without its last step, "" for a path of one step.
func parent(path string) string {
	steps := split(path)
	if len(steps) < 2 {
		return ""
	}
	last := steps[len(steps)-1]
	for _, form := range []string{"[" + last + "]", "." + last, "." + strconv.Quote(last)} {
		if rest, ok := strings.CutSuffix(path, form); ok {
			return rest
		}
	}
	return ""
}

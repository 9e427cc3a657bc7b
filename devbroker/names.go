package devbroker

import (
	"strings"
	"unicode"
)

// validName is the broker's own idea of a topic's name, lenient as the real one:
// three parts between slashes, of letters and digits of any script, _ and -.
// Parts may be empty, and the text before the first slash need not be.
func validName(name string) bool {
	if strings.Count(name, "/") != 2 {
		return false
	}
	for _, r := range name {
		if r != '/' && r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return false
		}
	}
	return true
}

// namespaceOf returns what stands between the slashes of a valid name.
func namespaceOf(name string) string {
	_, rest, _ := strings.Cut(name, "/")
	namespace, _, _ := strings.Cut(rest, "/")
	return namespace
}

// partitionOf splits <base>-part-<i>; ok is false for any other name.
func partitionOf(name string) (base string, ok bool) {
	at := strings.LastIndex(name, partitionMark)
	if at < 0 {
		return "", false
	}
	digits := name[at+len(partitionMark):]
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return name[:at], true
}

const partitionMark = "-part-"

package session

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// line shows a message on one line: topic, offset, key, payload.
func line(m danube.Message) string {
	key := "-"
	if m.Keyed {
		key = plain(m.Key)
	}
	return fmt.Sprintf("%s %6d  %-12s %s\n", m.Topic, m.Offset, key, plain(string(m.Payload)))
}

// plain returns s if a terminal shows it as it is, on one line, else quoted: what
// is in the records must not move somebody's cursor.
func plain(s string) string {
	odd := func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }
	if !utf8.ValidString(s) || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

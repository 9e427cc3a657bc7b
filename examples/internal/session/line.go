package session

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// line shows a message on one line: topic, offset, key, payload, and the schema it
// was decoded by, if any. Below a dead letter it says what was wrong.
func line(m danube.Message) string {
	key := "-"
	if m.Keyed {
		key = plain(m.Key)
	}
	shown := fmt.Sprintf("%s %6d  %-12s %s", m.Topic, m.Offset, key, plain(string(m.Payload)))
	if m.SchemaSubject != "" {
		shown += fmt.Sprintf("  (%s version %d)", plain(m.SchemaSubject), m.SchemaVersion)
	}
	if wrong, ok := m.Attributes["danube.connect.dlq.error"]; ok {
		shown += "\n  undeliverable: " + plain(wrong)
	}
	return shown + "\n"
}

// decoded returns the message with the JSON of its payload, if the registry has the
// schema that it names and it can be read with that.
func (a *audience) decoded(m danube.Message) danube.Message {
	if m.SchemaID == 0 {
		return m
	}
	text, schema, err := a.reader.Decode(a.ctx, m.SchemaID, m.SchemaVersion, m.Payload)
	if err == nil {
		m.Payload, m.SchemaSubject = text, schema.Subject
	}
	return m
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

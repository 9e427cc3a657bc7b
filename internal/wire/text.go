package wire

import (
	"fmt"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// CheckText returns an error of ClassInvalid when the key, an attribute or the
// source partition is not UTF-8, because no broker could decode the message, and
// nil otherwise.
func (m *Message) CheckText() error {
	if !utf8.ValidString(m.Key) {
		return notText("key", m.Key)
	}
	if !utf8.ValidString(m.Partition) {
		return notText("source partition", m.Partition)
	}
	for _, a := range m.Attributes {
		if !utf8.ValidString(a.Key) {
			return notText("attribute key", a.Key)
		}
		if !utf8.ValidString(a.Value) {
			return connect.Invalid(fmt.Errorf("value of attribute %q is not UTF-8", a.Key)) // it may be a secret
		}
	}
	return nil
}

func notText(what, text string) error {
	const shown = 64
	return connect.Invalid(fmt.Errorf("%s is not UTF-8: %.*q", what, shown, text))
}

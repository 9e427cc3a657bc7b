package codec

import (
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
)

// fault words what is wrong without the text of its cause, which may quote the
// payload.
type fault struct {
	text  string
	cause error
}

func (f *fault) Error() string { return f.text }

// Unwrap returns the cause, for those who know that they may show it.
func (f *fault) Unwrap() error { return f.cause }

func invalid(cause error, format string, args ...any) error {
	return connect.Invalid(&fault{text: fmt.Sprintf(format, args...), cause: cause})
}

func notUTF8(k connect.Kind) error {
	return invalid(nil, "%s: is not UTF-8; must be converted, or handed over as bytes to a topic of schema_type \"bytes\"", k)
}

func empty() error {
	return invalid(nil, "empty record: has no payload; must be made by connect.JSON, RawJSON, String, Number or Bytes")
}

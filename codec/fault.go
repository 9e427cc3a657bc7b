package codec

import (
	"fmt"
	"slices"
	"strings"

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

// checkEncoding refuses an encoding the schema type has not.
func checkEncoding(s Settings, has ...string) error {
	if s.Encoding == "" || slices.Contains(has, s.Encoding) {
		return nil
	}
	if len(has) == 0 {
		return connect.ConfigError("encoding %q: schema_type %q has one wire form; must be left out", s.Encoding, s.SchemaType)
	}
	return connect.ConfigError("encoding %q is unknown for schema_type %q; must be one of %s", s.Encoding, s.SchemaType, strings.Join(has, ", "))
}

// needSchema refuses settings without the definition that their type needs.
func needSchema(s Settings) error {
	if len(s.Schema) > 0 {
		return nil
	}
	return connect.ConfigError("schema_type %q has no schema; must be given the text of one, from schema_file", s.SchemaType)
}

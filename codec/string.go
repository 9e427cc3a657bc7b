package codec

import (
	"bytes"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// stringCodec is the wire form of schema_type "string".
type stringCodec struct{ json jsonCodec }

// Encode implements Codec.
func (c stringCodec) Encode(r connect.Record) ([]byte, error) {
	switch r.Kind() {
	case connect.KindString, connect.KindBytes:
		if !utf8.Valid(r.Raw()) {
			return nil, notUTF8(r.Kind())
		}
		return r.Raw(), nil
	case connect.KindNumber:
		return pass(r, checkNumber(r))
	}
	text, err := c.json.Encode(r)
	if err != nil {
		return nil, err
	}
	if inner := bytes.Trim(text, jsonSpace); inner[0] == '"' {
		return unquote(inner, r.Kind())
	}
	return text, nil
}

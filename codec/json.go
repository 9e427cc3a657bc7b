package codec

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// jsonCodec is the wire form of topics without a schema, and what the others
// make their JSON with.
type jsonCodec struct{ marshaller *marshaller }

// Encode implements Codec.
func (c jsonCodec) Encode(r connect.Record) ([]byte, error) {
	switch r.Kind() {
	case connect.KindJSON:
		return c.marshaller.marshal(r.Value())
	case connect.KindRawJSON:
		return pass(r, checkJSON(r.Kind(), r.Raw()))
	case connect.KindString:
		return c.quote(r.Raw())
	case connect.KindNumber:
		return pass(r, checkNumber(r))
	case connect.KindBytes:
		// There is no JSON form of bytes that a consumer could tell from a
		// string, so without a schema they are the message.
		return r.Raw(), nil
	}
	return nil, empty()
}

// pass lets a payload through as it is, unless something is wrong with it.
func pass(r connect.Record, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return r.Raw(), nil
}

// quote writes text as a JSON string.
func (c jsonCodec) quote(text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, notUTF8(connect.KindString)
	}
	for _, b := range text {
		if b < ' ' || b == '"' || b == '\\' {
			return c.marshaller.marshal(string(text))
		}
	}
	quoted := append(make([]byte, 0, len(text)+2), '"')
	return append(append(quoted, text...), '"'), nil
}

// checkJSON reports whether text is one JSON value in UTF-8.
func checkJSON(k connect.Kind, text []byte) error {
	if json.Valid(text) {
		if !utf8.Valid(text) {
			return notUTF8(k)
		}
		return nil
	}
	at := int64(len(text))
	var value json.RawMessage
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &value)); ok {
		at = e.Offset
	}
	return invalid(nil, "%s: is not JSON at byte %d of %d; must be one JSON value", k, at, len(text))
}

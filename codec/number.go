package codec

import (
	"bytes"

	connect "github.com/danube-messaging/danube-connect-go"
)

// numberCodec is the wire form of schema_type "number".
type numberCodec struct{ json jsonCodec }

// Encode implements Codec.
func (c numberCodec) Encode(r connect.Record) ([]byte, error) {
	switch r.Kind() {
	case connect.KindNumber:
		return pass(r, checkNumber(r))
	case connect.KindJSON, connect.KindRawJSON:
		text, err := c.json.Encode(r)
		if err != nil {
			return nil, err
		}
		// Of all JSON values only a number begins with a digit or a minus.
		text = bytes.Trim(text, jsonSpace)
		if text[0] != '-' && (text[0] < '0' || text[0] > '9') {
			return nil, notNumber(r.Kind())
		}
		return text, nil
	case connect.KindString, connect.KindBytes:
		return nil, notNumber(r.Kind())
	}
	return nil, empty()
}

// checkNumber refuses the numbers that have no JSON form. A record of KindNumber
// is otherwise exact decimal text already.
func checkNumber(r connect.Record) error {
	if text := r.Raw(); len(text) > 0 && text[len(text)-1] >= '0' && text[len(text)-1] <= '9' {
		return nil
	}
	return invalid(nil, "number: NaN and the infinities have no JSON form; must be a finite number")
}

func notNumber(k connect.Kind) error {
	return invalid(nil, "%s: is not a number, which schema_type \"number\" asks for; must be one JSON number", k)
}

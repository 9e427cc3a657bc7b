package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	connect "github.com/danube-messaging/danube-connect-go"
)

// bytesCodec is the wire form of schema_type "bytes".
type bytesCodec struct{ json jsonCodec }

// Encode implements Codec.
func (c bytesCodec) Encode(r connect.Record) ([]byte, error) {
	switch r.Kind() {
	case connect.KindBytes:
		return r.Raw(), nil
	case connect.KindString:
		return decode64(r.Raw(), r.Kind())
	case connect.KindNumber:
		return nil, notBytes(r.Kind())
	}
	text, err := c.json.Encode(r)
	if err != nil {
		return nil, err
	}
	return bytesOfJSON(bytes.Trim(text, jsonSpace), r.Kind())
}

// bytesOfJSON finds the base64 in a JSON string, or in the field "data" of an
// object; other fields of the object are not looked at.
func bytesOfJSON(text []byte, k connect.Kind) ([]byte, error) {
	if text[0] == '{' {
		var object struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(text, &object); err != nil || len(object.Data) == 0 {
			return nil, notBytes(k)
		}
		text = object.Data
	}
	if text[0] != '"' {
		return nil, notBytes(k)
	}
	inner, err := unquote(text, k)
	if err != nil {
		return nil, err
	}
	return decode64(inner, k)
}

func decode64(text []byte, k connect.Kind) ([]byte, error) {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(data, text)
	if err != nil {
		return nil, notBytes(k)
	}
	return data[:n], nil
}

func notBytes(k connect.Kind) error {
	return invalid(nil, "%s: holds no bytes, which schema_type \"bytes\" asks for; must be bytes, a string of "+
		"padded standard base64, or an object with such a string in \"data\"", k)
}

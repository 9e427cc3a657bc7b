package codec

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Decoder reads what a Codec of the same Settings writes. It is safe for
// concurrent use.
type Decoder interface {
	// Decode returns the JSON text of a message's payload: for every type the
	// text that the Codec takes, so bytes are a string of base64. It may share the
	// payload's memory. The error is of connect.ClassInvalid.
	Decode(payload []byte) ([]byte, error)
}

// DecoderFor returns the decoder of a topic, or an error of connect.ClassConfig
// when there is none for the settings.
func DecoderFor(s Settings) (Decoder, error) {
	c, err := For(s)
	if err != nil {
		return nil, err
	}
	if d, ok := c.(Decoder); ok {
		return d, nil
	}
	return checker{c}, nil
}

// checker decodes a type whose wire form is JSON: what the codec would send.
type checker struct{ codec Codec }

// Decode implements Decoder.
func (c checker) Decode(payload []byte) ([]byte, error) {
	return c.codec.Encode(connect.RawJSON("", payload))
}

// Decode implements Decoder.
func (c stringCodec) Decode(payload []byte) ([]byte, error) {
	if !utf8.Valid(payload) {
		return nil, invalid(nil, "payload: is not UTF-8, which schema_type \"string\" asks for; must have been written with it")
	}
	return c.json.quote(payload)
}

// Decode implements Decoder.
func (c bytesCodec) Decode(payload []byte) ([]byte, error) {
	text := append(make([]byte, 0, len(payload)/3*4+6), '"')
	return append(strictBase64.AppendEncode(text, payload), '"'), nil
}

// Decode implements Decoder.
func (c binaryNumberCodec) Decode(payload []byte) ([]byte, error) {
	if len(payload) != float64Bytes {
		return nil, invalid(nil, "payload: has %d bytes; must be %d, a number in encoding \"binary\"", len(payload), float64Bytes)
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(payload))
	if f-f != 0 {
		return nil, invalid(nil, "payload: is not a number or infinite, which JSON has no form for; must be a finite number")
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
}

package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	connect "github.com/danube-messaging/danube-connect-go"
)

// The encodings of numbers.
const (
	numberJSON   = "json"
	numberBinary = "binary"
)

func newNumber(s Settings, j jsonCodec) (Codec, error) {
	if err := checkEncoding(s, numberJSON, numberBinary); err != nil {
		return nil, err
	}
	if s.Encoding == numberBinary {
		return binaryNumberCodec{numberCodec{j}}, nil
	}
	return numberCodec{j}, nil
}

// numberCodec is the wire form of schema_type "number" in JSON.
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

// float64Bytes is the length of a binary number.
const float64Bytes = 8

// binaryNumberCodec is the wire form that the broker's payload validation takes:
// a float64, the byte of its sign first.
type binaryNumberCodec struct{ text numberCodec }

// Encode implements Codec.
func (c binaryNumberCodec) Encode(r connect.Record) ([]byte, error) {
	text, err := c.text.Encode(r)
	if err != nil {
		return nil, err
	}
	d, _ := parseLiteral(string(text))
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !d.heldBy(f, 64) {
		return nil, invalid(nil, "%s: is a number that 8 bytes do not hold exactly; must be a float64, or encoding \"json\"", r.Kind())
	}
	return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), nil
}

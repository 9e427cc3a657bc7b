package codec

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// strictBase64 is standard base64 with padding and nothing to spare.
var strictBase64 = base64.StdEncoding.Strict()

// base64Length is how many bytes valid padded base64 stands for, and -1 for text
// that is none for its length.
func base64Length(text string) int {
	if len(text)%4 != 0 {
		return -1
	}
	return len(text)/4*3 - (len(text) - len(strings.TrimRight(text, "=")))
}

const (
	uuidBytes = 16
	uuidText  = 36
)

// parseUUID reads the canonical form, which the library does not check.
func parseUUID(text string) (id [uuidBytes]byte, ok bool) {
	if len(text) != uuidText || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	var digits [2 * uuidBytes]byte
	plain := append(digits[:0], text[:8]...)
	plain = append(append(plain, text[9:13]...), text[14:18]...)
	plain = append(append(plain, text[19:23]...), text[24:]...)
	_, err := hex.Decode(id[:], plain)
	return id, err == nil
}

func formatUUID(id []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func wrongUUID() *misfit {
	return &misfit{keyword: "uuid", must: "be 32 hexadecimal digits in groups of 8-4-4-4-12", is: "is another string"}
}

// layout is the text of a logical type of time.
func (t *avroType) layout() string {
	switch t.logical {
	case logicalDate:
		return time.DateOnly
	case logicalTime:
		return "15:04:05.999999999"
	case logicalLocal:
		return "2006-01-02T15:04:05.999999999"
	}
	return time.RFC3339Nano
}

// parseTime reads the text of a logical type of time, and refuses one that is
// finer than the type.
func (t *avroType) parseTime(text string) (n int64, _ *misfit) {
	at, err := time.Parse(t.layout(), text)
	if err != nil {
		return 0, t.refuses("logicalType", "is another string")
	}
	if t.unit < time.Hour && at.Nanosecond()%int(t.unit) != 0 {
		return 0, &misfit{keyword: "logicalType", must: "be whole in the schema's " + t.unit.String(), is: "is finer"}
	}
	switch {
	case t.logical == logicalDate:
		return at.Unix() / int64(t.unit/time.Second), nil
	case t.logical == logicalTime:
		return int64(at.Sub(at.Truncate(24*time.Hour)) / t.unit), nil
	case t.unit == time.Millisecond:
		return at.UnixMilli(), nil
	case t.unit == time.Microsecond:
		return at.UnixMicro(), nil
	}
	if n = at.UnixNano(); !time.Unix(0, n).Equal(at) {
		return 0, &misfit{keyword: "logicalType", must: "be between 1678 and 2261", is: "is outside the years that 64 bits of nanoseconds reach"}
	}
	return n, nil
}

// formatTime writes what parseTime reads; false where there is no such text.
func (t *avroType) formatTime(n int64) (text string, ok bool) {
	var at time.Time
	switch {
	case t.logical == logicalDate:
		at = time.Unix(n*int64(t.unit/time.Second), 0)
	case t.logical == logicalTime:
		if n < 0 || n >= int64(24*time.Hour/t.unit) {
			return "", false
		}
		at = time.Unix(0, n*int64(t.unit))
	case t.unit == time.Millisecond:
		at = time.UnixMilli(n)
	case t.unit == time.Microsecond:
		at = time.UnixMicro(n)
	default:
		at = time.Unix(0, n)
	}
	at = at.UTC()
	if at.Year() < 0 || at.Year() > 9999 {
		return "", false
	}
	return at.Format(t.layout()), true
}

// writeDecimal takes a number, or a string of one for those whose JSON would
// round it.
func (w *avroWriter) writeDecimal(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	text, ok := v.(string)
	if !ok {
		if text, ok = numberText(v); !ok {
			return dst, wrongKind(t, v)
		}
	}
	d, ok := parseLiteral(text)
	if !ok {
		return dst, t.refuses("logicalType", "is another string")
	}
	digits, ok := d.unscaled(t.scale, t.precision)
	if !ok {
		return dst, t.refuses("precision", "has more digits")
	}
	unscaled, _ := new(big.Int).SetString(digits, 10)
	data := twosComplement(unscaled)
	if t.base == baseBytes {
		return append(binary.AppendVarint(dst, int64(len(data))), data...), nil
	}
	if len(data) > t.size {
		return dst, t.refuses("size", "needs more than the "+strconv.Itoa(t.size)+" bytes of the fixed")
	}
	sign := byte(0)
	if unscaled.Sign() < 0 {
		sign = 0xff
	}
	for range t.size - len(data) {
		dst = append(dst, sign)
	}
	return append(dst, data...), nil
}

// twosComplement is n in as few bytes as there can be, the first one first.
func twosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		size := n.BitLen()/8 + 1
		return n.FillBytes(make([]byte, size))
	}
	flipped := new(big.Int).Not(n) // -n-1
	data := flipped.FillBytes(make([]byte, flipped.BitLen()/8+1))
	for i := range data {
		data[i] = ^data[i]
	}
	return data
}

// formatDecimal writes bytes in two's complement with the scale of the type; false
// where they have more digits than the type.
func (t *avroType) formatDecimal(data []byte) (text string, ok bool) {
	if len(significant(data)) > t.precision/2+1 { // a byte has more than two digits
		return "", false // and to write out millions of bytes takes seconds
	}
	n := new(big.Int).SetBytes(data)
	if len(data) > 0 && data[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
	}
	digits, negative := strings.CutPrefix(n.String(), "-")
	if len(digits) > t.precision {
		return "", false
	}
	if t.scale > 0 {
		if missing := t.scale + 1 - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		digits = digits[:len(digits)-t.scale] + "." + digits[len(digits)-t.scale:]
	}
	if negative {
		digits = "-" + digits
	}
	return digits, true
}

// significant leaves out the bytes that only repeat the sign.
func significant(data []byte) []byte {
	for len(data) > 1 && (data[0] == 0 && data[1] < 0x80 || data[0] == 0xff && data[1] >= 0x80) {
		data = data[1:]
	}
	return data
}

func (t *avroType) describeLogical() string {
	switch t.logical {
	case logicalDecimal:
		return fmt.Sprintf("a decimal of at most %d digits, %d of them after the point, as a number or a string", t.precision, t.scale)
	case logicalUUID:
		return "a UUID"
	case logicalDate:
		return "a date like 2006-01-02, or the days since 1970 as a number"
	case logicalTime:
		return "a time of day like 15:04:05.9, or a number that counts " + t.unit.String()
	case logicalLocal:
		return "a time without a zone like 2006-01-02T15:04:05.9, or a number that counts " + t.unit.String()
	}
	return "a time in RFC 3339 like 2006-01-02T15:04:05.9Z, or a number that counts " + t.unit.String()
}

func (t *avroType) describeBytes() string {
	if t.base == baseFixed {
		return strconv.Itoa(t.size) + " bytes"
	}
	return "bytes"
}

package codec

import (
	"bytes"
	"encoding/json"

	connect "github.com/danube-messaging/danube-connect-go"
)

// jsonSpace is the white space JSON allows around a value.
const jsonSpace = " \t\r\n"

// unquote returns the text of a valid JSON string: a part of it when there is
// nothing to unescape. Half a surrogate pair stands for no text; encoding/json
// would put U+FFFD in its place.
func unquote(quoted []byte, k connect.Kind) ([]byte, error) {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	if err := checkSurrogates(inner, k); err != nil {
		return nil, err
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return nil, invalid(nil, "%s: a string cannot be read back; must be valid JSON", k)
	}
	return []byte(s), nil
}

// checkSurrogates refuses JSON text with half a surrogate pair in a string.
func checkSurrogates(text []byte, k connect.Kind) error {
	if bytes.Contains(text, []byte(`\u`)) && halfSurrogate(text) {
		return invalid(nil, "%s: a string holds half a surrogate pair; must be text that has a UTF-8 form", k)
	}
	return nil
}

// halfSurrogate looks for a \u escape from D800 to DFFF that is not one of a high
// and a low one in a row. The escapes are known to be well formed.
func halfSurrogate(s []byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		unit := escape(s[i:])
		switch {
		case unit>>10 == 0xD800>>10 && escape(s[i+6:])>>10 == 0xDC00>>10:
			i += 11
		case unit>>11 == 0xD800>>11:
			return true
		default:
			i++ // so that an escaped backslash does not begin an escape
		}
	}
	return false
}

// escape returns the UTF-16 unit of the \uXXXX escape that s begins with, 0 when
// it begins with none.
func escape(s []byte) (unit uint32) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	for _, c := range s[2:6] {
		digit := uint32(c - '0')
		if c >= 'A' {
			digit = uint32(c|0x20-'a') + 10
		}
		unit = unit<<4 | digit
	}
	return unit
}

package plan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// space skips white space.
func (r *run) space(at int) int {
	begin := at
	for at < len(r.text) && (r.text[at] == ' ' || r.text[at] == '\n' || r.text[at] == '\t' || r.text[at] == '\r') {
		at++
	}
	r.work -= at - begin
	return at
}

// word takes one of the three literals.
func (r *run) word(at int, word string) int {
	if len(r.text)-at < len(word) || string(r.text[at:at+len(word)]) != word {
		return unproved
	}
	return at + len(word)
}

// skip takes a value of which nothing is asked.
func (r *run) skip(at int) int {
	if at >= len(r.text) {
		return unproved
	}
	switch r.text[at] {
	case '{':
		return r.skipInside(at, '}')
	case '[':
		return r.skipInside(at, ']')
	case '"':
		end, _ := r.scan(at)
		return end
	case 't':
		return r.word(at, "true")
	case 'f':
		return r.word(at, "false")
	case 'n':
		return r.word(at, "null")
	}
	_, end := r.decimal(at)
	return end
}

// skipInside takes an object or an array, which closing ends.
func (r *run) skipInside(at int, closing byte) int {
	r.depth++
	if r.depth > maxDepth {
		return unproved
	}
	at = r.space(at + 1)
	if at < len(r.text) && r.text[at] == closing {
		r.depth--
		return at + 1
	}
	for {
		if closing == '}' {
			if at, _ = r.scan(at); at < 0 {
				return unproved
			}
			if at = r.colon(at); at < 0 {
				return unproved
			}
		}
		if at = r.skip(at); at < 0 {
			return unproved
		}
		at = r.space(at)
		if at >= len(r.text) {
			return unproved
		}
		switch r.text[at] {
		case ',':
			at = r.space(at + 1)
		case closing:
			r.depth--
			return at + 1
		default:
			return unproved
		}
	}
}

// colon takes what is between a name and its value.
func (r *run) colon(at int) int {
	at = r.space(at)
	if at >= len(r.text) || r.text[at] != ':' {
		return unproved
	}
	return r.space(at + 1)
}

// traits of a string, found on the way through it.
type traits uint8

const (
	escaped traits = 1 << iota
	notASCII
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, of eight bytes, those that end a string or need a look: a quote,
// a backslash, a control character, a byte beyond ASCII. A borrow may mark bytes
// that are none of these, but never before the first that is one.
func special(eight uint64) uint64 {
	quote := eight ^ ones*'"'
	slash := eight ^ ones*'\\'
	return (eight | (eight - ones*' ') | (quote - ones) | (slash - ones)) & highs
}

// scan takes a string, which must be UTF-8.
func (r *run) scan(at int) (end int, has traits) {
	text, begin := r.text, at
	if at >= len(text) || text[at] != '"' {
		return unproved, 0
	}
	for at++; at < len(text); {
		if at+8 <= len(text) {
			marks := special(binary.LittleEndian.Uint64(text[at:]))
			if marks == 0 {
				at += 8
				continue
			}
			at += bits.TrailingZeros64(marks) / 8
		}
		switch c := text[at]; {
		case c == '"':
			r.work -= at - begin
			return at + 1, has
		case c == '\\':
			has |= escaped
			n := escape(text[at:])
			if n == 0 {
				return unproved, 0
			}
			at += n
		case c < ' ':
			return unproved, 0
		case c < utf8.RuneSelf:
			at++
		default:
			has |= notASCII
			char, size := utf8.DecodeRune(text[at:])
			if char == utf8.RuneError && size == 1 {
				return unproved, 0
			}
			at += size
		}
	}
	return unproved, 0
}

// escape returns the length of the escape that s begins with, 0 when it is none.
func escape(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) >= 6 && hex(s[2]) >= 0 && hex(s[3]) >= 0 && hex(s[4]) >= 0 && hex(s[5]) >= 0 {
			return 6
		}
	}
	return 0
}

// hex returns the value of a hexadecimal digit, negative when c is none.
func hex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

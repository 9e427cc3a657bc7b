package plan

import (
	"unicode/utf16"
	"unicode/utf8"
)

// string proves a string for a node.
func (r *run) string(n *node, at int) int {
	if n.kinds&kindString == 0 {
		return unproved
	}
	end, has := r.scan(at)
	if end < 0 || n.text == nil && n.sets == nil {
		return end
	}
	inner := r.text[at+1 : end-1]
	if has&escaped != 0 {
		r.name = unescape(r.name[:0], inner)
		inner = r.name
	}
	for i := range n.sets {
		if !n.sets[i].texts[string(inner)] {
			return unproved
		}
	}
	if n.text != nil && !n.text.accepts(inner, has) {
		return unproved
	}
	return end
}

// accepts checks a string that is unescaped.
func (t *text) accepts(s []byte, has traits) bool {
	if t.least > 0 || t.most >= 0 {
		length := len(s)
		if has != 0 {
			length = utf8.RuneCount(s)
		}
		if length < t.least || t.most >= 0 && length > t.most {
			return false
		}
	}
	if t.pattern != nil && !t.pattern.Match(s) {
		return false
	}
	// The library's own check, which takes a string and so costs a copy of it.
	return t.format == nil || t.format.Validate(string(s)) == nil
}

// unescape appends the text of a string to b. As in encoding/json, half a
// surrogate pair becomes U+FFFD.
func unescape(b, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b = append(b, s[i])
			i++
			continue
		}
		if s[i+1] != 'u' {
			b = append(b, unescaped(s[i+1]))
			i += 2
			continue
		}
		char := unit(s[i:])
		i += 6
		if utf16.IsSurrogate(char) {
			char = utf16.DecodeRune(char, unit(s[i:]))
			if char != utf8.RuneError {
				i += 6
			}
		}
		b = utf8.AppendRune(b, char)
	}
	return b
}

// unescaped returns what a letter after a backslash stands for.
func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unit returns the UTF-16 unit of the \uXXXX that s begins with, negative when it
// begins with none. The escapes of s are known to be well formed.
func unit(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	return hex(s[2])<<12 | hex(s[3])<<8 | hex(s[4])<<4 | hex(s[5])
}

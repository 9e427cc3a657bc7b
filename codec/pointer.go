package codec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, step := range path {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// steps reads a JSON pointer back.
func steps(pointer string) []string {
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	path := strings.Split(pointer[1:], "/")
	for i, step := range path {
		path[i] = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
	}
	return path
}

// lineAt returns the line of a byte of a text, counted from 1.
func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// lineOf returns the line of what a path leads to in JSON text, or of the last
// step there is.
func lineOf(text []byte, path []string) int {
	decoder := json.NewDecoder(bytes.NewReader(text))
	offset := int64(0)
	for _, step := range path {
		if !seek(decoder, step) {
			break
		}
		offset = decoder.InputOffset()
		for offset < int64(len(text)) && strings.IndexByte(" \t\r\n,:", text[offset]) >= 0 {
			offset++
		}
	}
	return lineAt(text, offset)
}

// seek reads up to the value of one property or item.
func seek(decoder *json.Decoder, step string) bool {
	open, err := decoder.Token()
	if err != nil {
		return false
	}
	var skipped json.RawMessage
	switch open {
	case json.Delim('{'):
		for decoder.More() {
			if name, err := decoder.Token(); err != nil || name == step {
				return err == nil
			}
			if decoder.Decode(&skipped) != nil {
				return false
			}
		}
	case json.Delim('['):
		index, err := strconv.Atoi(step)
		for i := 0; err == nil && decoder.More(); i++ {
			if i == index {
				return true
			}
			err = decoder.Decode(&skipped)
		}
	}
	return false
}

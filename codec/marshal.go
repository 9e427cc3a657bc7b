package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
)

// keepBytes is the largest buffer a marshaller keeps for the next value.
const keepBytes = 64 << 10

// marshaller writes Go values as encoding/json does, but without escaping for
// HTML and without the newline. It keeps buffers from one value to the next.
type marshaller struct{ buffers sync.Pool }

// buffer is an encoder and what it writes to.
type buffer struct {
	bytes.Buffer
	encoder *json.Encoder
}

func newBuffer() *buffer {
	b := new(buffer)
	b.encoder = json.NewEncoder(&b.Buffer)
	b.encoder.SetEscapeHTML(false)
	return b
}

// marshal writes v, and refuses what encoding/json would change: text that is not
// UTF-8. A panic of a value's own methods is caught: in a source that sends from
// goroutines of its own it would end the whole process for one record's sake. The
// buffer in use is then left to the garbage collector.
func (m *marshaller) marshal(v any) (text []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			text, err = nil, invalid(nil, "JSON value: a method of %T panicked while it was marshalled; must return valid JSON", v)
		}
	}()
	b, ok := m.buffers.Get().(*buffer)
	if !ok {
		b = newBuffer()
	}
	b.Reset()
	if err := b.encoder.Encode(v); err != nil {
		return nil, invalid(err, "JSON value: %s", reason(err))
	}
	text = bytes.Clone(b.Bytes()[:b.Len()-1])
	if b.Cap() <= keepBytes {
		m.buffers.Put(b)
	}
	// encoding/json writes this escape for a byte that is not UTF-8, and for
	// nothing else.
	if !utf8.Valid(text) || bytes.Contains(text, []byte(`\ufffd`)) && !allUTF8(v) {
		return nil, invalid(nil, "JSON value: holds text that is not UTF-8; must be converted, or handed over as []byte")
	}
	return text, nil
}

// reason words an error of encoding/json without what the payload holds: the
// error of a value's own MarshalJSON may quote it.
func reason(err error) string {
	if e, ok := errors.AsType[*json.MarshalerError](err); ok {
		return fmt.Sprintf("the marshal method of %v failed; must return valid JSON", e.Type)
	}
	if e, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
		return fmt.Sprintf("a %v has no JSON form; must be made of maps, slices, structs, strings, numbers and booleans", e.Type)
	}
	return "holds a value without a JSON form, such as NaN, an infinity, a malformed json.Number " +
		"or a value that contains itself; must be made of values that have one"
}

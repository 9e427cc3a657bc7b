package codec

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

var (
	protobufPlace    = regexp.MustCompile(`\(line (\d+):(\d+)\)`)
	protobufInvalid  = regexp.MustCompile(`invalid value for (\w+) `)
	protobufRequired = regexp.MustCompile(`required field ([\w.]+) not set`)
)

// protobufMisfit words an error of protojson, which shows the value and tells line
// and column: the same, by the path and without the value.
func protobufMisfit(m protoreflect.MessageDescriptor, text []byte, err error) *misfit {
	said := err.Error()
	if required := protobufRequired.FindStringSubmatch(said); required != nil {
		return &misfit{keyword: "required", must: "have the field " + required[1], is: "has not"}
	}
	found := misfit{keyword: "type", must: "be the JSON form of " + string(m.FullName()), is: "is not"}
	if at := protobufPlace.FindStringSubmatch(said); at != nil {
		line, _ := strconv.Atoi(at[1])
		column, _ := strconv.Atoi(at[2])
		found.path = protobufPath(m, text, offsetOf(text, line, column))
	}
	switch kind := protobufInvalid.FindStringSubmatch(said); {
	case kind != nil:
		found.must = "be the JSON form of protobuf's " + kind[1]
	case strings.Contains(said, "unknown field"):
		found.keyword, found.must, found.is = "fields", "not be there", "is no field of the message"
	case strings.Contains(said, "duplicate"):
		found.keyword, found.must, found.is = "fields", "be there once", "is there twice"
	case strings.Contains(said, "is already set"):
		found.keyword, found.must, found.is = "oneof", "be the only one of its oneof", "is a second"
	}
	return &found
}

// offsetOf finds the byte of a line and a column, which counts characters.
func offsetOf(text []byte, line, column int) int {
	offset := 0
	for range line - 1 {
		offset += bytes.IndexByte(text[offset:], '\n') + 1
	}
	for range column - 1 {
		_, size := utf8.DecodeRune(text[offset:])
		offset += size
	}
	return offset
}

// level is an array or object that a path leads through.
type level struct {
	list  bool
	index int
	key   string
	// keyNext says that the next token of an object is a key.
	keyNext bool
	// message describes the object; nil when its keys are data, which a path must
	// not show.
	message protoreflect.MessageDescriptor
	// element describes the objects in an array or under the keys of a map.
	element protoreflect.MessageDescriptor
	isMap   bool
}

// protobufPath names the field that the token at an offset of valid JSON stands for.
func protobufPath(m protoreflect.MessageDescriptor, text []byte, offset int) []string {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var levels []level
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil
		}
		delim, _ := token.(json.Delim)
		closes := delim == '}' || delim == ']'
		if closes {
			levels = levels[:len(levels)-1]
		} else if len(levels) > 0 {
			levels[len(levels)-1].step(token)
		}
		if decoder.InputOffset() > int64(offset) {
			return pathOf(levels)
		}
		if delim == '{' || delim == '[' {
			levels = append(levels, below(levels, m, delim == '['))
		}
	}
}

// step moves to the next element, key or value.
func (l *level) step(token json.Token) {
	switch {
	case l.list:
		l.index++
	case l.keyNext:
		l.key, _ = token.(string)
		l.keyNext = false
	default:
		l.keyNext = true
	}
}

// field returns the field the current key names.
func (l *level) field() protoreflect.FieldDescriptor {
	if l.message == nil {
		return nil
	}
	if f := l.message.Fields().ByJSONName(l.key); f != nil {
		return f
	}
	return l.message.Fields().ByTextName(l.key)
}

// below describes the array or object that begins after levels.
func below(levels []level, top protoreflect.MessageDescriptor, list bool) level {
	next := level{list: list, index: -1, keyNext: !list}
	if len(levels) == 0 {
		next.message = ownFields(top)
		return next
	}
	last := &levels[len(levels)-1]
	f := last.field()
	switch {
	case last.list || last.isMap:
		next.message = ownFields(last.element)
	case f == nil:
	case f.IsMap():
		next.isMap, next.element = true, f.MapValue().Message()
	case list:
		next.element = f.Message()
	default:
		next.message = ownFields(f.Message())
	}
	return next
}

// ownFields returns m, unless its JSON form is one of Google's own, whose keys are
// data.
func ownFields(m protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	if m == nil || m.ParentFile().Package() == "google.protobuf" {
		return nil
	}
	return m
}

// pathOf lists the steps of a path, the last one first.
func pathOf(levels []level) (path []string) {
	for i := range slices.Backward(levels) {
		l := &levels[i]
		switch {
		case l.list:
			path = append(path, strconv.Itoa(l.index))
		case l.message == nil:
			path = append(path, anyKey)
		default:
			path = append(path, l.key)
		}
	}
	return path
}

package codec

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
	"strconv"
	"unicode/utf8"
)

// avroDepth is how deep a value may nest, so that a Go map that contains itself
// ends in an error.
const avroDepth = 1000

// avroWriter writes values of the kinds encoding/json decodes into, and Go's
// numbers, as Avro binary. Every other Go type is a misfit.
type avroWriter struct {
	buffer  []byte
	keys    []string // the sorted keys of the maps being written
	members int      // how many members the objects had
	depth   int
}

// write appends the encoding of v. After a misfit the result may hold a part of it.
func (w *avroWriter) write(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	switch t.base {
	case baseNull:
		if v == nil {
			return dst, nil
		}
	case baseBoolean:
		if b, ok := v.(bool); ok {
			return append(dst, avroBool(b)), nil
		}
	case baseInt, baseLong:
		return w.writeInteger(dst, t, v)
	case baseFloat, baseDouble:
		return w.writeFloat(dst, t, v)
	case baseString, baseEnum:
		return w.writeText(dst, t, v)
	case baseBytes, baseFixed:
		return w.writeBytes(dst, t, v)
	case baseUnion:
		return w.writeUnion(dst, t, v)
	default:
		return w.writeNested(dst, t, v)
	}
	return dst, wrongKind(t, v)
}

func avroBool(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (w *avroWriter) writeInteger(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	if text, ok := v.(string); ok && t.logical != logicalNone {
		n, misfit := t.parseTime(text)
		return binary.AppendVarint(dst, n), misfit
	}
	n, ok := smallInteger(v)
	if !ok {
		text, isNumber := numberText(v)
		if !isNumber {
			return dst, wrongKind(t, v)
		}
		d, valid := parseLiteral(text)
		if n, ok = d.int64(); !valid || !ok {
			return dst, t.refuses("type", "is no whole number of 64 bits")
		}
	}
	if !t.holds(n) {
		return dst, t.refuses("type", "needs more than 32 bits")
	}
	return binary.AppendVarint(dst, n), nil
}

// writeFloat rounds a fraction as everybody who reads JSON does; a whole number
// may be an identifier, and is refused when it would become another.
func (w *avroWriter) writeFloat(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	bits := t.bits()
	f, isFloat := v.(float64)
	if !isFloat || bits == 32 || f-f != 0 || f == math.Trunc(f) {
		text, isNumber := numberText(v)
		if !isNumber {
			return dst, wrongKind(t, v)
		}
		d, valid := parseLiteral(text)
		var err error
		if f, err = strconv.ParseFloat(text, bits); err != nil || !valid {
			return dst, t.refuses("type", "is outside its range")
		}
		if d.exponent >= 0 && !d.heldBy(f, bits) {
			return dst, t.refuses("type", "is a whole number that it would change")
		}
	}
	if bits == 32 {
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(f))), nil
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
}

func (w *avroWriter) writeText(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	text, ok := v.(string)
	switch {
	case !ok:
		return dst, wrongKind(t, v)
	case t.base == baseEnum:
		i, known := t.symbols[text]
		if !known {
			return dst, t.refuses("symbols", "is another string")
		}
		return binary.AppendVarint(dst, int64(i)), nil
	case !utf8.ValidString(text):
		return dst, &misfit{keyword: "type", must: "be UTF-8", is: "is not"}
	case t.logical == logicalUUID:
		if _, valid := parseUUID(text); !valid {
			return dst, wrongUUID()
		}
	}
	return appendAvroText(dst, text), nil
}

func appendAvroText(dst []byte, text string) []byte {
	return append(binary.AppendVarint(dst, int64(len(text))), text...)
}

func (w *avroWriter) writeBytes(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	if t.logical == logicalDecimal {
		return w.writeDecimal(dst, t, v)
	}
	text, ok := v.(string)
	if !ok {
		return dst, wrongKind(t, v)
	}
	if t.logical == logicalUUID {
		id, valid := parseUUID(text)
		if !valid {
			return dst, wrongUUID()
		}
		return append(dst, id[:]...), nil
	}
	n := base64Length(text)
	if n < 0 || t.base == baseFixed && n != t.size {
		return dst, wrongKind(t, v)
	}
	if t.base == baseBytes {
		dst = binary.AppendVarint(dst, int64(n))
	}
	start := len(dst)
	dst, err := strictBase64.AppendDecode(dst, []byte(text))
	if err != nil || len(dst)-start != n {
		return dst, wrongKind(t, v)
	}
	return dst, nil
}

// writeNested writes what holds other values.
func (w *avroWriter) writeNested(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	if w.depth++; w.depth > avroDepth {
		return dst, t.refuses("type", "stands deeper than "+strconv.Itoa(avroDepth)+" levels")
	}
	defer func() { w.depth-- }()
	// A nil slice or map is null in JSON.
	list, _ := v.([]any)
	object, _ := v.(map[string]any)
	switch {
	case list != nil && t.base == baseArray:
		return w.writeArray(dst, t, list)
	case object != nil && t.base == baseRecord:
		return w.writeRecord(dst, t, object)
	case object != nil && t.base == baseMap:
		return w.writeMap(dst, t, object)
	}
	return dst, wrongKind(t, v)
}

func (w *avroWriter) writeArray(dst []byte, t *avroType, list []any) ([]byte, *misfit) {
	if len(list) > 0 {
		dst = binary.AppendVarint(dst, int64(len(list)))
	}
	for i, v := range list {
		var misfit *misfit
		if dst, misfit = w.write(dst, t.element, v); misfit != nil {
			return dst, misfit.in(strconv.Itoa(i))
		}
	}
	return append(dst, 0), nil
}

// anyKey stands for the key of a map in a path: it is data, which errors do not show.
const anyKey = "*"

// writeMap writes in the order of the keys: equal records become equal bytes.
func (w *avroWriter) writeMap(dst []byte, t *avroType, object map[string]any) ([]byte, *misfit) {
	w.members += len(object)
	if len(object) > 0 {
		dst = binary.AppendVarint(dst, int64(len(object)))
	}
	first := len(w.keys)
	for key := range object {
		w.keys = append(w.keys, key)
	}
	last := len(w.keys)
	slices.Sort(w.keys[first:])
	for _, key := range w.keys[first:last] {
		if !utf8.ValidString(key) {
			return dst, (&misfit{keyword: "type", must: "be UTF-8", is: "is not"}).in(anyKey)
		}
		var misfit *misfit
		if dst, misfit = w.write(appendAvroText(dst, key), t.element, object[key]); misfit != nil {
			return dst, misfit.in(anyKey)
		}
	}
	w.keys = w.keys[:first]
	return append(dst, 0), nil
}

func (w *avroWriter) writeRecord(dst []byte, t *avroType, object map[string]any) ([]byte, *misfit) {
	w.members += len(object)
	found := 0
	for i := range t.fields {
		f := &t.fields[i]
		v, ok := object[f.name]
		if !ok {
			if f.missing == nil {
				return dst, f.of.refuses("fields", "is missing").in(f.name)
			}
			dst = append(dst, f.missing...)
			continue
		}
		found++
		var misfit *misfit
		if dst, misfit = w.write(dst, f.of, v); misfit != nil {
			return dst, misfit.in(f.name)
		}
	}
	if found < len(object) {
		return dst, (&misfit{keyword: "fields", must: "not be there", is: "is no field of " + t.name}).in(t.unknown(object))
	}
	return dst, nil
}

// unknown names a key of an object that is no field: the first, so that the same
// record gives the same error.
func (t *avroType) unknown(object map[string]any) string {
	var unknown []string
	for key := range object {
		if _, ok := t.index[key]; !ok {
			unknown = append(unknown, key)
		}
	}
	sort.Strings(unknown)
	return unknown[0]
}

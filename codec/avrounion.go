package codec

import (
	"encoding/binary"
	"strings"
)

// writeUnion picks the branch by the value alone, so that equal values go the
// same way, and looks no deeper than the keys of an object, so that nested unions
// cost no more than flat ones.
//
// Of the branches that take the value the first in the schema is the one; but a
// string is base64 of bytes or of a fixed only where no other branch takes it,
// because whether text happens to be base64 must not decide. An object that no
// branch takes may name its branch, as Avro's own JSON does: {"long": 1}.
func (w *avroWriter) writeUnion(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	switch v := v.(type) {
	case nil:
		if null := t.null(); null >= 0 {
			return appendAvroNull(dst, t, null), nil
		}
	case map[string]any:
		return w.writeObjectBranch(dst, t, v)
	case []any:
		for i, branch := range t.branches {
			if branch.base == baseArray {
				return w.write(binary.AppendVarint(dst, int64(i)), branch, v)
			}
		}
	default:
		return w.writeScalarBranch(dst, t, v)
	}
	return dst, wrongKind(t, v)
}

// appendAvroNull writes null of a type whose branch null is, or that is null.
func appendAvroNull(dst []byte, t *avroType, branch int) []byte {
	if t.base == baseNull {
		return dst
	}
	return binary.AppendVarint(dst, int64(branch))
}

func (w *avroWriter) writeScalarBranch(dst []byte, t *avroType, v any) ([]byte, *misfit) {
	_, text := v.(string)
	start, tried := len(dst), 0
	var last *misfit
	for _, late := range [...]bool{false, true} {
		for i, branch := range t.branches {
			if !branch.scalar() || late != (text && branch.base64()) {
				continue
			}
			var misfit *misfit
			if dst, misfit = w.write(binary.AppendVarint(dst[:start], int64(i)), branch, v); misfit == nil {
				return dst, nil
			}
			last, tried = misfit, tried+1
		}
	}
	if tried == 1 {
		return dst, last
	}
	return dst, wrongKind(t, v)
}

// scalar reports whether t holds no other values and is not null.
func (t *avroType) scalar() bool {
	switch t.base {
	case baseNull, baseArray, baseMap, baseRecord, baseUnion:
		return false
	}
	return true
}

// base64 reports whether a string of this type is the base64 of its bytes.
func (t *avroType) base64() bool {
	return (t.base == baseBytes || t.base == baseFixed) && t.logical == logicalNone
}

func (w *avroWriter) writeObjectBranch(dst []byte, t *avroType, object map[string]any) ([]byte, *misfit) {
	only, candidates := -1, 0
	for i, branch := range t.branches {
		if branch.base == baseMap || branch.base == baseRecord {
			if branch.takesKeys(object) {
				return w.write(binary.AppendVarint(dst, int64(i)), branch, object)
			}
			only, candidates = i, candidates+1
		}
	}
	if len(object) == 1 {
		for i, branch := range t.branches {
			if inner, named := object[branch.name]; named {
				w.members++
				dst, misfit := w.write(binary.AppendVarint(dst, int64(i)), branch, inner)
				return dst, misfit.in(branch.name)
			}
		}
	}
	if candidates == 1 {
		return w.write(binary.AppendVarint(dst, int64(only)), t.branches[only], object)
	}
	return dst, wrongKind(t, object)
}

// takesKeys reports whether a map or record takes an object, going by its keys.
func (t *avroType) takesKeys(object map[string]any) bool {
	if t.base == baseMap {
		return true
	}
	found := 0
	for i := range t.fields {
		if _, ok := object[t.fields[i].name]; ok {
			found++
		} else if t.fields[i].missing == nil {
			return false
		}
	}
	return found == len(object)
}

// describe words the type for an error, with what it takes from JSON.
func (t *avroType) describe() string {
	switch {
	case t.base == baseUnion:
		all := make([]string, len(t.branches))
		for i, branch := range t.branches {
			all[i] = branch.name
		}
		return "one of the union's " + strings.Join(all, ", ")
	case t.base == baseEnum:
		return "one of " + strings.Join(t.order, ", ")
	case t.logical != logicalNone:
		return t.describeLogical()
	case t.base64():
		return "standard base64 with padding, of " + t.describeBytes()
	case t.base == baseNull:
		return "null"
	case t.base == baseRecord || t.base == baseArray || t.base == baseMap:
		return strings.TrimSuffix("the Avro "+t.base.String()+" "+strings.TrimPrefix(t.name, t.base.String()), " ")
	}
	return "an Avro " + t.base.String()
}

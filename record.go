package connect

import (
	"reflect"
	"strconv"
)

// Kind is the form in which a record's payload was handed over.
type Kind uint8

// The forms of a payload; the zero Kind is a Record no constructor made.
const (
	// KindJSON is a Go value that encoding/json marshals at hand-over.
	KindJSON Kind = iota + 1
	// KindRawJSON is JSON text, checked and sent byte for byte.
	KindRawJSON
	// KindString is UTF-8 text.
	KindString
	// KindNumber is a number, kept as exact decimal text.
	KindNumber
	// KindBytes is opaque bytes.
	KindBytes
)

// String names the kind as error messages do.
func (k Kind) String() string {
	switch k {
	case KindJSON:
		return "JSON value"
	case KindRawJSON:
		return "JSON text"
	case KindString:
		return "string"
	case KindNumber:
		return "number"
	case KindBytes:
		return "bytes"
	}
	return "empty record"
}

// Attribute is one key and value that travels with a message. Keys that begin
// with "danube.connect." belong to the runtime; a record that carries one of its
// own is invalid.
type Attribute struct{ Key, Value string }

// Record is one message bound for a Danube topic: a payload, perhaps a key, and
// attributes. It is a small value; its With methods return a changed copy and
// leave the receiver as it was. Payload bytes and JSON values belong to the
// runtime from hand-over on: do not change them afterwards.
type Record struct {
	topic      string
	key        string
	raw        []byte
	value      any
	attributes []Attribute
	kind       Kind
	keyed      bool
}

// JSON makes a record of any value encoding/json can marshal: a struct, a map, a
// slice. It is marshalled at hand-over, in the goroutine that hands over; a value
// that cannot be is an invalid record.
func JSON(topic string, value any) Record {
	return Record{topic: topic, kind: KindJSON, value: value}
}

// RawJSON makes a record of JSON text. It is checked and sent unchanged.
func RawJSON(topic string, text []byte) Record {
	return Record{topic: topic, kind: KindRawJSON, raw: text}
}

// String makes a record of text, which must be UTF-8.
func String(topic, text string) Record {
	return Record{topic: topic, kind: KindString, raw: []byte(text)}
}

// Bytes makes a record of opaque bytes.
func Bytes(topic string, data []byte) Record {
	return Record{topic: topic, kind: KindBytes, raw: data}
}

// number is every built-in number that has an exact decimal form.
type number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64
}

// Number makes a record of a number. All 64 bits of an integer are kept; a
// float is written in the shortest form that reads back as the same float. NaN
// and the infinities have no such form and are invalid at hand-over.
func Number[N number](topic string, n N) Record {
	return Record{topic: topic, kind: KindNumber, raw: appendNumber(nil, n)}
}

func appendNumber[N number](b []byte, n N) []byte {
	var zero N
	switch {
	case isFloat(n):
		bits := 64
		if reflect.TypeFor[N]().Size() == 4 {
			bits = 32
		}
		return strconv.AppendFloat(b, float64(n), 'g', -1, bits)
	case zero-1 > zero: // unsigned: 0-1 wraps to the largest
		return strconv.AppendUint(b, uint64(n), 10)
	default:
		return strconv.AppendInt(b, int64(n), 10)
	}
}

// isFloat tells a float type by what only floats can hold: a half.
func isFloat[N number](N) bool {
	one, two := N(1), N(2)
	return one/two != 0
}

// WithKey sets the key. Records of one key keep their order, and go to one
// partition of a partitioned topic. An empty key is a key.
func (r Record) WithKey(key string) Record {
	r.key, r.keyed = key, true
	return r
}

// WithAttribute sets an attribute, replacing one of the same key.
func (r Record) WithAttribute(key, value string) Record {
	return r.WithAttributes(Attribute{key, value})
}

// WithAttributes sets several attributes at the cost of one allocation.
func (r Record) WithAttributes(pairs ...Attribute) Record {
	all := make([]Attribute, len(r.attributes), len(r.attributes)+len(pairs))
	copy(all, r.attributes)
next:
	for _, p := range pairs {
		for i := range all {
			if all[i].Key == p.Key {
				all[i].Value = p.Value
				continue next
			}
		}
		all = append(all, p)
	}
	r.attributes = all
	return r
}

// Topic returns the Danube topic the record is bound for.
func (r Record) Topic() string { return r.topic }

// Key returns the key and whether there is one.
func (r Record) Key() (string, bool) { return r.key, r.keyed }

// Kind returns the form of the payload.
func (r Record) Kind() Kind { return r.kind }

// Raw returns the payload of every kind but KindJSON. It is not a copy.
func (r Record) Raw() []byte { return r.raw }

// Value returns the payload of a record of KindJSON, else nil.
func (r Record) Value() any { return r.value }

// Attribute returns the value of an attribute and whether it is set.
func (r Record) Attribute(key string) (string, bool) {
	for _, a := range r.attributes {
		if a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}

// Attributes returns all attributes in the order they were set. It is not a copy
// and must not be changed.
func (r Record) Attributes() []Attribute { return r.attributes }

// At places the record at an offset of its source: once it and everything handed
// over before it in the offset's partition is resolved, the offset is committed.
func (r Record) At(o Offset) Envelope { return Envelope{Record: r, Offset: o} }

// Envelope hands the record over without an offset of its own.
func (r Record) Envelope() Envelope { return Envelope{Record: r} }

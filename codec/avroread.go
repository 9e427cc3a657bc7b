package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	connect "github.com/danube-messaging/danube-connect-go"
)

var (
	errAvroRest    = errors.New("bytes after the record")
	errAvroRecords = errors.New("not exactly one record")
	errAvroText    = errors.New("text that is not UTF-8")
	errAvroDigits  = errors.New("a decimal of more digits than the schema's")
	errAvroPanic   = errors.New("bytes that the decoder panics on")
	errAvroValue   = errors.New("a value the schema has no type for")
)

// Decode returns the JSON text of a message: that which Encode takes.
func (c *avroCodec) Decode(payload []byte) ([]byte, error) {
	if c.encoding == avroJSON {
		if err := checkJSON(connect.KindRawJSON, payload); err != nil {
			return nil, err
		}
		w := c.writers.Get().(*avroWriter)
		defer c.release(w)
		if err := w.writeJSON(c.schema.top, c.schema.name, payload, connect.KindRawJSON); err != nil {
			return nil, err
		}
		return payload, nil
	}
	v, err := c.read(payload)
	var text []byte
	if err == nil {
		text, err = appendAvroJSON(nil, c.schema.top, v)
	}
	if err != nil {
		return nil, invalid(err, "payload: is no message in encoding %q of the schema; must have been written with it", c.encoding)
	}
	return text, nil
}

// read decodes one record, with the branch of every union named. The library reads
// bytes of anybody here; a panic of it must not end the process.
func (c *avroCodec) read(payload []byte) (v any, err error) {
	defer func() {
		if recover() != nil {
			v, err = nil, errAvroPanic
		}
	}()
	var rest []byte
	switch c.encoding {
	case avroContainer:
		return c.readContainer(payload)
	case avroSingleObject:
		rest, err = c.schema.DecodeSingleObject(payload, &v, avro.TaggedUnions())
	default:
		rest, err = c.schema.Decode(payload, &v, avro.TaggedUnions())
	}
	if err == nil && len(rest) > 0 {
		err = errAvroRest
	}
	return v, err
}

// maxBlock bounds what a block of a container file may decompress to. One message
// is in it, which was at most 4 MiB before it was compressed, or nobody could have
// sent it uncompressed.
const maxBlock = 16 << 20

func (c *avroCodec) readContainer(payload []byte) (v any, err error) {
	file, err := ocf.NewReader(bytes.NewReader(payload), ocf.WithReaderSchema(c.schema.Schema),
		ocf.WithSchemaOpts(rawLogical()...), ocf.WithDecodeOpts(avro.TaggedUnions()),
		ocf.WithMaxDecompressedBlockBytes(maxBlock))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Decode(&v); err != nil {
		return nil, err
	}
	var second any
	if err := file.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.Join(errAvroRecords, err)
	}
	return v, nil
}

// appendAvroJSON writes a decoded value in the form that Encode takes.
func appendAvroJSON(dst []byte, t *avroType, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int32:
		return appendAvroInteger(dst, t, int64(v)), nil
	case int64:
		return appendAvroInteger(dst, t, v), nil
	case float32:
		return appendAvroFloat(dst, float64(v), 32), nil
	case float64:
		return appendAvroFloat(dst, v, 64), nil
	case string:
		return appendAvroString(dst, v)
	case []byte:
		return appendAvroBytes(dst, t, v)
	case []any:
		return appendAvroList(dst, t, v)
	case map[string]any:
		return appendAvroObject(dst, t, v)
	}
	return nil, errAvroValue
}

func appendAvroInteger(dst []byte, t *avroType, n int64) []byte {
	if t.logical != logicalNone {
		if text, ok := t.formatTime(n); ok {
			return strconv.AppendQuote(dst, text)
		}
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendAvroFloat writes what JSON has no number for as Java's Avro does.
func appendAvroFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func appendAvroString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, errAvroText
	}
	quoted, err := new(marshaller).marshal(s)
	return append(dst, quoted...), err
}

func appendAvroBytes(dst []byte, t *avroType, data []byte) ([]byte, error) {
	dst = append(dst, '"')
	switch t.logical {
	case logicalDecimal:
		text, ok := t.formatDecimal(data)
		if !ok {
			return nil, errAvroDigits
		}
		dst = append(dst, text...)
	case logicalUUID:
		dst = append(dst, formatUUID(data)...)
	default:
		dst = strictBase64.AppendEncode(dst, data)
	}
	return append(dst, '"'), nil
}

func appendAvroList(dst []byte, t *avroType, list []any) (_ []byte, err error) {
	if t.base != baseArray {
		return nil, errAvroValue
	}
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendAvroJSON(dst, t.element, v); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendAvroObject writes records in the order of their fields, maps in that of
// their keys, and the value of a union without the name of its branch.
func appendAvroObject(dst []byte, t *avroType, object map[string]any) ([]byte, error) {
	if t.base == baseUnion {
		for name, v := range object {
			i := slices.IndexFunc(t.branches, func(b *avroType) bool { return b.name == name })
			if i < 0 || len(object) != 1 {
				break
			}
			return appendAvroJSON(dst, t.branches[i], v)
		}
		return nil, errAvroValue
	}
	keys := make([]string, 0, len(object))
	of := func(string) *avroType { return t.element }
	switch t.base {
	case baseRecord:
		for _, f := range t.fields {
			keys = append(keys, f.name)
		}
		of = func(key string) *avroType { return t.fields[t.index[key]].of }
	case baseMap:
		for key := range object {
			keys = append(keys, key)
		}
		slices.Sort(keys)
	default:
		return nil, errAvroValue
	}
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendAvroString(dst, key); err != nil {
			return nil, err
		}
		if dst, err = appendAvroJSON(append(dst, ':'), of(key), object[key]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// place finds line and column of a byte of a file, both from 1.
func place(text []byte, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	line = 1 + bytes.Count(before, []byte("\n"))
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}

// checkSchemaJSON says where a definition stops being JSON.
func checkSchemaJSON(name string, text []byte) error {
	var v json.RawMessage
	err := json.Unmarshal(text, &v)
	if err == nil {
		return nil
	}
	offset := len(text)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = int(e.Offset) - 1
	}
	line, column := place(text, offset)
	return connect.ConfigError("%s:%d:%d: %w; must be JSON", name, line, column, err)
}

package codec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	connect "github.com/danube-messaging/danube-connect-go"
)

// The encodings of Avro.
const (
	avroJSON         = "json"
	avroDatum        = "datum"
	avroContainer    = "ocf"
	avroSingleObject = "single_object"
)

// avroCodec is the wire form of schema_type "avro". Values are written by code of
// this package, which knows of every value whether it fits; reading is left to
// the library, so that each is a check of the other.
type avroCodec struct {
	json     jsonCodec
	schema   *avroSchema
	encoding string
	// head is what every message begins with, and tail what it ends with: those
	// of a container file, or a fingerprint.
	head, tail []byte
	writers    *sync.Pool
}

// newAvro returns the codec of a topic whose schema is an Avro schema.
func newAvro(s Settings, j jsonCodec) (Codec, error) {
	if err := needSchema(s); err != nil {
		return nil, err
	}
	c, err := newAvroCodec(s, j)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func newAvroCodec(s Settings, j jsonCodec) (*avroCodec, error) {
	if err := checkEncoding(s, avroJSON, avroDatum, avroContainer, avroSingleObject); err != nil {
		return nil, err
	}
	c := &avroCodec{json: j, encoding: s.Encoding, writers: &sync.Pool{New: func() any { return new(avroWriter) }}}
	var err error
	if c.schema, err = parseAvro(s); err != nil {
		return nil, err
	}
	switch s.Encoding {
	case "":
		c.encoding = avroJSON
	case avroContainer:
		c.head, c.tail, err = containerFrame(c.schema)
	case avroSingleObject:
		c.head = append([]byte{0xC3, 0x01}, c.schema.Fingerprint(avro.NewRabin())...)
		slices.Reverse(c.head[2:]) // little-endian on the wire
	}
	if err != nil {
		return nil, badAvro(s.Name, err)
	}
	return c, nil
}

// containerFrame is the header of a container file, and the marker that ends its
// block. The marker is made of the schema, so that equal records are equal bytes.
func containerFrame(s *avroSchema) (head, tail []byte, err error) {
	digest := sha256.Sum256(s.Canonical())
	marker := [16]byte(digest[:16])
	var file bytes.Buffer
	w, err := ocf.NewWriter(&file, s.Schema, ocf.WithSyncMarker(marker))
	if err == nil {
		err = w.Close() // no record, so no block
	}
	return file.Bytes(), marker[:], err
}

// Encode implements Codec.
func (c *avroCodec) Encode(r connect.Record) ([]byte, error) {
	if r.Kind() == connect.KindBytes {
		if _, err := c.Decode(r.Raw()); err != nil {
			return nil, invalid(err, "bytes: are no message in encoding %q of the schema; must be one, or be handed over as JSON", c.encoding)
		}
		return r.Raw(), nil
	}
	w := c.writers.Get().(*avroWriter)
	defer c.release(w)
	// A map is written without a detour over JSON, where that makes no difference;
	// whatever is odd about it is found, and worded, on the way round.
	if object, ok := r.Value().(map[string]any); ok && w.begin(c.schema.top, object) == nil {
		if c.encoding == avroJSON {
			return c.json.Encode(r)
		}
		return c.frame(w.buffer), nil
	}
	text, err := c.json.Encode(r)
	if err != nil {
		return nil, err
	}
	if err := w.writeJSON(c.schema.top, c.schema.name, text, r.Kind()); err != nil {
		return nil, err
	}
	if c.encoding == avroJSON {
		return text, nil
	}
	return c.frame(w.buffer), nil
}

// release keeps a writer for the next record, unless it grew large.
func (c *avroCodec) release(w *avroWriter) {
	clear(w.keys[:cap(w.keys)])
	if cap(w.buffer) <= keepBytes && cap(w.keys) <= keepBytes/16 {
		c.writers.Put(w)
	}
}

// begin writes v as a whole record.
func (w *avroWriter) begin(t *avroType, v any) (m *misfit) {
	w.members, w.depth, w.keys = 0, 0, w.keys[:0]
	w.buffer, m = w.write(w.buffer[:0], t, v)
	return m
}

// writeJSON writes valid JSON text, unless decoding it would lose something.
func (w *avroWriter) writeJSON(t *avroType, name string, text []byte, k connect.Kind) error {
	if err := checkSurrogates(text, k); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return invalid(nil, "%s: cannot be read back; must nest less deeply", k)
	}
	if m := w.begin(t, v); m != nil {
		broken := m.schemaError(name)
		return invalid(broken, "%s: %v", k, broken)
	}
	if w.members != countMembers(text) {
		return invalid(nil, "%s: an object holds a key twice; must hold each once", k)
	}
	return nil
}

// countMembers counts the members of all objects in valid JSON text, of which
// decoding keeps one for each key.
func countMembers(text []byte) (n int) {
	inString := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			inString = !inString
		case ':':
			if !inString {
				n++
			}
		}
	}
	return n
}

// frame makes a message of one datum, in memory of its own.
func (c *avroCodec) frame(datum []byte) []byte {
	if c.encoding != avroContainer {
		message := make([]byte, 0, len(c.head)+len(datum))
		return append(append(message, c.head...), datum...)
	}
	message := make([]byte, 0, len(c.head)+1+binary.MaxVarintLen64+len(datum)+len(c.tail))
	message = binary.AppendVarint(append(message, c.head...), 1) // records in the block
	message = binary.AppendVarint(message, int64(len(datum)))
	return append(append(message, datum...), c.tail...)
}

package schemas

import (
	"context"
	"errors"
	"fmt"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Reader decodes messages by the version of a schema that each of them names. It
// asks the registry once about each, and is safe for concurrent use.
type Reader struct {
	registry Registry
	form     Form

	mu    sync.Mutex
	known map[which]*known
}

// Form is what the registry does not say about the messages of a topic. The zero
// Form tries what there is.
type Form struct {
	// Encoding is the wire form of avro and number; empty means the first that
	// reads a message without a mistake.
	Encoding string
	// Message is the message of a protobuf schema that has several.
	Message string
}

// which names a version as a message does.
type which struct {
	id     uint64
	number uint32
}

// known is what the registry has said about a version.
type known struct {
	schema   registry.Schema
	decoders []codec.Decoder
	err      error
}

// NewReader returns a reader that has asked nobody yet.
func NewReader(r Registry, f Form) *Reader {
	return &Reader{registry: r, form: f, known: map[which]*known{}}
}

// Decode returns the JSON text of a payload, and the schema it was decoded by: as
// far as that is known, also with an error. An error of connect.ClassRetryable says
// that the registry could not be asked.
func (r *Reader) Decode(ctx context.Context, id uint64, number uint32, payload []byte) ([]byte, registry.Schema, error) {
	number = max(number, 1) // a message without a version is of the first one
	k, err := r.ask(ctx, which{id, number})
	if err != nil {
		return nil, registry.Schema{}, err
	}
	if k.err != nil {
		return nil, k.schema, k.err
	}
	var errs []error
	for _, d := range k.decoders {
		text, err := d.Decode(payload)
		if err == nil {
			return text, k.schema, nil
		}
		errs = append(errs, err)
	}
	// The first form is what connectors send unless they are told otherwise.
	return nil, k.schema, fmt.Errorf("subject %s %s: %w", k.schema.Subject, versionName(k.schema), errs[0])
}

// ask returns what is known about a version, from the registry the first time. What
// the registry does not have now it may have later.
func (r *Reader) ask(ctx context.Context, v which) (*known, error) {
	r.mu.Lock()
	k, ok := r.known[v]
	r.mu.Unlock()
	if ok {
		return k, nil
	}
	s, err := r.registry.Schema(ctx, v.id, v.number)
	switch {
	case errors.Is(err, registry.ErrAbsent):
		return nil, connect.Invalid(fmt.Errorf("schema id %d version %d: %w", v.id, v.number, err))
	case err != nil:
		return nil, err
	}
	k = &known{schema: s}
	k.decoders, k.err = r.form.decoders(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[v] = k
	return k, nil
}

// decoders returns those that may have to be tried, in order.
func (f Form) decoders(s registry.Schema) ([]codec.Decoder, error) {
	var all []codec.Decoder
	for _, encoding := range f.encodings(s.Type) {
		d, err := codec.DecoderFor(codec.Settings{
			SchemaType: s.Type, Schema: s.Definition, Name: fmt.Sprintf("subject %s %s", s.Subject, versionName(s)),
			Encoding: encoding, Message: f.Message,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// encodings returns the wire forms of a type that messages may have. A form that
// says what it is goes before one that does not: what reads as JSON that fits the
// schema is JSON, and anything may be a datum.
func (f Form) encodings(schemaType string) []string {
	var all []string
	switch schemaType {
	case "avro":
		all = []string{"json", "ocf", "single_object", "datum"}
	case "number":
		all = []string{"json", "binary"}
	default:
		return []string{""}
	}
	if f.Encoding != "" {
		return []string{f.Encoding}
	}
	return all
}

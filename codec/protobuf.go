package codec

import (
	"bytes"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	connect "github.com/danube-messaging/danube-connect-go"
)

// protobufCodec is the wire form of schema_type "protobuf": one message, without a
// length before it.
type protobufCodec struct {
	json    jsonCodec
	name    string // of the file
	message protoreflect.MessageDescriptor
	types   *dynamicpb.Types
	exact   protobufExact
}

// newProtobuf returns the codec of a topic whose schema is a .proto file or a
// FileDescriptorSet.
func newProtobuf(s Settings, j jsonCodec) (Codec, error) {
	if err := needSchema(s); err != nil {
		return nil, err
	}
	files, err := compileProtobuf(s)
	if err != nil {
		return nil, err
	}
	message, err := files.message(s)
	if err != nil {
		return nil, err
	}
	types := dynamicpb.NewTypes(files.registry)
	return protobufCodec{j, fileName(s.Name), message, types, newProtobufExact(message, types)}, nil
}

var (
	errProtobufUnknown = errors.New("fields the schema does not know")
	errProtobufPanic   = errors.New("an entry of a map with a key that is none")
)

// unmarshal reads a message from anybody. The library panics on an entry of a map
// whose key comes twice, the second time as another type; that is no message, and
// must not end the process.
func (c protobufCodec) unmarshal(payload []byte) (m *dynamicpb.Message, err error) {
	defer func() {
		if recover() != nil {
			m, err = nil, errProtobufPanic
		}
	}()
	m = dynamicpb.NewMessage(c.message)
	return m, proto.UnmarshalOptions{Resolver: c.types}.Unmarshal(payload, m)
}

// Encode implements Codec. Equal records become equal bytes.
func (c protobufCodec) Encode(r connect.Record) ([]byte, error) {
	if r.Kind() == connect.KindBytes {
		m, err := c.unmarshal(r.Raw())
		if err == nil && unknownFields(m) {
			err = errProtobufUnknown
		}
		if err != nil {
			return nil, invalid(err, "bytes: are no %s; must be an encoded one, without fields the schema does not know, "+
				"or be handed over as JSON", c.message.FullName())
		}
		return r.Raw(), nil
	}
	text, err := c.json.Encode(r)
	if err == nil {
		err = checkSurrogates(text, r.Kind())
	}
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(c.message)
	if err := (protojson.UnmarshalOptions{Resolver: c.types}).Unmarshal(text, m); err != nil {
		broken := protobufMisfit(c.message, text, err).schemaError(c.name)
		return nil, invalid(broken, "%s: %v", r.Kind(), broken)
	}
	if rounded := c.exact.find(c.message, text); rounded != nil {
		broken := rounded.schemaError(c.name)
		return nil, invalid(broken, "%s: %v", r.Kind(), broken)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, invalid(err, "%s: cannot be encoded as %s; must fit it", r.Kind(), c.message.FullName())
	}
	return payload, nil
}

// unknownFields reports whether a message, or one within it, holds a field its
// descriptor does not have.
func unknownFields(m protoreflect.Message) (found bool) {
	if len(m.GetUnknown()) > 0 {
		return true
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			if f.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					found = unknownFields(v.Message())
					return !found
				})
			}
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				found = found || unknownFields(v.List().Get(i).Message())
			}
		default:
			found = unknownFields(v.Message())
		}
		return !found
	})
	return found
}

// Decode implements Decoder. Fields the schema does not know are left out, as all
// readers of protobuf do.
func (c protobufCodec) Decode(payload []byte) ([]byte, error) {
	m, err := c.unmarshal(payload)
	var text []byte
	if err == nil {
		text, err = protojson.MarshalOptions{Resolver: c.types}.Marshal(m)
	}
	var compact bytes.Buffer
	if err == nil {
		err = json.Compact(&compact, text) // protojson varies its spaces
	}
	if err != nil {
		return nil, invalid(err, "payload: is no %s; must be an encoded one", c.message.FullName())
	}
	return compact.Bytes(), nil
}

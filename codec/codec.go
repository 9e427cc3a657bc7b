// Package codec turns the payload of a record into the bytes of a message, and
// back, in the wire forms that Danube's own connectors use:
//
//	schema_type  wire form
//	(none)       JSON; a string keeps its quotes; bytes go as they are
//	string       UTF-8 text; what is not a string as its JSON text
//	number       one JSON number; or, in encoding "binary", 8 bytes: a float64,
//	             big-endian, for numbers that it holds exactly
//	bytes        raw bytes; from JSON, the base64 of a string or of a field "data"
//	json_schema  JSON that the schema accepts; bytes must be JSON text
//	avro         JSON that fits the schema; or Avro binary, in encoding "datum" as
//	             it is, in "ocf" as an object container file of one record, in
//	             "single_object" behind the fingerprint of its schema
//	protobuf     the encoded message, without a length
//
// A JSON Schema is of draft 7, 2019-09 or 2020-12; without a $schema it is of the
// last, as the broker takes it. What a $ref names must be among the Refs of the
// Settings: neither files nor the network are read. format is checked in draft 7
// and a note in the newer drafts, unless a meta-schema asks for more; patterns are
// RE2's; numbers are compared exactly, and refused beyond 4096 digits or exponents
// of ±1000. Of a payload of hundreds of kilobytes, or nested deep, it is told that
// the schema refuses it, but not where.
//
// The error of a payload that a schema of any type refuses has a *SchemaError as a
// cause, which tells the path. The key of an Avro or protobuf map is data and stands
// there as *.
//
// A payload that is already in its wire form is checked and passed through
// without a copy or an allocation. Numbers stay exact: no integer is turned into
// a float on the way. Whatever cannot be encoded without changing it is an error
// of connect.ClassInvalid that says what would be right, and never shows the
// payload.
//
// # Avro
//
// Every kind of record but bytes stands for its JSON, which must fit the schema: a
// field the schema has not is refused, not dropped. Bytes are a message that is
// encoded already, and must read back as one. In JSON
//
//   - a value of a union stands without the name of its branch. The first branch
//     that takes it is written; a record is taken by its keys, and base64 only where
//     no other branch takes a string. What no branch takes may name one, as in
//     {"long": 1};
//   - bytes and fixed are standard base64 with padding, as encoding/json writes
//     []byte;
//   - a decimal is a number or a string of one, a UUID its text, a date 2006-01-02, a
//     time of day 15:04:05.9, a timestamp RFC 3339, a local timestamp that without
//     its zone. The times may be numbers too, as they are in the binary. A part finer
//     than the schema keeps is refused;
//   - a field that is missing has its default, or is null if it can be. The default is
//     written into Avro binary, and not added to JSON;
//   - whole numbers go into an int, long, float or double that holds them exactly;
//     fractions are rounded to the nearest float or double, as all readers of JSON do.
//
// # Protobuf
//
// The schema is the text of a .proto file, with the files it imports as Refs, or a
// binary FileDescriptorSet; Google's own files are there without being given. Every
// kind of record but bytes stands for its JSON, which must be the JSON form of the
// message, without fields the schema has not. Bytes are a message that is encoded
// already, again without unknown fields. Equal records become equal bytes. As in
// Avro, a float or double takes whole numbers that it holds exactly, and fractions
// rounded; so does a google.protobuf.Value, whose numbers are doubles.
package codec

import connect "github.com/danube-messaging/danube-connect-go"

// Codec encodes the payloads of one topic. It holds no state that a caller could
// notice and is safe for concurrent use.
type Codec interface {
	// Encode returns the wire form of a record's payload. The result may share
	// the record's memory, so neither may be changed afterwards. The error is of
	// connect.ClassInvalid.
	Encode(r connect.Record) ([]byte, error)
}

// Settings is what a topic's schema says about the wire form. The zero Settings
// mean: no schema.
type Settings struct {
	// SchemaType is the schema_type of the topic's [[schemas]] entry; empty without
	// an entry.
	SchemaType string
	// Schema is the definition of a type that is registered: json_schema, avro,
	// protobuf. Name is the file it came from; errors name it.
	Schema []byte
	Name   string
	// Refs are further files the definition refers to.
	Refs []Ref
	// Encoding chooses among the wire forms of a type that has several; empty
	// means the first of each. avro: "json", "datum", "ocf", "single_object";
	// number: "json", "binary".
	Encoding string
	// Message is the full name of the message; only for protobuf, and empty where
	// the schema has only one.
	Message string
}

// Ref is one file a definition refers to.
type Ref struct {
	// Name is how the definition refers to it.
	Name string
	// Schema is its text.
	Schema []byte
}

// For returns the codec of a topic, or an error of connect.ClassConfig when there
// is none for the settings.
func For(s Settings) (Codec, error) {
	json := jsonCodec{marshaller: new(marshaller)}
	switch s.SchemaType {
	case "", "string", "bytes", "json_schema", "protobuf":
		if err := checkEncoding(s); err != nil {
			return nil, err
		}
	}
	switch s.SchemaType {
	case "":
		return json, nil
	case "string":
		return stringCodec{json}, nil
	case "number":
		return newNumber(s, json)
	case "bytes":
		return bytesCodec{json}, nil
	case "json_schema":
		return newJSONSchema(s, json)
	case "avro":
		return newAvro(s, json)
	case "protobuf":
		return newProtobuf(s, json)
	}
	return nil, connect.ConfigError("schema_type %q is unknown; must be string, number, bytes, json_schema, avro or protobuf, or no schema", s.SchemaType)
}

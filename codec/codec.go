// Package codec turns the payload of a record into the bytes of a message, in the
// wire forms that Danube's own connectors use:
//
//	schema_type  wire form
//	(none)       JSON; a string keeps its quotes; bytes go as they are
//	string       UTF-8 text; what is not a string as its JSON text
//	number       one JSON number
//	bytes        raw bytes; from JSON, the base64 of a string or of a field "data"
//	json_schema  JSON that the schema accepts; bytes must be JSON text
//
// A JSON Schema is of draft 7, 2019-09 or 2020-12; without a $schema it is of the
// last, as the broker takes it. What a $ref names must be among the Refs of the
// Settings: neither files nor the network are read. format is checked in draft 7
// and a note in the newer drafts, unless a meta-schema asks for more; patterns are
// RE2's; numbers are compared exactly. The error of a payload that the schema
// refuses has a *SchemaError as a cause.
//
// A payload that is already in its wire form is checked and passed through
// without a copy or an allocation. Numbers stay exact: no integer is turned into
// a float on the way. Whatever cannot be encoded without changing it is an error
// of connect.ClassInvalid that says what would be right, and never shows the
// payload.
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
	// Message is the full name of the message; only for protobuf.
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
	case "":
		return json, nil
	case "string":
		return stringCodec{json}, nil
	case "number":
		return numberCodec{json}, nil
	case "bytes":
		return bytesCodec{json}, nil
	case "json_schema":
		return newJSONSchema(s, json)
	case "avro":
		return newAvro(s, json)
	case "protobuf":
		return newProtobuf(s, json)
	}
	return nil, connect.ConfigError("schema_type %q is unknown; must be string, number or bytes, or no schema", s.SchemaType)
}

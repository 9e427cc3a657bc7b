package codec

import connect "github.com/danube-messaging/danube-connect-go"

// PassesValidation returns nil when the broker takes the wire form of the settings
// on a topic whose payload validation is on, else an error of connect.ClassConfig
// that names the form it takes. Without payload validation it takes any bytes.
//
// A protobuf message is more than refused: the broker's handler dies of it, so a
// topic with such a schema must never have payload validation.
func PassesValidation(s Settings) error {
	switch {
	case s.SchemaType == "protobuf":
		return connect.ConfigError("schema_type \"protobuf\": the broker's handler dies on every message of a topic with payload validation; " +
			"must be a topic without it")
	case s.SchemaType == "avro" && s.Encoding != avroContainer:
		return connect.ConfigError("encoding %q of schema_type \"avro\" is refused by the broker's payload validation; must be %q, or a topic without it",
			orFirst(s.Encoding, avroJSON), avroContainer)
	case s.SchemaType == "number" && s.Encoding != numberBinary:
		return connect.ConfigError("encoding %q of schema_type \"number\" is refused by the broker's payload validation, which goes by the length; "+
			"must be %q, or a topic without it", orFirst(s.Encoding, numberJSON), numberBinary)
	}
	return nil
}

// orFirst is the encoding an empty one stands for.
func orFirst(encoding, first string) string {
	if encoding == "" {
		return first
	}
	return encoding
}

// Package registry is what there is to say about schemas in a broker's registry
// without asking it: what a registered schema is, how its definition is found in
// the registry's answer, when two definitions are the same one, and in what they
// differ.
package registry

import "errors"

// Schema is one version of a subject.
type Schema struct {
	// ID is the subject's: all its versions share it.
	ID uint64
	// Version counts from 1.
	Version uint32
	// Subject is the name in the registry.
	Subject string
	// Type is the registry's word for it: json_schema, avro, protobuf, string,
	// number or bytes.
	Type string
	// Definition is the text; empty for string, number and bytes.
	Definition []byte
	// Fingerprint is the registry's own hash of the definition; versions of a
	// subject with the same one are one version.
	Fingerprint string
	// Compatibility is what a new version is held to: none, backward, forward or
	// full.
	Compatibility string
}

// IsZero reports whether there is no schema.
func (s Schema) IsZero() bool { return s.Version == 0 }

// Is reports whether s and o are the same version of the same subject.
func (s Schema) Is(o Schema) bool {
	return s.ID == o.ID && s.Version == o.Version && s.Fingerprint == o.Fingerprint
}

// ErrAbsent is what an answer of the registry is known by that says: there is no
// such subject, or no such version.
var ErrAbsent = errors.New("not in the registry")

// Policy is what a topic's broker holds its messages to.
type Policy struct {
	// Subject is what the topic is bound to; empty for none.
	Subject string
	// Validation is "none", "warn" or "enforce".
	Validation string
	// Payloads says that payloads are checked against the schema.
	Payloads bool
}

// HasDefinition reports whether schemas of a type have a text.
func HasDefinition(schemaType string) bool {
	switch schemaType {
	case "string", "number", "bytes":
		return false
	}
	return true
}

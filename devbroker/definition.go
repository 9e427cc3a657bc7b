package devbroker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// definition is a schema as the registry holds it.
type definition struct {
	kind        string // canonical
	raw         string
	fingerprint string
	value       any // the parsed JSON of json_schema and avro
}

// kinds are the names of schema types a client may use, and what they stand for.
var kinds = map[string]string{
	"bytes": "bytes", "string": "string",
	"number": "number", "int": "number", "int64": "number", "float": "number", "double": "number",
	"avro": "avro", "json_schema": "json_schema", "json": "json_schema",
	"protobuf": "protobuf", "proto": "protobuf",
}

// define checks a definition as far as the real broker does: JSON Schema and Avro
// must make sense, Protobuf is not read, and the rest have none.
func define(kind string, raw []byte) (definition, error) {
	d := definition{kind: kinds[strings.ToLower(kind)], raw: string(raw)}
	switch d.kind {
	case "":
		return d, fmt.Errorf("unknown schema type %q", kind)
	case "bytes", "string", "number":
		d.fingerprint = d.kind
		return d, nil
	case "protobuf":
		d.fingerprint = fingerprint(raw)
		return d, nil
	}
	err := d.parse(raw)
	return d, err
}

// parse reads the JSON of a definition, and fingerprints it without its spaces
// and the order of its keys.
func (d *definition) parse(raw []byte) (err error) {
	if d.value, err = decodeJSON(raw); err != nil {
		return fmt.Errorf("invalid %s definition: %w", d.kind, err)
	}
	if d.kind == "avro" {
		err = checkAvro(d.value)
	} else {
		err = checkJSONSchema(d.value)
	}
	if err != nil {
		return fmt.Errorf("invalid %s definition: %w", d.kind, err)
	}
	compact, err := json.Marshal(d.value)
	d.fingerprint = fingerprint(compact)
	return err
}

func decodeJSON(raw []byte) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

func fingerprint(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// wrapped is the definition as GetSchema returns it: not what was registered, but
// the JSON of the real broker's tagged value around it.
func (d definition) wrapped() []byte {
	var v any
	switch d.kind {
	case "avro":
		v = map[string]any{"Avro": map[string]string{"raw_schema": d.raw, "fingerprint": d.fingerprint}}
	case "json_schema":
		v = map[string]any{"JsonSchema": map[string]string{"raw_schema": d.raw, "fingerprint": d.fingerprint}}
	case "protobuf":
		v = map[string]any{"Protobuf": map[string]string{"raw_proto": d.raw, "message_name": "", "fingerprint": d.fingerprint}}
	default:
		v = strings.ToUpper(d.kind[:1]) + d.kind[1:]
	}
	out, _ := json.Marshal(v) // strings only: cannot fail
	return out
}

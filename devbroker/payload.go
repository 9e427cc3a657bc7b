package devbroker

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
)

// accepts is the look at a payload: what the real broker takes for each type,
// which is not always what its clients send. The schema is compiled anew for each
// message, as there.
func (d definition) accepts(payload []byte) error {
	var err error
	switch d.kind {
	case "string":
		if !utf8.Valid(payload) {
			err = errors.New("not UTF-8")
		}
	case "number":
		if n := len(payload); n != 4 && n != 8 {
			err = fmt.Errorf("%d bytes; a number has 4 or 8", n)
		}
	case "json_schema":
		err = d.acceptsJSON(payload)
	case "avro":
		err = d.acceptsAvro(payload)
	case "protobuf":
		return errPanicked
	}
	if err != nil {
		return unpublished("Payload validation failed: %v", err)
	}
	return nil
}

func (d definition) acceptsJSON(payload []byte) error {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no file, no network
	const place = "registered"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(d.raw)))
	if err != nil {
		return err
	}
	if err := compiler.AddResource(place, document); err != nil {
		return err
	}
	schema, err := compiler.Compile(place)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("invalid JSON: %w", err)
	}
	return schema.Validate(value)
}

// acceptsAvro wants an object container file with at least one value that can be
// read by the registered schema; neither a bare datum nor JSON is one.
func (d definition) acceptsAvro(payload []byte) (err error) {
	// The library reads bytes anybody may send; a panic of it is a refusal.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("unreadable container file: %v", p)
		}
	}()
	reader, err := avro.Parse(d.raw)
	if err != nil {
		return err
	}
	file, err := ocf.NewReader(bytes.NewReader(payload), ocf.WithReaderSchema(reader),
		ocf.WithMaxDecompressedBlockBytes(4*maxRequest))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // reads from memory
	var value any
	return file.Decode(&value)
}

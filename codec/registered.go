package codec

// Definition returns the text of a schema as the registry is to have it. The
// broker and most consumers see that text and nothing beside it, so an Avro schema
// that refers to types in other files gets them written into it. The other types
// are registered as they are. The error is of connect.ClassConfig.
func Definition(s Settings) ([]byte, error) {
	if s.SchemaType != "avro" || len(s.Refs) == 0 {
		return s.Schema, nil
	}
	schema, err := parseAvro(s)
	if err != nil {
		return nil, err
	}
	return []byte(schema.String()), nil
}

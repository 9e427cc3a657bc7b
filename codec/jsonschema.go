package codec

// newJSONSchema returns the codec of a topic whose schema is registered.
func newJSONSchema(s Settings, _ jsonCodec) (Codec, error) {
	return nil, unregistered(s.SchemaType)
}

package codec

// newAvro returns the codec of a topic whose schema is registered.
func newAvro(s Settings, _ jsonCodec) (Codec, error) {
	return nil, unregistered(s.SchemaType)
}

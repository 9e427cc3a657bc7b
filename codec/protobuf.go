package codec

// newProtobuf returns the codec of a topic whose schema is registered.
func newProtobuf(s Settings, _ jsonCodec) (Codec, error) {
	return nil, unregistered(s.SchemaType)
}

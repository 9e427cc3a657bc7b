package flow

// HashKey is FNV-1a, 64 bits, over the bytes of a key: what every Danube client
// picks the topic partition with (docs: protocol, key routing).
func HashKey(key string) uint64 {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3
	h := uint64(offset)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	return h
}

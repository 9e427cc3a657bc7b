package flow

import (
	"hash/fnv"
	"testing"

	"pgregory.net/rapid"
)

// hashes are test vectors of FNV-1a, 64 bits, by its authors.
var hashes = map[string]uint64{
	"":       0xcbf29ce484222325,
	"a":      0xaf63dc4c8601ec8c,
	"b":      0xaf63df4c8601f1a5,
	"foobar": 0x85944171f73967e8,
}

func TestHashKeyHasThePublishedVectors(t *testing.T) {
	t.Parallel()
	for key, want := range hashes {
		if got := HashKey(key); got != want {
			t.Errorf("HashKey(%q) = %#x, want %#x", key, got, want)
		}
	}
}

func TestHashKeyIsTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		h := fnv.New64a()
		_, _ = h.Write([]byte(key))
		if got := HashKey(key); got != h.Sum64() {
			t.Fatalf("HashKey(%q) = %#x, want %#x", key, got, h.Sum64())
		}
	})
}

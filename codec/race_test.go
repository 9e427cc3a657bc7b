//go:build race

package codec

// raceEnabled says that sync.Pool drops what it is given at random.
const raceEnabled = true

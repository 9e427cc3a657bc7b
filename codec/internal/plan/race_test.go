//go:build race

package plan

// raceEnabled is set when the race detector makes sync.Pool forget at random.
const raceEnabled = true

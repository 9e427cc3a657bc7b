//go:build race

package supervisor_test

// raceEnabled says that memory says nothing: the race detector takes several times
// that of the program.
const raceEnabled = true

// Package house holds the house rules as tests that read the real source: the
// floor plan, who may start a goroutine, what is documented, how long things
// are, and that the documents match the code. It has no code of its own.
//
// A rule is a function from the parsed tree to what it found wrong, one line per
// finding, as file:line: what is wrong; what would be right. Each has cases that
// break it, so that no rule can fall silent.
package house

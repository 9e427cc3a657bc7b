package main

import "strings"

// invariants are those of docs/guarantees.md, I1 to I15.
const invariants = 15

// row is one fault, and what shows that the promises hold under it.
type row struct {
	id     int
	fault  string
	keeps  string // the invariants, as in "I1 I3"
	proofs []proof
	kinds  []string // of the faults that internal/chaos draws
	open   string   // what is not shown here, and why
}

// proof is a test, or one of its sub-tests.
type proof struct {
	dir, test string
	shows     string // the invariants; empty: those of its row
}

// top is the name of the test that go test knows.
func (p proof) top() string {
	name, _, _ := strings.Cut(p.test, "/")
	return name
}

// shown are the invariants that a proof of r shows, as an index of 1 to 15.
func (r row) shown(p proof) (set [invariants + 1]bool) {
	text := p.shows
	if text == "" {
		text = r.keeps
	}
	for name := range strings.FieldsSeq(text) {
		for i := 1; i <= invariants; i++ {
			if name == number(i) {
				set[i] = true
			}
		}
	}
	return set
}

package config

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// kind is what a node of a document is.
type kind uint8

const (
	table kind = iota
	list
	text
	integer
	float
	boolean
	instant
	localDateTime
	localDate
	localTime
)

var kindNames = [...]string{
	"a table", "a list", "a string", "an integer", "a float", "a boolean",
	"a date and time", "a date and time without an offset", "a date", "a time of day",
}

// String names the kind with its article.
func (k kind) String() string { return kindNames[k] }

// node is a value of the file, and where it stands.
type node struct {
	kind kind
	// line and col are of the key, or of the value in a list.
	line, col int
	// text is a string's value, and the literal of any other scalar.
	text string
	// names has the keys of a table in the order of the file.
	names  []string
	fields map[string]*node
	items  []*node

	// exprs are the parts of the file that say something about this very node:
	// its headers, or the key and value.
	exprs []expr
	// header says that [name] or [[name]] made the node, dotted that a dotted key
	// did, closed that it is an inline table or a list in brackets.
	header, dotted, closed bool
}

// expr is a run of bytes of the file, and the path of the key it sets.
type expr struct {
	from, to int
	path     string
}

func newDocument(name string, data []byte) *document {
	d := &document{name: name, data: bytes.Clone(data), root: newTable(), wrong: map[string]bool{}, misspelled: map[string]bool{}}
	d.root.line, d.root.col = 1, 1
	return d
}

func newTable() *node { return &node{kind: table, fields: map[string]*node{}} }

// add sets a key of a table that is not set yet.
func (n *node) add(name string, child *node) {
	n.names = append(n.names, name)
	n.fields[name] = child
}

// walk calls visit for n and every node below it.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, name := range n.names {
		n.fields[name].walk(visit)
	}
	for _, item := range n.items {
		item.walk(visit)
	}
}

// document is a file that was read: its nodes, and its bytes from which whatever
// is wrong gets blanked out, so that the rest can be decoded all the same and
// every position stays what it is.
type document struct {
	name string
	data []byte
	root *node
	// problems is what is wrong with it so far.
	problems []Problem
	// wrong has the paths whose values were blanked out.
	wrong map[string]bool
	// misspelled has the keys that an unknown key was taken for: they are not
	// reported as missing as well.
	misspelled map[string]bool
	// lost says that a part of the file could not be read: keys that seem to be
	// missing may be there.
	lost bool
}

// report notes what is wrong at a place of the file.
func (d *document) report(line, col int, key, what, right string) {
	d.problems = append(d.problems, Problem{File: d.name, Line: line, Col: col, Key: key, What: what, Right: right})
}

// reject reports a node and blanks it out with everything below it.
func (d *document) reject(n *node, path, what, right string) {
	d.report(n.line, n.col, path, what, right)
	d.wrong[path] = true
	d.drop(n, func(e expr) { d.wrong[e.path] = true })
}

// drop blanks a node out with everything below it, and says which parts of the
// file that were.
func (d *document) drop(n *node, dropped func(expr)) {
	n.walk(func(n *node) {
		for _, e := range n.exprs {
			d.blank(e.from, e.to)
			dropped(e)
		}
	})
}

// blank overwrites bytes with spaces, leaving the lines as they are.
func (d *document) blank(from, to int) {
	for i := from; i < to; i++ {
		if d.data[i] != '\n' && d.data[i] != '\r' {
			d.data[i] = ' '
		}
	}
}

// isWrong reports whether a problem with the key, or with something it is part
// of, is known already.
func (d *document) isWrong(path string) bool {
	for path != "" {
		if d.wrong[path] {
			return true
		}
		path = parent(path)
	}
	return false
}

// anyWrong reports whether a problem with the key, with something it is part of
// or with a part of it is known already.
func (d *document) anyWrong(path string) bool {
	if d.isWrong(path) {
		return true
	}
	for p := range d.wrong {
		if path == "" || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[") {
			return true
		}
	}
	return false
}

// find returns the node of a path, or the nearest one above it that is in the
// file, and whether it is the one asked for.
func (d *document) find(path string) (n *node, exact bool) {
	n = d.root
	for _, step := range split(path) {
		next := n.fields[step]
		if i, err := strconv.Atoi(step); err == nil && n.kind == list && i >= 0 && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, true
}

// sorted orders problems as the file has them; those without a place come last.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		noPlace := func(p Problem) int { return cmp.Compare(0, p.Line) + 1 } // 0 with a line, 1 without
		return cmp.Or(cmp.Compare(noPlace(a), noPlace(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(problems)
}

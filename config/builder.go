package config

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// builder makes the nodes of a document from its expressions, in order.
type builder struct {
	*document
	source
	// table is what the last header named, and path its path.
	table *node
	path  string
	// spoiled says that the last header was wrong: what follows it is read, to be
	// checked, but cannot be decoded.
	spoiled bool
}

// add takes one expression into the document.
func (b *builder) add(n *unstable.Node) {
	if n.Kind == unstable.KeyValue {
		e := expr{from: int(n.Raw.Offset), to: exprEnd(n)}
		b.set(b.table, b.path, n, e)
		return
	}
	keys := partsOf(n)
	start := b.lineStart(keys[0].offset)
	e := expr{from: start, to: b.lineEnd(start)}
	b.spoiled = false
	parent, path := b.descend(b.document.root, "", keys[:len(keys)-1], &e)
	if parent != nil {
		parent, path = b.open(parent, path, keys[len(keys)-1], n.Kind == unstable.ArrayTable, e)
	}
	if parent == nil {
		b.spoiled = true
		parent = newTable() // nowhere in the document
	}
	b.table, b.path = parent, path
}

// part is one part of a dotted key.
type part struct {
	name   string
	offset int
}

func partsOf(n *unstable.Node) (parts []part) {
	for k := n.Key(); k.Next(); {
		parts = append(parts, part{string(k.Node().Data), int(k.Node().Raw.Offset)})
	}
	return parts
}

// descend goes down the parts of a key, making tables where there are none. It
// returns nil when something else is in the way, which is then reported.
func (b *builder) descend(n *node, path string, parts []part, e *expr) (*node, string) {
	for _, p := range parts {
		path = join(path, p.name)
		next := n.fields[p.name]
		if next == nil {
			next = newTable()
			next.line, next.col = b.place(p.offset)
			n.add(p.name, next)
		}
		if next.kind == list && !next.closed {
			path = at(path, len(next.items)-1)
			next = next.items[len(next.items)-1]
		}
		if next.kind != table || next.closed {
			b.conflict(p, path, next, *e)
			return nil, path
		}
		n = next
	}
	return n, path
}

// open makes the table of a header, or adds one to a list of tables.
func (b *builder) open(parent *node, path string, p part, inList bool, e expr) (*node, string) {
	path = join(path, p.name)
	e.path = path
	n := parent.fields[p.name]
	if inList {
		return b.openItem(parent, n, path, p, e)
	}
	switch {
	case n == nil:
		n = newTable()
		n.line, n.col = b.place(p.offset)
		parent.add(p.name, n)
	case n.kind != table || n.closed:
		b.conflict(p, path, n, e)
		return nil, path
	case n.header || n.dotted:
		line, col := b.place(p.offset)
		b.report(line, col, path, fmt.Sprintf("is a table that is defined twice, first on line %d", n.line),
			"must have one header, with all its keys below it")
		b.drop(e)
		b.spoiled = true
		return n, path
	}
	n.header = true
	n.exprs = append(n.exprs, e)
	return n, path
}

func (b *builder) openItem(parent, n *node, path string, p part, e expr) (*node, string) {
	if n == nil {
		n = &node{kind: list, header: true}
		n.line, n.col = b.place(p.offset)
		parent.add(p.name, n)
	}
	if n.kind != list || n.closed {
		b.conflict(p, path, n, e)
		return nil, path
	}
	item := newTable()
	item.line, item.col = b.place(p.offset)
	item.header = true
	item.exprs = []expr{e}
	n.items = append(n.items, item)
	return item, at(path, len(n.items)-1)
}

// set takes a key and its value into a table.
func (b *builder) set(n *node, path string, kv *unstable.Node, e expr) {
	parts := partsOf(kv)
	last := parts[len(parts)-1]
	if e.path == "" { // else kv is inside an inline table, a part of e
		e.path = path
		for _, p := range parts {
			e.path = join(e.path, p.name)
		}
	}
	n, path = b.descend(n, path, parts[:len(parts)-1], &e)
	if n == nil {
		return
	}
	if len(parts) > 1 {
		n.dotted = true
	}
	path = join(path, last.name)
	if before := n.fields[last.name]; before != nil {
		line, col := b.place(last.offset)
		b.report(line, col, path, fmt.Sprintf("is set twice, first on line %d", before.line), "must be set once")
		b.drop(e)
		return
	}
	value := b.value(kv.Value(), path, e)
	value.line, value.col = b.place(last.offset)
	n.add(last.name, value)
	if b.spoiled {
		b.drop(e)
	}
}

// scalarKinds names the kinds of scalars as nodes do.
var scalarKinds = map[unstable.Kind]kind{
	unstable.String: text, unstable.Bool: boolean, unstable.Integer: integer, unstable.Float: float,
	unstable.DateTime: instant, unstable.LocalDateTime: localDateTime,
	unstable.LocalDate: localDate, unstable.LocalTime: localTime,
}

// value makes the node of a value.
func (b *builder) value(v *unstable.Node, path string, e expr) *node {
	n := &node{text: string(v.Data), exprs: []expr{e}}
	n.line, n.col = b.place(e.from)
	if v.Raw.Length > 0 {
		n.line, n.col = b.place(int(v.Raw.Offset))
	}
	switch v.Kind {
	case unstable.Array:
		n.kind, n.closed = list, true
		for c := v.Children(); c.Next(); {
			n.items = append(n.items, b.value(c.Node(), at(path, len(n.items)), e))
		}
	case unstable.InlineTable:
		n.fields = map[string]*node{}
		for c := v.Children(); c.Next(); {
			b.set(n, path, c.Node(), e)
		}
		n.closed = true
	default:
		n.kind = scalarKinds[v.Kind]
	}
	return n
}

// conflict reports a key that would have to be a table and is something else.
func (b *builder) conflict(p part, path string, n *node, e expr) {
	line, col := b.place(p.offset)
	b.report(line, col, path, fmt.Sprintf("is %s already, on line %d", n.kind, n.line),
		"must be one thing: [name] is a table, [[name]] one of a list of tables, and what is in braces or brackets is complete")
	if e.path == "" {
		e.path = path
	}
	b.drop(e)
}

// drop blanks out an expression that cannot be decoded.
func (b *builder) drop(e expr) {
	b.blank(e.from, e.to)
	b.wrong[e.path] = true
}

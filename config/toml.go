package config

import (
	"bytes"
	"errors"
	"regexp"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// This file is the only one that knows the parser's syntax tree, whose API its
// authors call unstable.

// maxSyntaxErrors bounds how often reading begins again behind a mistake.
const maxSyntaxErrors = 20

// readDocument reads a file into nodes. What is not TOML, or says a thing twice,
// is among the problems of the document and no longer in its bytes.
func readDocument(name string, data []byte) *document {
	d := newDocument(name, data)
	s := source{data: d.data, lines: lineStarts(d.data)}
	for range maxSyntaxErrors {
		if !d.blankSyntaxError(s) {
			break
		}
	}
	b := builder{document: d, source: s, table: d.root}
	p := unstable.Parser{}
	p.Reset(d.data)
	for p.NextExpression() {
		b.add(p.Expression())
	}
	return d
}

// source finds lines and columns in the bytes of a file.
type source struct {
	data  []byte
	lines []int
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, c := range data {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// place returns the line and the column of an offset, from 1.
func (s source) place(offset int) (line, col int) {
	line = sort.SearchInts(s.lines, offset+1)
	return line, offset - s.lines[line-1] + 1
}

// lineEnd returns the offset of the end of the line an offset is in.
func (s source) lineEnd(offset int) int {
	if i := bytes.IndexByte(s.data[offset:], '\n'); i >= 0 {
		return offset + i
	}
	return len(s.data)
}

// lineStart returns the offset of the beginning of the line an offset is in.
func (s source) lineStart(offset int) int {
	line, _ := s.place(offset)
	return s.lines[line-1]
}

// skipBlank returns the offset of what follows on empty lines and comments.
func (s source) skipBlank(offset int) int {
	for offset < len(s.data) {
		switch s.data[offset] {
		case ' ', '\t', '\r', '\n':
			offset++
		case '#':
			offset = s.lineEnd(offset)
		default:
			return offset
		}
	}
	return offset
}

// blankSyntaxError reports the first thing in the document that is not TOML and
// blanks it out: from where its expression begins to the end of the line where
// the parser gave up, and behind a broken header the whole table, whose keys
// would else seem to belong to the table before.
func (d *document) blankSyntaxError(s source) bool {
	p := unstable.Parser{}
	p.Reset(d.data)
	end, path := 0, ""
	for p.NextExpression() {
		n := p.Expression()
		if n.Kind != unstable.KeyValue {
			path = headerPath(n)
		}
		end = s.lineEnd(exprEnd(n))
	}
	e, ok := errors.AsType[*unstable.ParserError](p.Error())
	if !ok {
		return false
	}
	from, at := s.skipBlank(end), int(p.Range(e.Highlight).Offset)
	to := s.lineEnd(max(from, at))
	if from < len(s.data) && s.data[from] == '[' {
		path = ""
		for to < len(s.data) && !bytes.HasPrefix(bytes.TrimLeft(s.data[to+1:], " \t"), []byte("[")) {
			to = s.lineEnd(to + 1)
		}
	}
	key, known := brokenKey(path, string(s.data[from:s.lineEnd(from)]))
	line, col := s.place(at)
	d.report(line, col, key, "is not TOML: "+hideRune.ReplaceAllString(e.Message, ""),
		`must be key = value, [table] or [[table]], with text in "quotes"`)
	d.wrong[key] = true
	d.lost = d.lost || !known || bytes.IndexByte(s.data[from:to], '\n') >= 0
	d.blank(from, to)
	return true
}

// hideRune finds the part of a parser's message that shows a character of the
// file: it may be the first one of a secret (design law 11).
var hideRune = regexp.MustCompile(`( but got|:)? U\+[0-9A-F]+( '.*')?`)

// brokenKey names the key of a line that is not TOML, and reports whether it is
// known to be all that the line is about.
func brokenKey(table, line string) (key string, known bool) {
	if strings.HasPrefix(line, "[") {
		name, _, _ := strings.Cut(strings.Trim(line, "[ \t"), "]")
		return plainPath("", strings.TrimSpace(name)), false
	}
	name, _, ok := strings.Cut(line, "=")
	key = plainPath(table, strings.TrimSpace(name))
	return key, ok && key != table
}

// plainPath adds a dotted key to a path, if it is of bare keys alone.
func plainPath(table, name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isBare(r) && r != '.' }) {
		return table
	}
	return strings.TrimPrefix(table+"."+name, ".")
}

func headerPath(n *unstable.Node) (path string) {
	for k := n.Key(); k.Next(); {
		path = join(path, string(k.Node().Data))
	}
	return path
}

// exprEnd returns the offset behind the last part of an expression whose place
// the parser tells.
func exprEnd(n *unstable.Node) (end int) {
	if n.Kind == unstable.KeyValue {
		return int(n.Raw.Offset + n.Raw.Length)
	}
	for k := n.Key(); k.Next(); {
		end = int(k.Node().Raw.Offset + k.Node().Raw.Length)
	}
	return end
}

// checkTOML lets go-toml have the last word on what is left of the document: it
// knows rules about tables that the builder does not. It reports whether the
// document can be decoded.
func (d *document) checkTOML() bool {
	var all map[string]any
	e, ok := errors.AsType[*toml.DecodeError](toml.Unmarshal(d.data, &all))
	if !ok {
		return true
	}
	line, col := e.Position()
	path := ""
	for _, part := range e.Key() {
		path = join(path, part)
	}
	d.report(line, col, path, "is not TOML: "+hideRune.ReplaceAllString(strings.TrimPrefix(e.Error(), "toml: "), ""),
		"must be set once, and each table defined in one place")
	return false
}

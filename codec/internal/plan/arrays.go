package plan

import "bytes"

// array proves an array.
func (r *run) array(a *array, at int) int {
	begin, count := at, 0
	at = r.space(at + 1)
	if at < len(r.text) && r.text[at] == ']' {
		return a.close(count, at)
	}
	for {
		switch {
		case count < len(a.first):
			at = r.value(a.first[count], at)
		case a.closed:
			return unproved
		default:
			at = r.value(a.rest, at)
		}
		if at < 0 {
			return unproved
		}
		count++
		at = r.space(at)
		if at >= len(r.text) {
			return unproved
		}
		switch r.text[at] {
		case ',':
			at = r.space(at + 1)
		case ']':
			if a.unique && count > 1 && !r.unique(begin, count) {
				return unproved
			}
			return a.close(count, at)
		default:
			return unproved
		}
	}
}

func (a *array) close(count, at int) int {
	if count < a.least || a.most >= 0 && count > a.most {
		return unproved
	}
	return at + 1
}

// maxUnique is how many items are compared each with each.
const maxUnique = 64

// unique proves that no two items are equal of an array that is known to be one.
func (r *run) unique(at, count int) bool {
	if count > maxUnique {
		return false
	}
	var items [maxUnique][]byte
	for i := range count {
		at = r.space(at + 1) // after the bracket or a comma
		end := r.skip(at)
		items[i] = r.text[at:end]
		at = r.space(end)
		for _, other := range items[:i] {
			r.work -= min(len(other), len(items[i]))
			if !r.differ(items[i], other) {
				return false
			}
		}
	}
	return r.work >= 0
}

// differ proves that two valid values are not equal.
func (r *run) differ(a, b []byte) bool {
	if numeric(a[0]) && numeric(b[0]) {
		x, _ := (&run{text: a}).decimal(0)
		y, _ := (&run{text: b}).decimal(0)
		return !x.same(y)
	}
	if a[0] != b[0] {
		return true
	}
	if a[0] != '"' {
		return false // the same literal; or two objects or arrays, which are not looked into
	}
	r.name = unescape(r.name[:0], a[1:len(a)-1])
	r.other = unescape(r.other[:0], b[1:len(b)-1])
	return !bytes.Equal(r.name, r.other)
}

// numeric reports whether a value that begins with c is a number.
func numeric(c byte) bool { return c == '-' || '0' <= c && c <= '9' }

package main

import (
	"bytes"
	"errors"
	"io"
)

const (
	// chunk is how much is read at once, unless a line is longer. What was read is
	// published before the program ends, so it should not be much.
	chunk = 32 << 10
	// maxLine is the longest line that is kept in memory, in bytes; the broker
	// takes no longer message either.
	maxLine = 4 << 20
	// kept is how much is kept of a longer one.
	kept = 64 << 10
)

// line is one line of a file.
type line struct {
	text []byte // without its newline; only the beginning when it is too long
	end  int64  // the position behind it
	long bool   // longer than maxLine
	mark mark   // of end
}

// reader cuts a file into lines. A last line without a newline waits for it.
type reader struct {
	file io.ReaderAt
	at   int64  // the position behind the last whole line
	mark mark   // of at
	rest []byte // what was read behind at: no whole line yet
	more int64  // of a line that is too long, what was read and is not in rest
}

// read reports how far the file has been read.
func (r *reader) read() int64 { return r.at + int64(len(r.rest)) + r.more }

// next reads on and returns the lines that are whole now: none when there is
// nothing new, or nothing but a part of a line; then ended tells which.
func (r *reader) next() (lines []line, ended bool, err error) {
	buffer := make([]byte, len(r.rest)+max(chunk, len(r.rest)))
	copy(buffer, r.rest)
	n, err := r.file.ReadAt(buffer[len(r.rest):], r.read())
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	looked := len(r.rest) // no newline up to here
	r.rest = buffer[:len(r.rest)+n]
	for {
		i := bytes.IndexByte(r.rest[looked:], '\n')
		if i < 0 {
			break
		}
		lines = append(lines, r.cut(looked+i, 1))
		looked = 0
	}
	r.spare()
	return lines, n == 0, nil
}

// cut takes a line with n bytes from rest; newline is how many bytes follow that
// belong to it.
func (r *reader) cut(n, newline int) line {
	length := int64(n+newline) + r.more
	sum := summed(r.rest[:n+newline], r.rest[n+newline-1], length)
	if r.at == 0 {
		r.mark.first = sum
	}
	r.mark.last = sum
	l := line{text: r.rest[:n:n], long: length-int64(newline) > maxLine, mark: r.mark}
	if l.long {
		l.text = l.text[:min(n, kept)]
	}
	r.at += length
	r.rest, r.more = r.rest[n+newline:], 0
	l.end = r.at
	return l
}

// spare keeps only the beginning of a line that is too long already.
func (r *reader) spare() {
	if r.more > 0 || len(r.rest) > maxLine {
		r.more += int64(len(r.rest) - kept)
		r.rest = r.rest[:kept:kept]
	}
}

// drop forgets what was read behind the last whole line: it was taken back.
func (r *reader) drop() { r.rest, r.more = nil, 0 }

// last takes what is left as a line without a newline; false when nothing is.
func (r *reader) last() (line, bool) {
	if len(r.rest) == 0 {
		return line{}, false
	}
	return r.cut(len(r.rest), 0), true
}

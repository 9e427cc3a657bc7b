package main

import (
	"errors"
	"fmt"
	"hash/crc64"
	"io"
)

// mark says by what stands before a position whether a file is still the one it
// was: its first line and the line that ends at the position. Lines of a log carry
// a time or a number, so another file that has both of them is hardly to be had,
// while a copy of the same file does. Numbers of inodes tell less: they are given
// out again at once, and a copy has another one.
type mark struct{ first, last lineSum }

// lineSum is a line's length in bytes, newline included, and the CRC-64 of its
// beginning and its last byte.
type lineSum struct {
	length int64
	sum    uint64
}

// sumBytes is how much of a line's beginning is summed.
const sumBytes = 4 << 10

var polynomial = crc64.MakeTable(crc64.ECMA)

// summed returns the sum of a line of which beginning is all, or sumBytes or more.
func summed(beginning []byte, last byte, length int64) lineSum {
	sum := crc64.Checksum(beginning[:min(len(beginning), sumBytes)], polynomial)
	return lineSum{length, crc64.Update(sum, polynomial, []byte{last})}
}

// standsAt reports whether the line is in the file, from a position on.
func (l lineSum) standsAt(file io.ReaderAt, from int64) (bool, error) {
	if from < 0 {
		return false, nil
	}
	beginning, last := make([]byte, min(l.length, sumBytes)), make([]byte, 1)
	if ok, err := filled(file, beginning, from); !ok {
		return false, err
	}
	if ok, err := filled(file, last, from+l.length-1); !ok {
		return false, err
	}
	return summed(beginning, last[0], l.length) == l, nil
}

// filled reads all of p from a position; false without an error when the file is
// too short.
func filled(file io.ReaderAt, p []byte, from int64) (bool, error) {
	n, err := file.ReadAt(p, from)
	if n == len(p) || errors.Is(err, io.EOF) {
		return n == len(p), nil
	}
	return false, err
}

// standsBefore reports whether the file is the one that m was made for, up to a
// position. Nothing stands before the beginning, so every file is.
func (m mark) standsBefore(file io.ReaderAt, position int64) (bool, error) {
	if position == 0 {
		return true, nil
	}
	if ok, err := m.first.standsAt(file, 0); !ok || err != nil {
		return false, err
	}
	return m.last.standsAt(file, position-m.last.length)
}

// String is how m travels as the metadata of an offset.
func (m mark) String() string {
	return fmt.Sprintf("first=%d:%016x last=%d:%016x", m.first.length, m.first.sum, m.last.length, m.last.sum)
}

// parseMark reads what String has written and nothing else.
func parseMark(text string) (m mark, err error) {
	_, err = fmt.Sscanf(text, "first=%d:%x last=%d:%x", &m.first.length, &m.first.sum, &m.last.length, &m.last.sum)
	if err != nil || m.String() != text || m.first.length < 1 || m.last.length < 1 {
		return mark{}, fmt.Errorf("metadata %q is none of this program's", text)
	}
	return m, nil
}

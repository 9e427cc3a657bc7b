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

// lineSum is a line's length in bytes, newline included, and the CRC-64 of at most
// sumBytes of its beginning.
type lineSum struct {
	length int64
	sum    uint64
}

const sumBytes = 4 << 10

var polynomial = crc64.MakeTable(crc64.ECMA)

// summed returns the sum of a line of which beginning is all, or sumBytes or more.
func summed(beginning []byte, length int64) lineSum {
	return lineSum{length, crc64.Checksum(beginning[:min(len(beginning), sumBytes)], polynomial)}
}

// standsAt reports whether the line is in the file, from a position on.
func (l lineSum) standsAt(file io.ReaderAt, from int64) (bool, error) {
	beginning := make([]byte, min(l.length, sumBytes))
	if from < 0 {
		return false, nil
	}
	if _, err := file.ReadAt(beginning, from); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	return summed(beginning, l.length) == l, nil
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

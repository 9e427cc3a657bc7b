package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const threeLines = "first\nsecond\nthird\n"

// markAt reads a file up to a position and returns the mark of it.
func markAt(t *testing.T, text string, position int64) mark {
	t.Helper()
	r := &reader{file: strings.NewReader(text[:position])}
	for {
		_, ended, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			break
		}
	}
	if r.at != position {
		t.Fatalf("position %d is not behind a line of %q", position, text)
	}
	return r.mark
}

var continuations = []struct {
	was  string
	at   int64
	is   string
	same bool
}{
	{threeLines, 6, threeLines, true},
	{threeLines, 13, threeLines, true},
	{threeLines, 19, threeLines, true},
	{threeLines, 19, threeLines + "more\n", true},
	{threeLines, 0, "", true},
	{threeLines, 0, "anything\n", true},
	{threeLines, 6, "", false},
	{threeLines, 13, "first\n", false},
	{threeLines, 19, "first\nsecond\nthirx\n", false},
	{threeLines, 19, "fir_t\nsecond\nthird\n", false},
	{threeLines, 19, "first\n second\nthird\n", false},
	{threeLines, 13, "first\nsecond", false},
	{"\n\n\n", 3, "\n\n\n", true},
	{"\n\n\n", 3, "\n\n", false},
	{"\n\n\n", 2, "\na\n", false},
}

func TestAFileIsKnownByItsLines(t *testing.T) {
	t.Parallel()
	for _, c := range continuations {
		m := markAt(t, c.was, c.at)
		same, err := m.standsBefore(strings.NewReader(c.is), c.at)
		if err != nil || same != c.same {
			t.Errorf("%q read up to %d, and now %q: same = %t, %v; want %t", c.was, c.at, c.is, same, err, c.same)
		}
		if c.at == 0 {
			continue
		}
		if again, err := parseMark(m.String()); err != nil || again != m {
			t.Errorf("%q came back as %q, %v", m, again, err)
		}
	}
}

// Only the beginning of a long line is summed, and its length.
func TestLongLinesAreKnownByTheirBeginning(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*sumBytes) + "\n"
	m := markAt(t, "head\n"+long, int64(5+len(long)))
	for text, want := range map[string]bool{
		"head\n" + long:       true,
		"head\nx" + long:      false,
		"head\ny" + long[1:]:  false,
		"head\n" + long[1:]:   false,
		"head\n" + long + "x": true,
	} {
		if same, err := m.standsBefore(strings.NewReader(text), int64(5+len(long))); err != nil || same != want {
			t.Errorf("%.10q… of %d bytes: same = %t, %v; want %t", text, len(text), same, err, want)
		}
	}
}

type brokenDisk struct{}

var errDisk = errors.New("input/output error")

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestADiskErrorIsNoOtherFile(t *testing.T) {
	t.Parallel()
	if same, err := markAt(t, threeLines, 19).standsBefore(brokenDisk{}, 19); same || !errors.Is(err, errDisk) {
		t.Errorf("same = %t, %v; want the error", same, err)
	}
	if lines, _, err := (&reader{file: brokenDisk{}}).next(); lines != nil || !errors.Is(err, errDisk) {
		t.Errorf("read %v, %v; want the error", lines, err)
	}
}

// FuzzParseMark expects that what is taken is what would be written.
func FuzzParseMark(f *testing.F) {
	f.Add("first=6:3f5c678efd394667 last=11:d3447e0485725bbe")
	f.Add("first=0:0 last=0:0")
	f.Add("first=9223372036854775807:ffffffffffffffff last=9223372036854775807:0000000000000000")
	f.Add("first=-1:0000000000000000 last=1:0000000000000000")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMark(text)
		if err == nil && m.String() != text {
			t.Errorf("%q was taken for %q", text, m)
		}
		if err == nil && (m.first.length < 1 || m.last.length < 1) {
			t.Errorf("%q has a line of no length", text)
		}
		// Whatever it says, it must be safe to look for.
		if err == nil {
			if _, err := m.standsBefore(bytes.NewReader([]byte(threeLines)), 13); err != nil {
				t.Error(err)
			}
		}
	})
}

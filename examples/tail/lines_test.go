package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// growing is a file of which only so much is there yet.
type growing struct {
	text  string
	there int
}

func (g *growing) ReadAt(p []byte, from int64) (int, error) {
	return strings.NewReader(g.text[:g.there]).ReadAt(p, from)
}

// readAll reads text that comes to be there in pieces.
func readAll(t *testing.T, text string, pieces ...int) (*reader, []line) {
	t.Helper()
	g := &growing{text: text}
	r := &reader{file: g}
	var all []line
	for _, n := range append(pieces, len(text)) {
		g.there = min(max(g.there, n), len(text))
		for {
			lines, ended, err := r.next()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, lines...)
			if ended {
				break
			}
		}
		if r.read() != int64(g.there) {
			t.Fatalf("read up to %d of %d", r.read(), g.there)
		}
	}
	return r, all
}

// checkLines compares what was read with the text.
func checkLines(t *testing.T, text string, r *reader, got []line) {
	t.Helper()
	var at int64
	want := strings.SplitAfter(text, "\n")
	want = want[:len(want)-1] // what is behind the last newline, perhaps nothing
	if len(got) != len(want) {
		t.Fatalf("%d lines of %.40q, want %d", len(got), text, len(want))
	}
	for i, l := range got {
		at += int64(len(want[i]))
		if string(l.text)+"\n" != want[i] || l.end != at || l.long {
			t.Errorf("line %d is %q up to %d (long: %t), want %q up to %d", i, l.text, l.end, l.long, want[i], at)
		}
		if cap(l.text) != len(l.text) {
			t.Errorf("line %d can be appended to, over the next one", i)
		}
		if same, err := l.mark.standsBefore(strings.NewReader(text), l.end); !same || err != nil {
			t.Errorf("line %d: its mark does not stand: %v", i, err)
		}
	}
	if r.at != at || string(r.rest) != text[at:] {
		t.Errorf("left are %q behind %d, want %q behind %d", r.rest, r.at, text[at:], at)
	}
}

var texts = []string{
	"", "\n", "\n\n", "a", "a\n", "a\nb", "a\n\nb\n", "no newline yet", "\r\n", "\xff\x00\n",
	strings.Repeat("line\n", chunk/5+3),
	strings.Repeat("x", chunk-1) + "\n" + strings.Repeat("y", chunk) + "\nz",
	strings.Repeat("x", 3*chunk) + "\nz\n",
}

func TestTextIsCutIntoLines(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		for _, pieces := range [][]int{nil, {1}, {1, 2, 3}, {chunk}, {chunk + 1, 2 * chunk}} {
			r, got := readAll(t, text, pieces...)
			checkLines(t, text, r, got)
		}
	}
}

// FuzzLines expects the same lines, however the file grows.
func FuzzLines(f *testing.F) {
	f.Add("a\nb\n", 1, 3)
	f.Add("\n\n\n", 2, 2)
	f.Fuzz(func(t *testing.T, text string, first, second int) {
		r, got := readAll(t, text, first, second)
		checkLines(t, text, r, got)
	})
}

var longLines = []struct {
	length int
	long   bool
}{
	{maxLine - 1, false},
	{maxLine, false},
	{maxLine + 1, true},
	{maxLine + chunk, true},
	{3*maxLine + 1, true},
}

func TestALineThatIsTooLongIsNotKept(t *testing.T) {
	t.Parallel()
	for _, l := range longLines {
		text := "head\n" + strings.Repeat("x", l.length) + "\ntail\n"
		for _, pieces := range [][]int{nil, {maxLine, maxLine + 6, maxLine + 7}} {
			r, got := readAll(t, text, pieces...)
			if len(got) != 3 || string(got[0].text) != "head" || string(got[2].text) != "tail" {
				t.Fatalf("a line of %d: %d lines", l.length, len(got))
			}
			middle := got[1]
			want := l.length
			if l.long {
				want = kept
			}
			if middle.long != l.long || len(middle.text) != want || middle.end != int64(6+l.length) {
				t.Errorf("a line of %d: long = %t with %d bytes up to %d; want %t with %d", l.length, middle.long, len(middle.text), middle.end, l.long, want)
			}
			if same, err := middle.mark.standsBefore(strings.NewReader(text), middle.end); !same || err != nil {
				t.Errorf("a line of %d: its mark does not stand: %v", l.length, err)
			}
			if len(r.rest) != 0 || r.more != 0 {
				t.Errorf("a line of %d: %d bytes are left", l.length, len(r.rest))
			}
		}
	}
}

// While a line that is too long goes on, memory does not.
func TestALineWithoutEndIsBounded(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 4*maxLine)
	r, got := readAll(t, text)
	if len(got) != 0 || len(r.rest) > maxLine || cap(r.rest) > 2*maxLine+chunk {
		t.Errorf("%d lines, %d bytes in %d kept of a line without end", len(got), len(r.rest), cap(r.rest))
	}
}

func TestTheRestIsALineWhenNobodyFinishesIt(t *testing.T) {
	t.Parallel()
	r, _ := readAll(t, "a\nunfinished")
	l, ok := r.last()
	if !ok || string(l.text) != "unfinished" || l.end != 12 || l.long {
		t.Errorf("the rest is %+v, %t", l, ok)
	}
	if same, err := l.mark.standsBefore(strings.NewReader("a\nunfinished"), 12); !same || err != nil {
		t.Errorf("its mark does not stand: %v", err)
	}
	if l, ok := r.last(); ok {
		t.Errorf("the rest is there twice: %+v", l)
	}
}

// What a record was made of must not change when reading goes on.
func TestLinesStayAsTheyWere(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	var pieces []int
	for i := range 1000 {
		fmt.Fprintf(&text, "line %d\npart", i)
		pieces = append(pieces, text.Len())
	}
	_, got := readAll(t, text.String(), pieces...)
	for i, l := range got[1:] {
		if want := fmt.Sprintf("partline %d", i+1); string(l.text) != want {
			t.Fatalf("line %d is %q, want %q", i+1, l.text, want)
		}
	}
}

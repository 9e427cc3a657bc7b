package offset

import (
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// image is a file of offsets as bytes, to be patched.
type image struct {
	meta
	data []byte
}

// branched returns a file whose positions need a branch, and which has free pages.
func branched(t *testing.T) *image {
	t.Helper()
	s, f := begun(t)
	var offsets []connect.Offset
	for round := range uint64(3) {
		offsets = offsets[:0]
		for i := range 300 {
			offsets = append(offsets, connect.Offset{Partition: fmt.Sprintf("p%03d", i), Value: round})
		}
		if err := s.Commit(t.Context(), 1, offsets); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	i := &image{data: data}
	if i.meta, err = readMeta(strings.NewReader(string(data))); err != nil {
		t.Fatal(err)
	}
	return i
}

// page returns the bytes of a page.
func (i *image) page(id uint64) []byte { return i.data[id*i.pageSize:][:i.pageSize] }

// first returns the bytes of the valid first page behind its header, to be sealed
// again by reseal.
func (i *image) first() []byte { return i.page(i.tx % 2)[pageHeader:] }

func (i *image) reseal() {
	sum := fnv.New64a()
	_, _ = sum.Write(i.first()[:metaSum])
	native.PutUint64(i.first()[metaSum:], sum.Sum64())
}

// branch returns the page at the top of the positions, not one that was.
func (i *image) branch(t *testing.T) []byte {
	free := map[uint64]bool{}
	for n := range int(native.Uint16(i.page(i.free)[10:])) {
		free[native.Uint64(i.page(i.free)[pageHeader+8*n:])] = true
	}
	for id := uint64(2); id < i.high; id++ {
		if p := i.page(id); native.Uint16(p[8:]) == branchPage && !free[id] {
			return p
		}
	}
	t.Fatal("no branch in the file")
	return nil
}

// child returns the page that an element of a branch leads to.
func (i *image) child(t *testing.T, n int) []byte {
	return i.page(native.Uint64(i.branch(t)[pageHeader+n*element+8:]))
}

// patches are what no flip of a bit is sure to hit.
var patches = []struct {
	name, words string
	patch       func(*testing.T, *image)
}{
	{"two branches to one page", "used twice", func(t *testing.T, i *image) {
		b := i.branch(t)
		copy(b[pageHeader+element+8:][:8], b[pageHeader+8:][:8])
	}},
	{"a page that overlaps the next", "used twice", func(t *testing.T, i *image) {
		p := i.child(t, 0)
		next := i.child(t, 1)
		if native.Uint64(next) < native.Uint64(p) {
			p, next = next, p
		}
		native.PutUint32(p[12:], uint32(native.Uint64(next)-native.Uint64(p)))
	}},
	{"a page that is longer than the file", "pages long", func(t *testing.T, i *image) {
		native.PutUint32(i.child(t, 0)[12:], uint32(i.high-native.Uint64(i.child(t, 0))))
	}},
	{"a child outside of the file", "outside of the file", func(t *testing.T, i *image) { native.PutUint64(i.branch(t)[pageHeader+8:], i.high) }},
	{"a child that is the first page", "outside of the file", func(t *testing.T, i *image) { native.PutUint64(i.branch(t)[pageHeader+8:], 0) }},
	{"a page with the number of another", "says it is page", func(t *testing.T, i *image) { native.PutUint64(i.child(t, 0), native.Uint64(i.child(t, 1))) }},
	{"a page of no kind", "neither branch nor leaf", func(t *testing.T, i *image) { native.PutUint16(i.child(t, 0)[8:], freePage) }},
	{"a branch without children", "without children", func(t *testing.T, i *image) { native.PutUint16(i.branch(t)[10:], 0) }},
	{"more elements than fit", "more than fit", func(t *testing.T, i *image) { native.PutUint16(i.child(t, 0)[10:], math.MaxUint16) }},
	{"a value that is too long", "outside of the page", func(t *testing.T, i *image) { native.PutUint32(i.child(t, 0)[pageHeader+12:], math.MaxUint32) }},
	{"a key without length", "outside of the page", func(t *testing.T, i *image) { native.PutUint32(i.child(t, 0)[pageHeader+8:], 0) }},
	{"a key before its branch", "out of order", func(t *testing.T, i *image) {
		p := i.child(t, 1)
		p[pageHeader+native.Uint32(p[pageHeader+4:])] = 'a'
	}},
	{"a key behind its branch", "out of order", func(t *testing.T, i *image) {
		p := i.child(t, 0)
		last := pageHeader + (uint32(native.Uint16(p[10:]))-1)*element
		p[last+native.Uint32(p[last+4:])] = 'z'
	}},
	{"two equal keys", "out of order", func(t *testing.T, i *image) {
		p := i.child(t, 0)
		second, third := uint32(pageHeader+element), uint32(pageHeader+2*element) // the first is shorter
		copy(p[third+native.Uint32(p[third+4:]):][:4], p[second+native.Uint32(p[second+4:]):])
	}},
	{"an element of no kind", "unknown kind", func(t *testing.T, i *image) { native.PutUint32(i.child(t, 0)[pageHeader:], 2) }},
	{"a root that is not there", "outside of the file", func(_ *testing.T, i *image) { native.PutUint64(i.first()[16:], math.MaxUint64); i.reseal() }},
	{"no list of free pages", "list of free pages", func(_ *testing.T, i *image) { native.PutUint64(i.first()[32:], math.MaxUint64); i.reseal() }},
	{"a list of free pages that is none", "no list of free pages", func(_ *testing.T, i *image) { native.PutUint16(i.page(i.free)[8:], leafPage) }},
	{"more free pages than fit", "no list of free pages", func(_ *testing.T, i *image) { native.PutUint16(i.page(i.free)[10:], 0xFFFE) }},
	{"a long list that is none", "no list of free pages", func(_ *testing.T, i *image) {
		native.PutUint16(i.page(i.free)[10:], 0xFFFF)
		native.PutUint64(i.page(i.free)[pageHeader:], math.MaxUint64)
	}},
	{"a page that is used and free", "as free", func(t *testing.T, i *image) {
		native.PutUint64(i.page(i.free)[pageHeader:], native.Uint64(i.branch(t)))
	}},
	{"a page that is free twice", "as free", func(_ *testing.T, i *image) {
		copy(i.page(i.free)[pageHeader+8:][:8], i.page(i.free)[pageHeader:])
	}},
	{"a free page outside of the file", "as free", func(_ *testing.T, i *image) {
		native.PutUint16(i.page(i.free)[10:], 1)
		native.PutUint64(i.page(i.free)[pageHeader:], i.high)
	}},
	{"a first page that is free", "as free", func(_ *testing.T, i *image) { native.PutUint64(i.page(i.free)[pageHeader:], 1) }},
	{"pages nobody uses cut off", "cut short", func(_ *testing.T, i *image) {
		native.PutUint64(i.first()[40:], uint64(len(i.data))/i.pageSize+1)
		i.reseal()
	}},
	{"pages of no size", "pages have 0 bytes", func(_ *testing.T, i *image) {
		for n := range uint64(2) {
			clear(i.page(n ^ 1)[:pageHeader]) // the other one does not count
			native.PutUint32(i.page(n)[pageHeader+8:], 0)
		}
		i.reseal()
		copy(i.page(0)[:pageHeader+metaSum+8], append([]byte{0, 0, 0, 0, 0, 0, 0, 0, metaPage, 0, 0, 0, 0, 0, 0, 0}, i.first()[:metaSum+8]...))
	}},
}

func TestPatchedPagesAreRefused(t *testing.T) {
	t.Parallel()
	for _, p := range patches {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			i := branched(t)
			check(t, i, "")
			p.patch(t, i)
			check(t, i, p.words)
		})
	}
}

// check expects checkPages to say so, or nothing if that is empty.
func check(t *testing.T, i *image, words string) {
	t.Helper()
	path := t.TempDir() + "/image"
	overwrite(t, path, i.data)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	switch err := checkPages(f); {
	case words == "" && err != nil:
		t.Error(err)
	case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
		t.Errorf("%v; must say %q", err, words)
	}
}

// TestOneFirstPageIsEnough: either of the two may be gone, and the other decides.
func TestOneFirstPageIsEnough(t *testing.T) {
	t.Parallel()
	for n := range uint64(2) {
		i := branched(t)
		clear(i.page(n))
		m, err := readMeta(strings.NewReader(string(i.data)))
		if want := i.tx - (i.tx+n+1)%2; err != nil || m.tx != want {
			t.Errorf("without page %d: transaction %d, %v; want %d of %d", n, m.tx, err, want, i.tx)
		}
	}
}

package offset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// What bbolt writes: numbers in the byte order of the machine; pages of one size,
// counted from 0; the first two of them name the root of a tree.
const (
	pageHeader  = 16 // id, flags, count, overflow
	element     = 16 // of a branch or a leaf
	metaSum     = 56 // where in a meta page's body its checksum is
	bucketSize  = 16 // root and sequence, before the page of an inline bucket
	leastPage   = 1 << 10
	biggestPage = 1 << 24

	branchPage, leafPage, metaPage, freePage = 1, 2, 4, 16

	bucketElement = 1 // flag of a leaf's element

	boltMagic, boltVersion = 0xED0CDAED, 2
)

// native is the byte order of the file.
var native = binary.NativeEndian

// meta is what the valid one of the first two pages says.
type meta struct{ pageSize, root, free, high, tx uint64 }

// pages verifies that bbolt can walk a file safely: every page is where it should
// be, of the right kind, used once, and names nothing outside of itself. Only the
// first two have checksums, and bbolt follows the others through mapped memory,
// where a flipped bit can lead anywhere.
type pages struct {
	meta
	file io.ReaderAt
	used map[uint64]bool
}

// checkPages returns what is wrong with the pages of a file. An error of the disk
// is returned as it is.
func checkPages(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(f)
	if err != nil {
		return err
	}
	if size := uint64(info.Size()); m.high > size/m.pageSize { //nolint:gosec // never negative
		return fmt.Errorf("it is cut short: %d bytes, at least %d", size, m.high*m.pageSize)
	}
	p := &pages{meta: m, file: f, used: map[uint64]bool{}}
	if err := p.tree(m.root, nil, nil, true); err != nil {
		return err
	}
	return p.freelist()
}

// readMeta returns the newer valid one of the first two pages: after a crash in
// the middle of writing one, the other stands for the commit before.
func readMeta(f io.ReaderAt) (meta, error) {
	m, err := metaAt(f, 0, 0)
	if err == nil {
		if second, err := metaAt(f, m.pageSize, m.pageSize); err == nil && second.tx > m.tx {
			m = second
		}
		return m, nil
	}
	for size := uint64(leastPage); size <= biggestPage; size *= 2 {
		if m, err := metaAt(f, size, size); err == nil {
			return m, nil
		}
	}
	return meta{}, err
}

// metaAt reads the meta page at a place of the file.
func metaAt(f io.ReaderAt, at, pageSize uint64) (m meta, err error) {
	b := make([]byte, pageHeader+metaSum+8)
	if _, err := f.ReadAt(b, int64(at)); err != nil { //nolint:gosec // at most 16 MiB
		return m, cut(err)
	}
	flags, body := native.Uint16(b[8:]), b[pageHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(body[:metaSum]) // never fails
	switch {
	case native.Uint32(body) != boltMagic || native.Uint32(body[4:]) != boltVersion || flags != metaPage:
		return m, errors.New("it does not begin as a file of offsets does")
	case native.Uint64(body[metaSum:]) != sum.Sum64():
		return m, errors.New("the checksum of its first page is wrong")
	}
	m = meta{
		pageSize: uint64(native.Uint32(body[8:])), root: native.Uint64(body[16:]),
		free: native.Uint64(body[32:]), high: native.Uint64(body[40:]), tx: native.Uint64(body[48:]),
	}
	if m.pageSize < leastPage || m.pageSize > biggestPage || pageSize != 0 && m.pageSize != pageSize {
		return m, fmt.Errorf("its pages have %d bytes", m.pageSize)
	}
	return m, nil
}

// cut tells the end of the file from an error of the disk.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it is cut short")
	}
	return err
}

// page is one page with what overflows it.
type page struct {
	kind, count int
	data        []byte
}

// read reads a page that nothing else has named yet.
func (p *pages) read(id uint64) (*page, error) {
	head := make([]byte, pageHeader)
	if id < 2 || id >= p.high {
		return nil, fmt.Errorf("page %d: outside of the file, which has %d", id, p.high)
	}
	if _, err := p.file.ReadAt(head, int64(id*p.pageSize)); err != nil { //nolint:gosec // inside of the file
		return nil, cut(err)
	}
	if own := native.Uint64(head); own != id {
		return nil, fmt.Errorf("page %d: says it is page %d", id, own)
	}
	n := uint64(native.Uint32(head[12:])) + 1
	if n > p.high-id {
		return nil, fmt.Errorf("page %d: is %d pages long, outside of the file", id, n)
	}
	for i := id; i < id+n; i++ {
		if p.used[i] {
			return nil, fmt.Errorf("page %d: used twice", i)
		}
		p.used[i] = true
	}
	data := make([]byte, n*p.pageSize)
	if _, err := p.file.ReadAt(data, int64(id*p.pageSize)); err != nil { //nolint:gosec // inside of the file
		return nil, cut(err)
	}
	return &page{int(native.Uint16(data[8:])), int(native.Uint16(data[10:])), data}, nil
}

// tree verifies the pages from id down; their keys are in [low, high), where nil
// means unbounded. Only the root of all may have buckets.
func (p *pages) tree(id uint64, low, high []byte, root bool) error {
	pg, err := p.read(id)
	if err != nil {
		return err
	}
	switch pg.kind {
	case leafPage:
		err = p.leaf(pg, low, high, root)
	case branchPage:
		err = p.branch(pg, low, high, root)
	default:
		err = fmt.Errorf("is of kind %d, neither branch nor leaf", pg.kind)
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

func (p *pages) branch(pg *page, low, high []byte, root bool) error {
	if pg.count == 0 {
		return errors.New("is a branch without children")
	}
	keys := make([][]byte, pg.count)
	for i := range keys {
		var err error
		if keys[i], _, err = pg.element(i, low, high, keys[:i]); err != nil {
			return err
		}
	}
	for i, key := range keys {
		end := high
		if i+1 < len(keys) {
			end = keys[i+1]
		}
		child := native.Uint64(pg.data[pageHeader+i*element+8:])
		if err := p.tree(child, key, end, root); err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) leaf(pg *page, low, high []byte, root bool) error {
	keys := make([][]byte, pg.count)
	for i := range keys {
		key, value, err := pg.element(i, low, high, keys[:i])
		if err != nil {
			return err
		}
		keys[i] = key
		switch flags := native.Uint32(pg.data[pageHeader+i*element:]); {
		case flags > bucketElement || flags == bucketElement && !root:
			return fmt.Errorf("key %q: is of an unknown kind, %d", key, flags)
		case flags == bucketElement:
			if err := p.bucket(value); err != nil {
				return fmt.Errorf("bucket %q: %w", key, err)
			}
		}
	}
	return nil
}

// bucket verifies a bucket: a tree of its own, or a leaf inside of the value.
func (p *pages) bucket(value []byte) error {
	if len(value) < bucketSize {
		return fmt.Errorf("has %d bytes, at least %d", len(value), bucketSize)
	}
	if root := native.Uint64(value); root != 0 {
		return p.tree(root, nil, nil, false)
	}
	data := value[bucketSize:]
	if len(data) < pageHeader {
		return errors.New("is neither here nor there")
	}
	inline := &page{int(native.Uint16(data[8:])), int(native.Uint16(data[10:])), data}
	if inline.kind != leafPage || native.Uint64(data) != 0 || native.Uint32(data[12:]) != 0 {
		return fmt.Errorf("has a page of kind %d in it", inline.kind)
	}
	return p.leaf(inline, nil, nil, false)
}

// element returns the key of one element and, of a leaf, its value. The key must
// follow those before it.
func (pg *page) element(i int, low, high []byte, before [][]byte) (key, value []byte, err error) {
	start, table := uint64(pageHeader+i*element), uint64(pageHeader+pg.count*element) //nolint:gosec // small
	size := uint64(len(pg.data))
	if table > size {
		return nil, nil, fmt.Errorf("has %d elements, which is more than fit", pg.count)
	}
	e := pg.data[start:]
	at, keySize, valueSize := uint64(native.Uint32(e)), uint64(native.Uint32(e[4:])), uint64(0)
	if pg.kind == leafPage {
		at, keySize, valueSize = keySize, uint64(native.Uint32(e[8:])), uint64(native.Uint32(e[12:]))
	}
	at += start
	if at < table || keySize == 0 || at+keySize+valueSize > size {
		return nil, nil, fmt.Errorf("element %d: outside of the page", i)
	}
	key, value = pg.data[at:at+keySize], pg.data[at+keySize:at+keySize+valueSize]
	if i > 0 {
		low = before[i-1]
	}
	if c := bytes.Compare(key, low); low != nil && (c < 0 || i > 0 && c == 0) || high != nil && bytes.Compare(key, high) >= 0 {
		return nil, nil, fmt.Errorf("element %d: key %q is out of order", i, key)
	}
	return key, value, nil
}

// freelist verifies the page that lists those which may be written to.
func (p *pages) freelist() error {
	pg, err := p.read(p.free)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	count, ids := uint64(pg.count), pg.data[pageHeader:] //nolint:gosec // 16 bits
	if count == 0xFFFF {                                 // then the number is the first
		count, ids = native.Uint64(ids), ids[8:]
	}
	if pg.kind != freePage || count > uint64(len(ids)/8) {
		return fmt.Errorf("page %d: is no list of free pages", p.free)
	}
	var last uint64 = 1
	for i := range count {
		id := native.Uint64(ids[i*8:])
		if id <= last || id >= p.high || p.used[id] {
			return fmt.Errorf("page %d: lists page %d as free", p.free, id)
		}
		last = id
	}
	return nil
}

// Package place keeps the offsets of a source in a file of its own, for sources
// that read something which does not remember how far they have come.
//
//	kept, err := place.Open("offsets/lines.json") // what was last saved
//	from, ok := kept.Offset("lines.log")          // in Initialize
//	err = kept.Save(offsets)                      // in Commit
//
// A file is replaced as a whole or not at all, also when the machine goes down in
// the middle. One that somebody else has damaged is refused, never guessed at.
package place

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	connect "github.com/danube-messaging/danube-connect-go"
)

// maxBytes bounds what is read before anything is allocated for it.
const maxBytes = 16 << 20

// File is a file of offsets, one per partition. It belongs to one process at a
// time; its methods are safe for concurrent use.
type File struct {
	path string

	mu      sync.Mutex
	offsets map[string]connect.Offset
}

// Open reads the file at path. One that does not exist is empty, and its directory
// is made. A file that was not written by Save is an error of connect.ClassFatal.
func Open(path string) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{path: path, offsets: map[string]connect.Offset{}}, nil
	}
	if err != nil {
		return nil, err
	}
	offsets, err := decode(data)
	if err != nil {
		return nil, connect.Fatal(fmt.Errorf("offsets in %s: %w; put back a whole copy, or remove the file to begin from the beginning", path, err))
	}
	return &File{path: path, offsets: offsets}, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// Offset returns the offset of a partition and whether there is one.
func (f *File) Offset(partition string) (connect.Offset, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.offsets[partition]
	return o, ok
}

// Save puts the offsets in the place of those of their partitions and leaves the
// others as they are. When it returns nil they are on the disk; on an error the
// file is as it was before.
func (f *File) Save(offsets []connect.Offset) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := maps.Clone(f.offsets)
	for _, o := range offsets {
		next[o.Partition] = o
	}
	data, err := encode(next)
	if err != nil {
		return err
	}
	if err := replace(f.path, data); err != nil {
		return err
	}
	f.offsets = next
	return nil
}

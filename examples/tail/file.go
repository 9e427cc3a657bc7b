package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// followed is a file that is open, and how far it has been read. It need not be
// the one that the path names: that may have been put in its place.
type followed struct {
	*reader
	name string
	file *os.File
	info fs.FileInfo // as it was opened
}

// follow opens the file at path for reading on from a position; nil without an
// error when there is no file, or not the one the position is in.
func follow(path string, at int64, m mark) (*followed, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return nil, connect.ConfigError("%s is a %v; it must be a regular file", path, info.Mode().Type())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &followed{name: path, file: file, reader: &reader{file: file, at: at, mark: m}}
	if f.info, err = file.Stat(); err == nil {
		var same bool
		if same, err = m.standsBefore(file, at); err == nil && same {
			return f, nil
		}
	}
	return nil, errors.Join(err, file.Close())
}

// moved looks beside path for the file that a position is in, under whatever name
// with that beginning a rotation has given it: lines.log.1, lines.log-20260801.
func moved(path string, at int64, m mark) (*followed, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	for _, e := range entries {
		if !e.Type().IsRegular() || e.Name() == base || !strings.HasPrefix(e.Name(), base) {
			continue
		}
		if f, err := follow(filepath.Join(filepath.Dir(path), e.Name()), at, m); err == nil && f != nil {
			return f, nil
		}
	}
	return nil, nil
}

// condition is what has become of a followed file.
type condition uint8

const (
	unchanged condition = iota
	grown
	truncated // or written anew: what has been read is no longer there
)

// look tells the condition.
func (f *followed) look() (condition, error) {
	info, err := f.file.Stat()
	if err != nil {
		return unchanged, err
	}
	if info.Size() < f.read() {
		f.drop()
	}
	if info.Size() == f.read() {
		return unchanged, nil
	}
	same, err := f.mark.standsBefore(f.file, f.at)
	if err != nil {
		return unchanged, err
	}
	if !same {
		return truncated, nil
	}
	return grown, nil
}

// naming is what the path stands for now.
type naming uint8

const (
	thisFile naming = iota
	noFile          // perhaps the new one is still to come
	otherFile
)

// named tells what the path stands for.
func (f *followed) named(path string) (naming, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return noFile, nil
	case err != nil:
		return thisFile, err
	case os.SameFile(f.info, info):
		return thisFile, nil
	}
	return otherFile, nil
}

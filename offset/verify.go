package offset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// locate returns the absolute path of an existing file.
func locate(path string) (string, error) {
	if path == "" {
		return "", connect.ConfigError("offsets: the path is missing; it must name a file")
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", classed(path, err)
	}
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return full, classed(full, err)
	case !info.Mode().IsRegular():
		return "", connect.ConfigError("offsets %s: must be a file; it is %v", full, info.Mode())
	case info.Size() == 0:
		return "", damaged(full, errors.New("it is empty, and was not when it was made"))
	}
	return full, nil
}

// verify reads a file without writing to it: first its structure, with nothing but
// bounded reads, then through bbolt, which trusts what it maps. It holds a lock
// that keeps writers out.
func verify(path string, wait time.Duration) (*state, error) {
	db, raw, err := openDB(path, true, wait)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	if err := checkPages(raw); err != nil {
		return nil, failure(path, err)
	}
	held, err := load(db)
	if err != nil {
		return nil, failure(path, err)
	}
	return held, nil
}

// failure says what it means that a file could not be read.
func failure(path string, err error) error {
	if errors.Is(err, ErrFormat) {
		return connect.Fatal(fmt.Errorf("offsets %s: %w; use the version that wrote it, or note the positions there and set them in a new file", path, err))
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return classed(path, err) // the disk failed, not what is on it
	}
	return damaged(path, err)
}

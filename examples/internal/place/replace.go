package place

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// replace puts data in the place of the file at path: a reader sees the old one or
// the new one, and after a nil answer a crash of the machine brings back the new
// one. What a crash leaves of a half-written file is overwritten by the next call.
func replace(path string, data []byte) error {
	half := path + ".tmp"
	if err := write(half, data); err != nil {
		_ = os.Remove(half) // what went wrong has been said
		return err
	}
	if err := os.Rename(half, path); err != nil {
		_ = os.Remove(half) // what went wrong has been said
		return err
	}
	return syncDir(filepath.Dir(path))
}

// write returns once the data is on the disk.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// syncDir makes the new name last: it is the directory's, not the file's.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // which has no such call, and does it by itself
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

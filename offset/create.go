package offset

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
)

// create makes the file at path, complete from the first moment that it has this
// name. Of several processes that do so at once one makes it, the others use it.
func create(path, connector string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return classed(path, err)
	}
	fresh, err := os.CreateTemp(dir, filepath.Base(path)+".*.new")
	if err != nil {
		return classed(path, err)
	}
	defer os.Remove(fresh.Name()) //nolint:errcheck // at worst a file too many
	err = errors.Join(fresh.Close(), lay(fresh.Name(), connector))
	if err == nil {
		err = publish(fresh.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	return classed(path, err)
}

// lay writes the first transaction: a head, and no positions.
func lay(path, connector string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoStatistics: true})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return put(tx, &change{header: header{connector: connector, tx: uint64(tx.ID())}}) //nolint:gosec // counts from 2
	})
	return errors.Join(err, db.Close())
}

// publish gives a file its name, unless another has it by now. Where a file cannot
// have two names for a moment it is renamed, which might replace one just made;
// whoever uses that will notice (file.write).
func publish(fresh, path string) error {
	err := os.Link(fresh, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return os.Rename(fresh, path)
}

// syncDir makes a new name last: it is the directory's, not the file's.
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

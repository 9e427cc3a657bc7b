package offset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	connect "github.com/danube-messaging/danube-connect-go"
)

// patience is how long a lock is waited for unless Settings say otherwise.
const patience = time.Second

// file is the disk of a Store. It belongs to one caller at a time.
type file struct {
	path string // absolute
	db   engine
	raw  *os.File // what db writes to
	info fs.FileInfo
	// pageSize is that of db.
	pageSize int
	// broken says why nothing can be stored any more.
	broken error
	// jammed is set when bbolt may still hold its own locks.
	jammed bool
}

// engine is what a file needs of *bbolt.DB.
type engine interface {
	Update(func(*bbolt.Tx) error) error
	View(func(*bbolt.Tx) error) error
	Close() error
}

// errPanic is what becomes of a panic in bbolt.
var errPanic = errors.New("panic")

// guard turns a panic of do into an error; so it does a fault of the memory that a
// file is mapped to, which is what a disk that cannot be read looks like.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return do()
}

// openDB opens the database in an existing file.
func openDB(path string, readOnly bool, wait time.Duration) (db *bbolt.DB, raw *os.File, err error) {
	options := &bbolt.Options{
		Timeout: wait, ReadOnly: readOnly, NoStatistics: true,
		// The free pages are kept in the file, so that bbolt finds them by reading
		// one verified page rather than by a scan in a goroutine of its own, where
		// no panic could be caught.
		NoFreelistSync: false,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			raw, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
			return raw, err
		},
	}
	err = guard(func() error { db, err = bbolt.Open(path, 0o600, options); return err })
	if err == nil {
		return db, raw, nil
	}
	if errors.Is(err, errPanic) {
		_ = raw.Close() // bbolt has not come to it
	}
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, nil, locked(path)
	}
	return nil, nil, failure(path, err)
}

// open opens the file for writing, after it has been found to be as written.
func open(path string, s Settings) (*file, *state, error) {
	wait := s.Wait
	if wait == 0 {
		wait = patience
	}
	full, err := locate(path)
	if errors.Is(err, fs.ErrNotExist) && !s.Existing {
		if err = create(full, s.Connector); err == nil {
			full, err = locate(path)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	held, err := verify(full, wait)
	if err == nil {
		err = s.owns(full, held.connector)
	}
	if err != nil {
		return nil, nil, err
	}
	f := &file{path: full}
	if held, err = f.open(wait); err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	return f, held, nil
}

// owns refuses the file of another connector.
func (s Settings) owns(path, name string) error {
	if s.Connector == "" || s.Connector == name {
		return nil
	}
	return connect.ConfigError("offsets %s: they belong to connector %q, not to %q; each connector has a file of its own", path, name, s.Connector)
}

// open locks the file, reads it, and makes sure of what it has read.
func (f *file) open(wait time.Duration) (*state, error) {
	db, raw, err := openDB(f.path, false, wait)
	if err != nil {
		return nil, err
	}
	f.db, f.raw, f.pageSize = db, raw, db.Info().PageSize
	if f.info, err = raw.Stat(); err != nil {
		return nil, classed(f.path, err)
	}
	held, err := load(f.db)
	if err != nil {
		return nil, failure(f.path, err)
	}
	// An earlier process may have been told that the last transaction could not be
	// written out for certain, and the disk may since hold less than its cache.
	if err := f.rewrite(held.tx); err != nil {
		return nil, classed(f.path, err)
	}
	return held, nil
}

// rewrite writes the page that makes a transaction valid once more and syncs it. A
// page whose sync has failed is not written by the next one: the kernel takes it
// for clean.
func (f *file) rewrite(tx uint64) error {
	page := make([]byte, f.pageSize)
	at := int64(tx%2) * int64(f.pageSize)
	if _, err := f.raw.ReadAt(page, at); err != nil {
		return err
	}
	if _, err := f.raw.WriteAt(page, at); err != nil {
		return err
	}
	return f.raw.Sync()
}

// write stores a change, or says that it has not and what may be done about it.
func (f *file) write(c *change) error {
	if f.broken != nil {
		return f.broken
	}
	c.header.tx = 0 // until there is one
	err := guard(func() error {
		return f.db.Update(func(tx *bbolt.Tx) error {
			c.header.tx = uint64(tx.ID()) //nolint:gosec // counts from 2
			return put(tx, c)
		})
	})
	if err != nil {
		if err = f.failed(c, err); err != nil {
			return err
		}
	}
	// A commit into a file that has no name any more would be lost with the process.
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, f.info) {
		return f.breaks("it was removed or replaced while in use; what is there now does not have the last commit")
	}
	return classed(f.path, err)
}

// failed finds out what a failed transaction has left behind. Nothing: it may be
// tried again. A valid transaction that the disk has not confirmed: it is written
// out once more, for building on it would risk the one before.
func (f *file) failed(c *change, err error) error {
	if errors.Is(err, errPanic) {
		f.jammed = true
		return f.breaks("%w; the offsets stay locked until the process ends", err)
	}
	var last uint64
	seen := guard(func() error {
		return f.db.View(func(tx *bbolt.Tx) error { last = uint64(tx.ID()); return nil }) //nolint:gosec // counts from 0
	})
	if seen != nil {
		return f.breaks("%w, and after that the file could not be read: %w", err, seen)
	}
	if last != c.header.tx {
		return connect.Retryable(fmt.Errorf("offsets %s: not stored, the last commit still stands: %w", f.path, err))
	}
	if again := f.rewrite(last); again != nil {
		return f.breaks("%w, and writing it again failed as well: %w; the disk does not confirm what it was given, so the last commit may be there or not", err, again)
	}
	return nil
}

// breaks ends the use of the file for good.
func (f *file) breaks(why string, args ...any) error {
	f.broken = connect.Fatal(fmt.Errorf("offsets %s: %w", f.path, fmt.Errorf(why, args...)))
	return f.broken
}

// close lets go of the file and its lock.
func (f *file) close() error {
	if f.db == nil || f.jammed {
		return nil
	}
	return classed(f.path, guard(f.db.Close))
}

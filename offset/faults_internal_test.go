package offset

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	connect "github.com/danube-messaging/danube-connect-go"
)

// faulty is a database whose transactions fail as they are told to.
type faulty struct {
	engine
	update func(e engine, fn func(*bbolt.Tx) error) error
	view   error
}

func (f *faulty) Update(fn func(*bbolt.Tx) error) error {
	return f.update(f.engine, fn)
}

func (f *faulty) View(fn func(*bbolt.Tx) error) error {
	if f.view != nil {
		return f.view
	}
	return f.engine.View(fn)
}

// begun opens a file with epoch 1 and position 1 in it.
func begun(t testing.TB) (*Store, *file) {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "offsets.db"), Settings{Connector: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // some tests break it
	if err := errors.Join(s.Begin(t.Context(), 1), s.Commit(t.Context(), 1, offsetAt(1))); err != nil {
		t.Fatal(err)
	}
	return s, s.disk.(*file)
}

// value is the position in a store, and in its file once that has been closed.
func value(t testing.TB, s *Store) uint64 {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	shot, err := Inspect(s.path)
	if err != nil || len(shot.Positions) != 1 {
		t.Fatalf("%+v, %v", shot, err)
	}
	return shot.Positions[0].Offset.Value
}

// TestTransactionsThatFail are failures which leave nothing behind.
func TestTransactionsThatFail(t *testing.T) {
	t.Parallel()
	for name, update := range map[string]func(engine, func(*bbolt.Tx) error) error{
		"before it begins": func(engine, func(*bbolt.Tx) error) error { return berrors.ErrInvalidMapping },
		"when all is changed": func(e engine, fn func(*bbolt.Tx) error) error {
			return e.Update(func(tx *bbolt.Tx) error { return errors.Join(fn(tx), syscall.EIO) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, f := begun(t)
			good := f.db
			f.db = &faulty{engine: good, update: update}
			for range 3 {
				err := s.Commit(t.Context(), 1, offsetAt(2))
				if connect.ClassOf(err) != connect.ClassRetryable || !strings.Contains(err.Error(), "the last commit still stands") {
					t.Errorf("%v", err)
				}
			}
			if s.Resume()[0].Value != 1 {
				t.Errorf("%v", s.Resume())
			}
			f.db = good
			if err := s.Commit(t.Context(), 1, offsetAt(3)); err != nil {
				t.Error(err)
			}
			if v := value(t, s); v != 3 {
				t.Errorf("position %d in the file", v)
			}
		})
	}
}

// unconfirmed commits, and then fails like an fsync.
func unconfirmed(e engine, fn func(*bbolt.Tx) error) error {
	return errors.Join(e.Update(fn), syscall.EIO)
}

// TestUnconfirmedTransactionIsWrittenAgain: what is valid in memory but may not be
// on the disk is written out again, and counts once that has worked.
func TestUnconfirmedTransactionIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	f.db = &faulty{engine: f.db, update: unconfirmed}
	for v := range uint64(4) {
		if err := s.Commit(t.Context(), 1, offsetAt(v+2)); err != nil || s.Resume()[0].Value != v+2 {
			t.Errorf("%v, %v", err, s.Resume())
		}
	}
	if v := value(t, s); v != 5 {
		t.Errorf("position %d in the file", v)
	}
}

// TestUnconfirmedForGood: a disk that does not confirm ends the use of the file, and
// nothing is said to be stored.
func TestUnconfirmedForGood(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	f.db = &faulty{engine: f.db, update: unconfirmed}
	raw := f.raw
	var err error
	if f.raw, err = os.Open(f.path); err != nil { // which cannot be written
		t.Fatal(err)
	}
	for range 2 {
		err := s.Commit(t.Context(), 1, offsetAt(2))
		if connect.ClassOf(err) != connect.ClassFatal || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "does not confirm") {
			t.Errorf("%v", err)
		}
	}
	if s.Resume()[0].Value != 1 {
		t.Errorf("%v", s.Resume())
	}
	_ = f.raw.Close()
	f.raw = raw
	if v := value(t, s); v != 1 && v != 2 {
		t.Errorf("position %d in the file", v)
	}
}

// TestUnreadableAfterFailure: when nobody can say what is stored, no try can help.
func TestUnreadableAfterFailure(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	good := f.db
	f.db = &faulty{engine: good, update: func(engine, func(*bbolt.Tx) error) error { return syscall.EIO }, view: syscall.ENOMEM}
	err := s.Commit(t.Context(), 1, offsetAt(2))
	if connect.ClassOf(err) != connect.ClassFatal || !errors.Is(err, syscall.ENOMEM) || !errors.Is(err, syscall.EIO) {
		t.Errorf("%v", err)
	}
	f.db = good
	if again := s.Commit(t.Context(), 1, offsetAt(2)); !errors.Is(again, syscall.ENOMEM) {
		t.Errorf("and then: %v", again)
	}
	if v := value(t, s); v != 1 {
		t.Errorf("position %d in the file", v)
	}
}

// TestPanicIsAnError: a panic of the database stops one connector, not the process.
func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	good := f.db
	f.db = &faulty{engine: good, update: func(engine, func(*bbolt.Tx) error) error { panic("page 7 already freed") }}
	for range 2 {
		err := s.Commit(t.Context(), 1, offsetAt(2))
		if connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "page 7 already freed") || !strings.Contains(err.Error(), "locked until the process ends") {
			t.Errorf("%v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(f.path, Settings{Connector: "orders", Wait: 1}); !errors.Is(err, ErrLocked) {
		t.Errorf("opened again: %v", err)
	}
	if err := good.Close(); err != nil {
		t.Error(err)
	}
}

// TestFileIsTakenAway: commits into a file without its name would be lost.
func TestFileIsTakenAway(t *testing.T) {
	t.Parallel()
	other, _ := begun(t)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for name, take := range map[string]func(path string) error{
		"removed":  os.Remove,
		"renamed":  func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error { return os.Rename(other.path, path) },
	} {
		t.Run(name, func(t *testing.T) {
			s, f := begun(t)
			if err := take(f.path); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				err := s.Commit(t.Context(), 1, offsetAt(2))
				if connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "removed or replaced") {
					t.Errorf("%v", err)
				}
			}
			if s.Resume()[0].Value != 1 {
				t.Errorf("%v", s.Resume())
			}
		})
	}
}

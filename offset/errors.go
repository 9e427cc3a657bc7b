package offset

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	connect "github.com/danube-messaging/danube-connect-go"
)

// What errors of this package answer to by errors.Is. All come with the file and
// what would be right, and all are of ClassFatal.
var (
	// ErrLocked: another process, or another Store of this one, has the file open.
	ErrLocked = errors.New("offsets are in use")
	// ErrDamaged: the file does not hold what was written to it.
	ErrDamaged = errors.New("offsets are damaged")
	// ErrFormat: the file was written by another version of this package.
	ErrFormat = errors.New("offsets are in another format")
	// ErrFenced: the epoch is over, or its number was given out before.
	ErrFenced = errors.New("epoch is over")
	// ErrChanged: the generation is not the one that was named.
	ErrChanged = errors.New("offsets have changed")
	// ErrClosed: the Store has been closed.
	ErrClosed = errors.New("offsets are closed")
)

// fatal returns a sentinel with the particulars.
func fatal(sentinel error, format string, args ...any) error {
	return connect.Fatal(fmt.Errorf("%w: %w", sentinel, fmt.Errorf(format, args...)))
}

// damaged says what to do about a file that cannot be trusted.
func damaged(path string, err error) error {
	return fatal(ErrDamaged, "%s: %w; put a good copy in its place, or move it away and say where to begin by danube-connect offsets set", path, err)
}

// locked says what holds a file that cannot be locked.
func locked(path string) error {
	return fatal(ErrLocked, "%s: another process has it open; two runtimes need a name and a file each, and offsets are changed while their connector is stopped", path)
}

// classed gives an error of the operating system its class: a missing right is a
// matter of configuration, the rest may pass.
func classed(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return connect.ConfigError("offsets %s: %w; the file is made when its connector first runs, or by danube-connect offsets set with its name and generation 0", path, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return connect.ConfigError("offsets %s: %w; the process must be allowed to write the file, and in its directory to make it", path, err)
	}
	return connect.Retryable(fmt.Errorf("offsets %s: %w", path, err))
}

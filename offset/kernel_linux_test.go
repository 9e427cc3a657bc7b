package offset

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// swap puts another file behind the descriptor that the database writes to, so
// that the kernel itself fails the calls; back undoes it. The lock stays.
func swap(t *testing.T, f *file, path string, flag int) (back func()) {
	t.Helper()
	other, err := os.OpenFile(path, flag, 0)
	if err != nil {
		t.Skipf("no %s here: %v", path, err)
	}
	defer other.Close()
	fd := int(f.raw.Fd())
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(saved)
	replace := func(with int) {
		if err := syscall.Dup3(with, fd, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
	}
	replace(int(other.Fd()))
	return func() {
		replace(saved)
		_ = syscall.Close(saved)
	}
}

// kernelFaults are files that fail in one way each.
var kernelFaults = []struct {
	name, path string
	flag       int
	want       error
}{
	{"no space left", "/dev/full", os.O_RDWR, syscall.ENOSPC},
	{"written, but lost before the sync", "/dev/null", os.O_RDWR, syscall.EINVAL},
	{"not open for writing", "/dev/zero", os.O_RDONLY, syscall.EBADF},
}

// TestKernelRefuses: nothing is said to be stored, the caller may try for as long as
// it wants, and once the fault is gone everything goes on from the last commit.
func TestKernelRefuses(t *testing.T) {
	t.Parallel()
	for _, k := range kernelFaults {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s, f := begun(t)
			for round := range uint64(3) {
				back := swap(t, f, k.path, k.flag)
				for range 3 {
					err := s.Commit(t.Context(), 1, offsetAt(10*round+7))
					if connect.ClassOf(err) != connect.ClassRetryable || !errors.Is(err, k.want) || !strings.Contains(err.Error(), f.path) {
						t.Errorf("%v, want %v", err, k.want)
					}
				}
				if have, want := s.Resume()[0].Value, max(1, 10*round); have != want {
					t.Errorf("at %d, want %d", have, want)
				}
				back()
				if err := s.Commit(t.Context(), 1, offsetAt(10*round+10)); err != nil {
					t.Error(err)
				}
			}
			if v := value(t, s); v != 30 {
				t.Errorf("position %d in the file", v)
			}
		})
	}
}

// TestKilledWhileTheDiskFails: what is in the file is the last commit.
func TestKilledWhileTheDiskFails(t *testing.T) {
	t.Parallel()
	for _, k := range kernelFaults {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s, f := begun(t)
			defer swap(t, f, k.path, k.flag)()
			if err := s.Commit(t.Context(), 1, offsetAt(7)); err == nil {
				t.Fatal("stored")
			}
			shot := atPath(t, copyOf(t, f.path))
			if len(shot.Positions) != 1 || shot.Positions[0].Offset.Value != 1 {
				t.Errorf("%+v", shot)
			}
		})
	}
}

// copyOf copies a file as it is now, lock or not.
func copyOf(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func atPath(t testing.TB, path string) Snapshot {
	t.Helper()
	shot, err := Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	return shot
}

// asNobody runs do with the rights on files of a user without any, which root has
// to be made to feel.
func asNobody(t *testing.T, dir string, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		do()
		return
	}
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const nobody = 65534
	if err := syscall.Setfsuid(nobody); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setfsuid(0) //nolint:errcheck // there is no error to see
	if f, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		_ = f.Close()
		t.Skip("this kernel does not let root write as somebody else")
	}
	do()
}

// TestReadOnly: a file and a directory that cannot be written are a matter of
// configuration; what is in the file can be looked at all the same.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(f.path)
	for path, mode := range map[string]fs.FileMode{f.path: 0o444, dir: 0o555} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) }) // so that it can be removed
	asNobody(t, dir, func() {
		for _, path := range []string{f.path, filepath.Join(dir, "new.db"), filepath.Join(dir, "new", "new.db")} {
			_, err := Open(path, Settings{Connector: "orders"})
			if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "must be allowed to write") {
				t.Errorf("%s: %v", path, err)
			}
		}
		if shot := atPath(t, f.path); shot.Connector != "orders" || shot.Positions[0].Offset.Value != 1 {
			t.Errorf("%+v", shot)
		}
	})
}

package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// diskFault is a file that fails in one way, put where the offset store's file is.
type diskFault struct {
	name, path string
	flag       int
	says       string // what an operator reads
}

var diskFaults = []diskFault{
	{"no space left on device", "/dev/full", os.O_RDWR, "no space left on device"},
	{"input/output error", "/proc/self/mem", os.O_RDWR, "input/output error"}, // at address 0 there is nothing
	{"lost before the sync", "/dev/null", os.O_RDWR, "invalid argument"},
	{"not open for writing", "/dev/zero", os.O_RDONLY, "bad file descriptor"},
}

// break puts the file that fails behind the descriptor of this process that has
// path open, so that the kernel itself fails the calls; the lock on path stays. It
// does nothing when nobody has it open. heal undoes it.
func (d diskFault) breaks(path string) (heal func(), err error) {
	fd, err := descriptor(path)
	if err != nil || fd < 0 {
		return func() {}, err
	}
	other, err := os.OpenFile(d.path, d.flag, 0)
	if err != nil {
		return nil, err
	}
	defer other.Close()
	saved, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(saved)
	if err := syscall.Dup3(int(other.Fd()), fd, syscall.O_CLOEXEC); err != nil {
		return nil, err
	}
	return func() {
		// Not if the store was closed meanwhile, and the number is somebody else's.
		if at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && at == other.Name() || sameMemory(at, d.path) {
			_ = syscall.Dup3(saved, fd, syscall.O_CLOEXEC)
		}
		_ = syscall.Close(saved)
	}, nil
}

// sameMemory: the kernel shows /proc/self/mem under the number of the process.
func sameMemory(at, path string) bool {
	return path == "/proc/self/mem" && at == fmt.Sprintf("/proc/%d/mem", os.Getpid())
}

// descriptor finds the descriptor that path is open by, -1 for none.
func descriptor(path string) (int, error) {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1, err
	}
	for _, each := range all {
		at, err := os.Readlink(filepath.Join("/proc/self/fd", each.Name()))
		if err != nil || at != path {
			continue // closed meanwhile, or another
		}
		return strconv.Atoi(each.Name())
	}
	return -1, nil
}

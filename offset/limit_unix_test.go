//go:build unix

package offset_test

import "syscall"

// limitFileSize limits the size of what this process writes, until free is called.
func limitFileSize(bytes uint64) (free func() error, err error) {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return nil, err
	}
	limit := was
	limit.Cur = bytes
	return func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) }, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

//go:build unix

package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"
)

// usageNow reads the usage of this process.
func usageNow() (usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}, fmt.Errorf("getrusage: %w", err)
	}
	rss := int64(r.Maxrss) * 1024
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		rss = int64(r.Maxrss) // bytes there, KiB elsewhere
	}
	return usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), MaxRSS: rss}, nil
}

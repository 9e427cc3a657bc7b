//go:build !unix

package main

import (
	"errors"
	"runtime"
)

// usageNow fails: half of the gates are about CPU time, which is read with
// getrusage.
func usageNow() (usage, error) {
	return usage{}, errors.New("no getrusage on " + runtime.GOOS + "; run the benchmark on a Unix")
}

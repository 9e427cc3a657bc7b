package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
)

// profiles begins what the options ask for and returns what ends and writes it.
func profiles(o options) (stop func() error, err error) {
	if o.heapTo != "" {
		runtime.MemProfileRate = 1 // every allocation: counts matter here, not time
	}
	stopCPU, err := cpuProfile(o.cpuTo)
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(stopCPU(), heapProfile(o.heapTo)) }, nil
}

// cpuProfile does nothing when to is empty.
func cpuProfile(to string) (stop func() error, err error) {
	if to == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(to)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// heapProfile writes what was allocated so far, unless to is empty.
func heapProfile(to string) error {
	if to == "" {
		return nil
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

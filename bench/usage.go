package main

import (
	"runtime"
	"time"
)

// usage is what a process has used since it began.
type usage struct {
	// CPU is user and system time together.
	CPU time.Duration `json:"cpu"`
	// MaxRSS is the most memory it was given at once, in bytes.
	MaxRSS int64 `json:"max_rss"`
}

// heap is what the Go heap of this process has given out.
type heap struct{ objects, bytes uint64 }

// heapNow stops the world for a moment, so it is read outside of what is timed.
func heapNow() heap {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return heap{m.Mallocs, m.TotalAlloc}
}

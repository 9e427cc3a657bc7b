package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// gauge reads something of the machine.
type gauge struct {
	name  string
	topic string
	// read returns values by the key of their record; those beside an error are
	// less than there could be.
	read func() (map[string]map[string]any, error)
}

// gauges are what there is to read, given where the system tells about itself.
func gauges(proc string) []gauge {
	return []gauge{
		{"memory", machineTopic, file(proc, "meminfo", "memory", parseMemory)},
		{"load", machineTopic, file(proc, "loadavg", "load", parseLoad)},
		{"program", machineTopic, program},
		{"network counters", networkTopic, func() (map[string]map[string]any, error) { return network(proc) }},
	}
}

// file reads a file of proc into the record of one key.
func file(proc, name, key string, parse func([]byte) (map[string]any, error)) func() (map[string]map[string]any, error) {
	return func() (map[string]map[string]any, error) {
		data, err := os.ReadFile(filepath.Join(proc, name))
		if err != nil {
			return nil, err
		}
		values, err := parse(data)
		if err != nil {
			return nil, err
		}
		return map[string]map[string]any{key: values}, nil
	}
}

// program is about this process; every system can tell.
func program() (map[string]map[string]any, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return map[string]map[string]any{"program": {
		"goroutines": runtime.NumGoroutine(), "heap_bytes": m.HeapAlloc, "collections": m.NumGC,
	}}, nil
}

// network is one record per interface: its counters, or where nobody counts, how
// it is set.
func network(proc string) (map[string]map[string]any, error) {
	data, err := os.ReadFile(filepath.Join(proc, "net", "dev"))
	if err == nil {
		return parseNetwork(data)
	}
	interfaces, listed := net.Interfaces()
	if listed != nil {
		return nil, listed
	}
	readings := map[string]map[string]any{}
	for _, i := range interfaces {
		readings[i.Name] = map[string]any{"mtu": i.MTU, "flags": i.Flags.String()}
	}
	return readings, err
}

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// memoryNames are the lines of meminfo that are of interest.
var memoryNames = map[string]string{
	"MemTotal": "total_bytes", "MemAvailable": "available_bytes", "SwapTotal": "swap_total_bytes", "SwapFree": "swap_free_bytes",
}

// parseMemory reads lines such as "MemTotal:  16336 kB".
func parseMemory(data []byte) (map[string]any, error) {
	values := map[string]any{}
	for line := range strings.Lines(string(data)) {
		name, rest, _ := strings.Cut(line, ":")
		key, ok := memoryNames[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 54)
		if err != nil {
			return nil, fmt.Errorf("meminfo: %s: %w", name, err)
		}
		values[key] = n << 10
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("meminfo: no line that is known")
	}
	return values, nil
}

// parseLoad reads "0.52 0.58 0.59 2/467 12345".
func parseLoad(data []byte) (map[string]any, error) {
	fields := strings.Fields(string(data))
	if len(fields) < 4 {
		return nil, fmt.Errorf("loadavg: %d fields; want at least 4", len(fields))
	}
	values := map[string]any{}
	for i, name := range []string{"1m", "5m", "15m"} {
		load, err := strconv.ParseFloat(fields[i], 64)
		if err != nil || load != load || load < 0 || load > 1e9 {
			return nil, fmt.Errorf("loadavg: %q is no load", fields[i])
		}
		values[name] = load
	}
	for i, text := range strings.SplitN(fields[3], "/", 2) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("loadavg: %w", err)
		}
		values[[]string{"running", "processes"}[i]] = n
	}
	return values, nil
}

// counters are the columns of net/dev of interest, by index.
var counters = map[int]string{
	0: "rx_bytes", 1: "rx_packets", 2: "rx_errors", 3: "rx_dropped",
	8: "tx_bytes", 9: "tx_packets", 10: "tx_errors", 11: "tx_dropped",
}

// parseNetwork reads two lines of headings and then one line per interface, its
// name before a colon and sixteen counters behind it. Interfaces that have never
// carried anything are left out.
func parseNetwork(data []byte) (map[string]map[string]any, error) {
	readings := map[string]map[string]any{}
	for line := range strings.Lines(string(data)) {
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		columns := strings.Fields(rest)
		if len(columns) < 12 || name == "" {
			return nil, fmt.Errorf("net/dev: %d columns for %q; want at least 12", len(columns), name)
		}
		values, carried := map[string]any{}, false
		for i, counter := range counters {
			n, err := strconv.ParseUint(columns[i], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("net/dev: %s: %w", name, err)
			}
			values[counter] = n
			carried = carried || n > 0
		}
		if carried {
			readings[name] = values
		}
	}
	return readings, nil
}

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const meminfo = `MemTotal:       16336268 kB
MemFree:         1234567 kB
MemAvailable:    9876543 kB
HugePages_Total:       0
SwapTotal:             0 kB
SwapFree:              0 kB
`

var memories = []struct {
	text string
	want map[string]any
	err  string
}{
	{meminfo, map[string]any{
		"total_bytes": uint64(16336268 << 10), "available_bytes": uint64(9876543 << 10),
		"swap_total_bytes": uint64(0), "swap_free_bytes": uint64(0),
	}, ""},
	{"MemTotal: 1 kB", map[string]any{"total_bytes": uint64(1024)}, ""},
	{"MemTotal: much kB\n", nil, "MemTotal"},
	{"MemTotal: 18446744073709551615 kB\n", nil, "out of range"},
	{"MemTotal\n", nil, "no line that is known"},
	{"", nil, "no line that is known"},
	{"Something: 1 kB\n", nil, "no line that is known"},
}

func TestParseMemory(t *testing.T) {
	t.Parallel()
	for _, m := range memories {
		got, err := parseMemory([]byte(m.text))
		check(t, m.text, got, err, m.want, m.err)
	}
}

// check compares the outcome of a parser with what it should be.
func check(t *testing.T, text string, got any, err error, want any, wrong string) {
	t.Helper()
	switch {
	case wrong != "":
		if err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: got %v, %v; want an error with %q", text, got, err, wrong)
		}
	case err != nil:
		t.Errorf("%q: %v", text, err)
	default:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", text, diff)
		}
	}
}

var loads = []struct {
	text string
	want map[string]any
	err  string
}{
	{"0.52 0.58 12.59 2/467 12345\n", map[string]any{
		"1m": 0.52, "5m": 0.58, "15m": 12.59, "running": uint64(2), "processes": uint64(467),
	}, ""},
	{"0 0 0 1", map[string]any{"1m": 0.0, "5m": 0.0, "15m": 0.0, "running": uint64(1)}, ""},
	{"0.52 0.58", nil, "2 fields"},
	{"", nil, "0 fields"},
	{"a 0 0 1/1 1", nil, `"a" is no load`},
	{"NaN 0 0 1/1 1", nil, `"NaN" is no load`},
	{"0 +Inf 0 1/1 1", nil, `"+Inf" is no load`},
	{"0 0 -1 1/1 1", nil, `"-1" is no load`},
	{"0 0 0 1/x 1", nil, "invalid syntax"},
}

func TestParseLoad(t *testing.T) {
	t.Parallel()
	for _, l := range loads {
		got, err := parseLoad([]byte(l.text))
		check(t, l.text, got, err, l.want, l.err)
	}
}

const netdev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 100 2 0 0 0 0 0 0 100 2 0 0 0 0 0 0
  eth0:18446744073709551615 6 1 2 9 9 9 9 7 8 3 4 9 9 9 9
 never: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
`

var networks = []struct {
	text string
	want map[string]map[string]any
	err  string
}{
	{netdev, map[string]map[string]any{
		"lo": {
			"rx_bytes": uint64(100), "rx_packets": uint64(2), "rx_errors": uint64(0), "rx_dropped": uint64(0),
			"tx_bytes": uint64(100), "tx_packets": uint64(2), "tx_errors": uint64(0), "tx_dropped": uint64(0),
		},
		"eth0": {
			"rx_bytes": uint64(18446744073709551615), "rx_packets": uint64(6), "rx_errors": uint64(1), "rx_dropped": uint64(2),
			"tx_bytes": uint64(7), "tx_packets": uint64(8), "tx_errors": uint64(3), "tx_dropped": uint64(4),
		},
	}, ""},
	{"", map[string]map[string]any{}, ""},
	{"eth0: 1 2 3\n", nil, "3 columns"},
	{": 1 2 3 4 5 6 7 8 9 10 11 12\n", nil, `for ""`},
	{"eth0: 1 2 3 4 5 6 7 8 9 10 11 many\n", nil, "eth0"},
}

func TestParseNetwork(t *testing.T) {
	t.Parallel()
	for _, n := range networks {
		got, err := parseNetwork([]byte(n.text))
		check(t, n.text, got, err, n.want, n.err)
	}
}

// FuzzParsers expects of each parser that it gives values or an error, and values
// under names it knows.
func FuzzParsers(f *testing.F) {
	for _, text := range []string{meminfo, netdev, "0.52 0.58 12.59 2/467 12345\n", "1e308 0 0 1/1", "a: b: c"} {
		f.Add([]byte(text))
	}
	known := []string{"1m", "5m", "15m", "running", "processes"}
	known = slices.AppendSeq(known, maps.Values(memoryNames))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (map[string]any, error){parseMemory, parseLoad} {
			values, err := parse(data)
			if (err == nil) != (len(values) > 0) {
				t.Errorf("%v beside %v", values, err)
			}
			for name := range values {
				if !slices.Contains(known, name) {
					t.Errorf("a value is called %q", name)
				}
			}
		}
		readings, err := parseNetwork(data)
		if err != nil && readings != nil {
			t.Errorf("%v beside %v", readings, err)
		}
		for name, values := range readings {
			if name == "" || len(values) != len(counters) {
				t.Errorf("%q has %v", name, values)
			}
		}
	})
}

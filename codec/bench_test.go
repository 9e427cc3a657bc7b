package codec

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// reading is a typical record of some 250 bytes.
type reading struct {
	Device string             `json:"device"`
	Seq    int64              `json:"seq"`
	At     string             `json:"at"`
	Values map[string]float64 `json:"values"`
	Note   string             `json:"note"`
}

func newReading() reading {
	return reading{
		"sensor-17/kitchen", 9007199254740993, "2026-11-23T18:00:00.123456789Z",
		map[string]float64{"temperature": 21.25, "humidity": 0.431, "pressure": 1013.2},
		strings.Repeat("quiet ", 16),
	}
}

// cases are what passes through and what has to be made.
func cases(tb testing.TB) map[string]struct {
	schemaType string
	record     connect.Record
	allocs     float64
} {
	tb.Helper()
	text, err := json.Marshal(newReading())
	if err != nil {
		tb.Fatal(err)
	}
	return map[string]struct {
		schemaType string
		record     connect.Record
		allocs     float64
	}{
		"json/raw":      {"", connect.RawJSON("t", text), 0},
		"json/bytes":    {"", connect.Bytes("t", text), 0},
		"json/number":   {"", connect.Number("t", int64(9007199254740993)), 0},
		"json/string":   {"", connect.String("t", strings.Repeat("quiet ", 40)), 1},
		"json/struct":   {"", connect.JSON("t", newReading()), 12},
		"string/string": {"string", connect.String("t", string(bytes.Repeat([]byte("quiet "), 40))), 0},
		"string/raw":    {"string", connect.RawJSON("t", []byte(`"`+strings.Repeat("quiet ", 40)+`"`)), 0},
		"number/number": {"number", connect.Number("t", 0.1), 0},
		"number/raw":    {"number", connect.RawJSON("t", []byte("-1.5e3")), 0},
		"bytes/bytes":   {"bytes", connect.Bytes("t", text), 0},
	}
}

func BenchmarkEncode(b *testing.B) {
	all := codecs(b)
	for name, c := range cases(b) {
		b.Run(name, func(b *testing.B) {
			encoder := all[c.schemaType]
			b.SetBytes(int64(len(c.record.Raw())))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encoder.Encode(c.record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What passes through costs no allocation. Not parallel: allocations are counted
// for the whole process.
func TestAllocations(t *testing.T) {
	all := codecs(t)
	for name, c := range cases(t) {
		encoder := all[c.schemaType]
		got := testing.AllocsPerRun(200, func() {
			if _, err := encoder.Encode(c.record); err != nil {
				t.Fatal(err)
			}
		})
		if limit := c.allocs; got > limit && !(raceEnabled && limit > 0) {
			t.Errorf("%s: %v allocations, want at most %v", name, got, limit)
		}
	}
}

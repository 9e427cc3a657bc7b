package config

import (
	"strings"
	"testing"
)

var sizes = []struct {
	text string
	want Size
	out  string
}{
	{"0B", 0, "0B"},
	{"1B", 1, "1B"},
	{"1kB", 1000, "1000B"},
	{"1KiB", 1024, "1KiB"},
	{"64MiB", 64 << 20, "64MiB"},
	{"1MB", 1e6, "1000000B"},
	{"2GB", 2e9, "1953125KiB"},
	{"3GiB", 3 << 30, "3GiB"},
	{"1024MiB", 1 << 30, "1GiB"},
	{"9223372036854775807B", 1<<63 - 1, "9223372036854775807B"},
	{"007B", 7, "7B"},
}

var notSizes = []string{
	"", "B", "64", "64M", "64mib", "64 MiB", " 64MiB", "-1B", "+1B", "1.5GiB", "1e3B", "0x10B", "1_000B",
	"9223372036854775808B", "8589934592GiB", "9223372037GB", "MiBMiB", "1MiBB", "1iB", "ten",
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range sizes {
		var got Size
		if err := got.UnmarshalText([]byte(tt.text)); err != nil || got != tt.want || got.String() != tt.out {
			t.Errorf("%s is %d, prints %s, %v; want %d, %s", tt.text, int64(got), got, err, int64(tt.want), tt.out)
		}
		text, err := got.MarshalText()
		var again Size
		if err := again.UnmarshalText(text); err != nil || again != got {
			t.Errorf("%s reads back as %d, %v", text, int64(again), err)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if s := Size(-2048).String(); s != "-2KiB" {
		t.Errorf("-2048 prints %s", s)
	}
}

func TestNotSizes(t *testing.T) {
	t.Parallel()
	for _, text := range notSizes {
		got := Size(42)
		if err := got.UnmarshalText([]byte(text)); err == nil || got != 42 || !strings.Contains(err.Error(), "; must be ") {
			t.Errorf("%q is %d, %v", text, int64(got), err)
		}
	}
}

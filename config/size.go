package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written in a file as text with a unit ("64MiB") or
// as an integer. Negative sizes do not exist in a file.
type Size int64

// sizeUnits has the units a file may use; the binary ones come first, largest
// first, for String.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
}

// UnmarshalText reads a whole number of B, kB, MB, GB (powers of 1000), KiB, MiB
// or GiB (powers of 1024).
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "BGKMik")
	for _, u := range sizeUnits {
		if string(text[len(digits):]) != u.name {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes || digits[0] == '+' {
			break
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf(`%q is not a size; must be a whole number and a unit (B, KiB, MiB, GiB, kB, MB, GB), such as "64MiB"`, text)
}

// MarshalText writes the size as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String prints the size exactly, in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits[:3] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

package offset

import (
	"errors"
	"math"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var headers = []header{
	{connector: "a"},
	{connector: "orders", epoch: 1, generation: 2, tx: 3, count: 4, sum: 5},
	{connector: strings.Repeat("é", 127), epoch: math.MaxUint64, generation: math.MaxUint64, tx: math.MaxUint64, count: math.MaxUint64, sum: math.MaxUint64},
}

var somePositions = []position{
	{offset: connect.Offset{Partition: "a"}},
	{offset: connect.Offset{Partition: "orders/7", Value: 12, Metadata: `{"lsn":"0/16B3748"}`}, epoch: 3, generation: 9, floor: 11, at: 1_700_000_000_000_000},
	{offset: connect.Offset{Partition: "\xff\x00", Value: math.MaxUint64, Metadata: "\x00"}, epoch: math.MaxUint64, generation: math.MaxUint64, floor: math.MaxUint64, at: -1},
}

func TestRecordsComeBack(t *testing.T) {
	t.Parallel()
	for _, h := range headers {
		if back, err := decodeHeader(h.encode()); err != nil || back != h {
			t.Errorf("%+v: %+v, %v", h, back, err)
		}
	}
	for _, p := range somePositions {
		data := p.encode()
		p.sum = sumOf(data)
		if back, err := decodePosition([]byte(p.offset.Partition), data); err != nil || back != p {
			t.Errorf("%+v: %+v, %v", p, back, err)
		}
	}
}

// TestEveryFlippedBitIsFound also cuts each record short and makes it longer.
func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	refuse := func(name string, decode func([]byte) error, good []byte) {
		for bit := range len(good) * 8 {
			bad := append([]byte(nil), good...)
			bad[bit/8] ^= 1 << (bit % 8)
			if err := decode(bad); err == nil || errors.Is(err, ErrFormat) {
				t.Errorf("%s: bit %d flipped: %v", name, bit, err)
			}
		}
		for n := range good {
			if decode(good[:n]) == nil {
				t.Errorf("%s: cut to %d bytes is accepted", name, n)
			}
		}
		if decode(append(good[:len(good):len(good)], 0)) == nil {
			t.Errorf("%s: one byte more is accepted", name)
		}
	}
	for _, h := range headers {
		refuse(h.connector, func(b []byte) error { _, err := decodeHeader(b); return err }, h.encode())
	}
	for _, p := range somePositions {
		key := p.offset.Partition
		refuse(key, func(b []byte) error { _, err := decodePosition([]byte(key), b); return err }, p.encode())
	}
}

// TestRecordsBelongToTheirKeys: a value under another key is refused.
func TestRecordsBelongToTheirKeys(t *testing.T) {
	t.Parallel()
	for _, p := range somePositions {
		for _, key := range []string{"", "b", p.offset.Partition + "x", p.offset.Partition + "\x00"} {
			if back, err := decodePosition([]byte(key), p.encode()); err == nil {
				t.Errorf("%q under %q: %+v", p.offset.Partition, key, back)
			}
		}
	}
}

var impossible = []struct {
	name, words string
	decode      func() error
}{
	{"a newer format", "format 2; this program reads and writes format 1", func() error {
		_, err := decodeHeader(seal(headKey, []byte("DCof\x00\x02anything at all")))
		if !errors.Is(err, ErrFormat) {
			return nil
		}
		return err
	}},
	{"an older format", "format 0", func() error {
		_, err := decodeHeader(seal(headKey, []byte("DCof\x00\x00")))
		return err
	}},
	{"somebody else's record", `not with "DCof"`, func() error {
		_, err := decodeHeader(seal(headKey, []byte(strings.Repeat("x", 80))))
		return err
	}},
	{"a short head", "at least 50", func() error {
		_, err := decodeHeader(seal(headKey, []byte("DCof\x00\x01short")))
		return err
	}},
	{"a head without a name", "1 to 255", func() error { _, err := decodeHeader(header{}.encode()); return err }},
	{"an empty position", "without a partition", func() error { _, err := decodePosition(nil, position{}.encode()); return err }},
	{"a position that went back", "is before 9, which the same epoch had committed", func() error {
		p := position{offset: connect.Offset{Partition: "a", Value: 8}, floor: 9}
		_, err := decodePosition([]byte("a"), p.encode())
		return err
	}},
}

func TestWhatCannotHaveBeenCommitted(t *testing.T) {
	t.Parallel()
	for _, c := range impossible {
		if err := c.decode(); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v; must say %q", c.name, err, c.words)
		}
	}
}

// FuzzRecord reads anything as a record: what is accepted is exactly what would be
// written for what was read.
func FuzzRecord(f *testing.F) {
	for _, h := range headers {
		f.Add(headKey, h.encode(), false)
	}
	for _, p := range somePositions {
		f.Add([]byte(p.offset.Partition), p.encode(), false)
		body := p.encode()
		f.Add([]byte(p.offset.Partition), body[:len(body)-sumSize], true)
	}
	f.Add(headKey, headers[1].encode()[:headSize-sumSize], true)
	f.Fuzz(func(t *testing.T, key, value []byte, sealed bool) {
		if sealed { // or else nothing would ever get past the checksum
			value = seal(key, append([]byte(nil), value...))
		}
		if p, err := decodePosition(key, value); err == nil && string(p.encode()) != string(value) {
			t.Errorf("position %+v was read from %x and would be written as %x", p, value, p.encode())
		}
		if string(key) != string(headKey) {
			return
		}
		if h, err := decodeHeader(value); err == nil && string(h.encode()) != string(value) {
			t.Errorf("head %+v was read from %x and would be written as %x", h, value, h.encode())
		}
	})
}

package place

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// version is that of the form; another one is not read.
const version = 1

// form is what the file holds: JSON that a person can read.
type form struct {
	Version int     `json:"version"`
	Offsets []entry `json:"offsets"`
	// Sum is the CRC-32 of Offsets as encode writes them. It finds what still is
	// JSON but not what was saved: a flipped digit, a slip of an editor.
	Sum uint32 `json:"sum"`
}

type entry struct {
	Partition string `json:"partition"`
	Value     uint64 `json:"value"`
	Metadata  string `json:"metadata,omitempty"`
}

// encode writes the offsets in the order of their partitions.
func encode(offsets map[string]connect.Offset) ([]byte, error) {
	f := form{Version: version, Offsets: []entry{}}
	for _, name := range slices.Sorted(maps.Keys(offsets)) {
		o := offsets[name]
		if o.IsZero() || !utf8.ValidString(name) || !utf8.ValidString(o.Metadata) {
			return nil, connect.Fatal(fmt.Errorf("offset %q with metadata %q cannot be kept; the partition must not be empty, and both must be UTF-8", o, o.Metadata))
		}
		f.Offsets = append(f.Offsets, entry{o.Partition, o.Value, o.Metadata})
	}
	sum, err := f.sum()
	if err != nil {
		return nil, err
	}
	f.Sum = sum
	data, err := json.MarshalIndent(f, "", "  ")
	return append(data, '\n'), err
}

func (f *form) sum() (uint32, error) {
	text, err := json.Marshal(f.Offsets)
	return crc32.ChecksumIEEE(text), err
}

// decode accepts what encode has written and nothing else.
func decode(data []byte) (map[string]connect.Offset, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("more than %d bytes", maxBytes)
	}
	var f form
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("not a file of offsets: %w", err)
	}
	if f.Version != version {
		return nil, fmt.Errorf("version %d; this program reads version %d", f.Version, version)
	}
	offsets := map[string]connect.Offset{}
	for _, e := range f.Offsets {
		offsets[e.Partition] = connect.Offset(e)
	}
	again, err := encode(offsets)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errors.New("not as it was saved")
	}
	return offsets, nil
}

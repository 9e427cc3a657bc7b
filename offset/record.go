package offset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// A record is a key and a value of the file; the last four bytes of a value are
// the CRC-32C of the length of the key, the key, and the value before them. Numbers
// are big-endian.
//
// The head begins, in every format there will ever be, with magic and a 16-bit
// format. Format 1 goes on with epoch, generation, transaction, count, sum and
// the name of the connector. The key of a position is its partition; its value is
// position, epoch, generation, floor, time (µs since 1970) and metadata.
const (
	magic  = "DCof"
	format = 1

	headSize     = len(magic) + 2 + 5*8 + sumSize
	positionSize = 5*8 + sumSize
	sumSize      = 4
)

// The most that is kept of one position, in bytes.
const (
	maxPartition = 32 << 10 // bbolt's longest key
	maxMetadata  = 1 << 20
	maxName      = 255
)

// header is what the head says about the file as a whole.
type header struct {
	connector         string
	epoch, generation uint64
	// tx is the number of the transaction that wrote the head: bbolt's own pages
	// must say the same, or one of them is older than the other.
	tx uint64
	// count and sum are of all positions: how many, and their checksums added up.
	count, sum uint64
}

// position is one offset and how it came about.
type position struct {
	offset            connect.Offset
	epoch, generation uint64
	floor             uint64 // the value before, if that was of the same epoch
	at                int64  // µs since 1970
	sum               uint64 // its checksum
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum of a value without its own.
func checksum(key, body []byte) uint32 {
	sum := crc32.Update(0, castagnoli, binary.BigEndian.AppendUint32(nil, uint32(len(key)))) //nolint:gosec // at most 32 KiB
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, body)
}

// seal appends the checksum to a value.
func seal(key, body []byte) []byte {
	return binary.BigEndian.AppendUint32(body, checksum(key, body))
}

// unseal returns a value without its checksum, if that is right.
func unseal(key, value []byte, least int) ([]byte, error) {
	if len(value) < least {
		return nil, fmt.Errorf("%d bytes, at least %d", len(value), least)
	}
	body := value[:len(value)-sumSize]
	if want, have := binary.BigEndian.Uint32(value[len(body):]), checksum(key, body); want != have {
		return nil, fmt.Errorf("its checksum is %08x, that of what is there %08x", want, have)
	}
	return body, nil
}

// numbers is a row of 64-bit numbers at the front of a value.
type numbers []byte

func (n *numbers) next() uint64 {
	v := binary.BigEndian.Uint64(*n)
	*n = (*n)[8:]
	return v
}

// encode returns the value of the head.
func (h header) encode() []byte {
	b := append([]byte(nil), magic...)
	b = binary.BigEndian.AppendUint16(b, format)
	for _, n := range []uint64{h.epoch, h.generation, h.tx, h.count, h.sum} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return seal(headKey, append(b, h.connector...))
}

// decodeHeader reads the value of the head. Another format is an ErrFormat.
func decodeHeader(value []byte) (h header, err error) {
	body, err := unseal(headKey, value, len(magic)+2+sumSize)
	if err != nil {
		return h, fmt.Errorf("head: %w", err)
	}
	if string(body[:len(magic)]) != magic {
		return h, fmt.Errorf("head: begins with %q, not with %q", body[:len(magic)], magic)
	}
	if f := binary.BigEndian.Uint16(body[len(magic):]); f != format {
		return h, fmt.Errorf("%w: format %d; this program reads and writes format %d", ErrFormat, f, format)
	}
	if len(value) < headSize {
		return h, fmt.Errorf("head: %d bytes, at least %d", len(value), headSize)
	}
	rest := numbers(body[len(magic)+2:])
	h = header{epoch: rest.next(), generation: rest.next(), tx: rest.next(), count: rest.next(), sum: rest.next()}
	h.connector = string(rest)
	return h, checkName(h.connector)
}

// checkName reports what is wrong with the name of a connector.
func checkName(name string) error {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return fmt.Errorf("connector name %q: must be 1 to %d bytes of UTF-8", name, maxName)
	}
	return nil
}

// encode returns the value of a position.
func (p position) encode() []byte {
	b := make([]byte, 0, positionSize+len(p.offset.Metadata))
	for _, n := range []uint64{p.offset.Value, p.epoch, p.generation, p.floor, uint64(p.at)} { //nolint:gosec // read back the same way
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return seal([]byte(p.offset.Partition), append(b, p.offset.Metadata...))
}

// sumOf returns the checksum of an encoded position.
func sumOf(value []byte) uint64 {
	return uint64(binary.BigEndian.Uint32(value[len(value)-sumSize:]))
}

// decodePosition reads a position. What cannot have been committed is an error.
func decodePosition(key, value []byte) (p position, err error) {
	body, err := unseal(key, value, positionSize)
	if err != nil {
		return p, fmt.Errorf("partition %q: %w", key, err)
	}
	rest := numbers(body)
	p = position{offset: connect.Offset{Partition: string(key), Value: rest.next()}, sum: sumOf(value)}
	p.epoch, p.generation, p.floor = rest.next(), rest.next(), rest.next()
	p.at = int64(rest.next()) //nolint:gosec // written the same way
	p.offset.Metadata = string(rest)
	if p.floor > p.offset.Value {
		return p, fmt.Errorf("partition %q: its position %d is before %d, which the same epoch had committed", key, p.offset.Value, p.floor)
	}
	return p, checkOffset(p.offset)
}

// checkOffset reports why an offset cannot be kept.
func checkOffset(o connect.Offset) error {
	switch {
	case o.IsZero():
		return errors.New("an offset without a partition; each names the partition of the source it is about")
	case len(o.Partition) > maxPartition:
		return fmt.Errorf("partition %.64q…: its name has %d bytes, at most %d", o.Partition, len(o.Partition), maxPartition)
	case len(o.Metadata) > maxMetadata:
		return fmt.Errorf("partition %q: its metadata has %d bytes, at most %d", o.Partition, len(o.Metadata), maxMetadata)
	}
	return nil
}

// lastEpoch can never begin, since none could follow it.
const lastEpoch = math.MaxUint64

package main

import (
	"fmt"
	"strings"
)

// A payload is JSON text that says which lane it is of and which message of that
// lane it is, at places known beforehand: the receiver finds them without
// decoding anything, and every contestant sends the same bytes.
//
//	{"lane":"0000002a","seq":"000000000000f00d","fill":"xxx…"}
const (
	laneAt, laneDigits = len(`{"lane":"`), 8
	seqAt, seqDigits   = laneAt + laneDigits + len(`","seq":"`), 16
	leastPayload       = seqAt + seqDigits + len(`","fill":""}`)
)

// mould makes payloads of one size. It does not change and is safe for concurrent
// use.
type mould struct{ text []byte }

// newMould returns a mould for payloads of size bytes.
func newMould(size int) (mould, error) {
	if size < leastPayload {
		return mould{}, fmt.Errorf("payload of %d bytes: must be at least %d, to hold the lane and the number", size, leastPayload)
	}
	lane, seq := strings.Repeat("0", laneDigits), strings.Repeat("0", seqDigits)
	fill := strings.Repeat("x", size-leastPayload)
	return mould{[]byte(`{"lane":"` + lane + `","seq":"` + seq + `","fill":"` + fill + `"}`)}, nil
}

// payload returns a new payload: what is handed to a runtime belongs to it, so it
// is the least any connector allocates for a record.
func (m mould) payload(lane int, seq uint64) []byte {
	made := append([]byte(nil), m.text...)
	writeHex(made[laneAt:laneAt+laneDigits], uint64(lane))
	writeHex(made[seqAt:seqAt+seqDigits], seq)
	return made
}

// identify reads what payload wrote.
func identify(payload []byte) (lane int, seq uint64, err error) {
	if len(payload) < leastPayload {
		return 0, 0, fmt.Errorf("payload has %d bytes; at least %d were sent", len(payload), leastPayload)
	}
	l, err := readHex(payload[laneAt : laneAt+laneDigits])
	if err != nil {
		return 0, 0, fmt.Errorf("lane: %w", err)
	}
	seq, err = readHex(payload[seqAt : seqAt+seqDigits])
	if err != nil {
		return 0, 0, fmt.Errorf("number: %w", err)
	}
	return int(l), seq, nil
}

const hexDigits = "0123456789abcdef"

func writeHex(into []byte, n uint64) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = hexDigits[n&15]
		n >>= 4
	}
}

func readHex(text []byte) (n uint64, err error) {
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			return 0, fmt.Errorf("%q is not in hexadecimal", text)
		}
	}
	return n, nil
}

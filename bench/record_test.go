package main

import (
	"encoding/json"
	"math"
	"testing"
)

func TestPayloadSaysWhoItIs(t *testing.T) {
	t.Parallel()
	for _, size := range []int{leastPayload, 100, 1024, 10 << 10} {
		m, err := newMould(size)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []struct {
			lane int
			seq  uint64
		}{{0, 0}, {42, 61453}, {mostLanes, math.MaxUint64}} {
			p := m.payload(want.lane, want.seq)
			if len(p) != size || !json.Valid(p) {
				t.Errorf("%d bytes, want %d of JSON: %s", len(p), size, p)
			}
			if lane, seq, err := identify(p); lane != want.lane || seq != want.seq || err != nil {
				t.Errorf("identify(%.60s) = %d, %d, %v; want %d, %d", p, lane, seq, err, want.lane, want.seq)
			}
		}
	}
}

func TestPayloadsAreOnesOwn(t *testing.T) {
	t.Parallel()
	m, err := newMould(leastPayload)
	if err != nil {
		t.Fatal(err)
	}
	first := m.payload(1, 1)
	m.payload(2, 2)
	if lane, seq, _ := identify(first); lane != 1 || seq != 1 {
		t.Errorf("the first payload became %s when the second was made", first)
	}
}

func TestMouldTooSmall(t *testing.T) {
	t.Parallel()
	if _, err := newMould(leastPayload - 1); err == nil {
		t.Errorf("a mould of %d bytes was made; it cannot hold lane and number", leastPayload-1)
	}
}

func TestStrangePayloads(t *testing.T) {
	t.Parallel()
	m, err := newMould(100)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := func(at int, c byte) []byte {
		p := m.payload(1, 2)
		p[at] = c
		return p
	}
	for name, p := range map[string][]byte{
		"empty":            nil,
		"one byte short":   m.payload(1, 2)[:leastPayload-1],
		"lane not hex":     spoilt(laneAt, 'g'),
		"lane upper case":  spoilt(laneAt+1, 'A'),
		"number not hex":   spoilt(seqAt+seqDigits-1, '"'),
		"number with sign": spoilt(seqAt, '-'),
	} {
		if lane, seq, err := identify(p); err == nil {
			t.Errorf("%s: identified as lane %d, number %d", name, lane, seq)
		}
	}
}

// Whatever is identified says so wherever it is put.
func FuzzIdentify(f *testing.F) {
	m, err := newMould(100)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.payload(0, 0))
	f.Add(m.payload(mostLanes, math.MaxUint64))
	f.Add([]byte(`{"lane":"`))
	f.Fuzz(func(t *testing.T, p []byte) {
		lane, seq, err := identify(p)
		if err != nil {
			return
		}
		again := m.payload(lane, seq)
		if string(again[laneAt:laneAt+laneDigits]) != string(p[laneAt:laneAt+laneDigits]) || string(again[seqAt:seqAt+seqDigits]) != string(p[seqAt:seqAt+seqDigits]) {
			t.Errorf("%q reads as lane %d, number %d, which is written %q", p, lane, seq, again)
		}
	})
}

package offset

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	connect "github.com/danube-messaging/danube-connect-go"
)

const sector = 512 // what a disk writes at once, or not

// sectors returns the numbers of those that differ.
func sectors(before, after []byte) (data, meta []int) {
	for at := 0; at < len(after); at += sector {
		end := min(at+sector, len(after))
		switch {
		case at < len(before) && bytes.Equal(before[at:min(end, len(before))], after[at:end]):
		case at < 2*os.Getpagesize():
			meta = append(meta, at)
		default:
			data = append(data, at)
		}
	}
	return data, meta
}

// powerCut returns what a disk may hold when the power fails while a file that was
// before becomes after: bbolt syncs all data before it writes the page that makes
// them valid, and what is not synced may be there or not, sector by sector.
func powerCut(t *rapid.T, before, after []byte) []byte {
	data, meta := sectors(before, after)
	cut := append([]byte(nil), before...)
	if len(after) > len(before) && rapid.Bool().Draw(t, "grown") {
		cut = append(cut, make([]byte, len(after)-len(before))...)
	}
	arrive := func(at int) {
		if at < len(cut) {
			copy(cut[at:min(at+sector, len(cut))], after[at:])
		}
	}
	if rapid.Bool().Draw(t, "synced") {
		cut = append(cut, make([]byte, len(after)-len(cut))...)
		for _, at := range data {
			arrive(at)
		}
		for _, at := range meta { // torn at any byte
			n := rapid.IntRange(0, sector).Draw(t, "torn")
			copy(cut[at:at+n], after[at:])
		}
		return cut
	}
	for _, at := range data {
		if rapid.Bool().Draw(t, "arrived") {
			arrive(at)
		}
	}
	return cut
}

// TestLyingDisk says that it has synced and then loses any of what was written. The
// file opens at the commit before or after, or it is refused.
func TestLyingDisk(t *testing.T) {
	t.Parallel()
	s, f := begun(t)
	var states [][]byte
	for v := range uint64(6) {
		// Several partitions, so that the file has pages besides the first leaf.
		offsets := offsetAt(v + 2)
		for i := range 40 {
			offsets = append(offsets, connect.Offset{Partition: fmt.Sprint("p", i), Value: v + 2, Metadata: string(make([]byte, 200))})
		}
		if err := s.Commit(t.Context(), 1, offsets); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, data)
	}
	path, outer := filepath.Join(t.TempDir(), "lied.db"), t
	opens, refusals := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(1, len(states)-1).Draw(t, "commit")
		before, after := states[i-1], states[i]
		cut := append(append([]byte(nil), before...), make([]byte, len(after)-len(before))...)
		data, meta := sectors(before, after)
		for _, at := range append(data, meta...) {
			if rapid.IntRange(0, 9).Draw(t, "lost") > 0 {
				copy(cut[at:at+sector], after[at:])
			}
		}
		overwrite(outer, path, cut)
		shot, err := Inspect(path)
		if err != nil {
			if refusals++; !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		opens++
		for _, p := range shot.Positions {
			if v := shot.Positions[0].Offset.Value; p.Offset.Value != v || v != uint64(i+1) && v != uint64(i+2) {
				t.Fatalf("commit %d: %v beside %d", i, p.Offset, v)
			}
		}
	})
	t.Logf("%d opened, %d refused", opens, refusals)
	if refusals == 0 {
		t.Error("nothing was ever refused: nothing was ever lost")
	}
}

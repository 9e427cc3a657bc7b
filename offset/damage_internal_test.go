package offset

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	connect "github.com/danube-messaging/danube-connect-go"
)

// files are what damage is done to: one whose buckets fit into one page, and one
// with branches. Each has two last states that it may be found in.
func files(t *testing.T) map[string][2]Snapshot {
	t.Helper()
	found := map[string][2]Snapshot{}
	for _, partitions := range []int{2, 150} {
		s, f := begun(t)
		var shots [2]Snapshot
		for round := range shots {
			var offsets []connect.Offset
			for i := range partitions {
				offsets = append(offsets, connect.Offset{Partition: fmt.Sprintf("partition %04d", i), Value: uint64(round), Metadata: "m"})
			}
			if err := s.Commit(t.Context(), 1, offsets); err != nil {
				t.Fatal(err)
			}
			shots[round] = s.Snapshot()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		found[f.path] = shots
	}
	return found
}

// trusted opens a damaged file: one of the two last states or a refusal that says
// what to do, never anything else and never a panic.
func trusted(t *testing.T, what string, data []byte, path string, shots [2]Snapshot) (ok bool) {
	t.Helper()
	overwrite(t, path, data)
	shot, err := Inspect(path)
	if err != nil {
		if !errors.Is(err, ErrDamaged) || connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "put a good copy in its place") {
			t.Errorf("%s: %v", what, err)
		}
		return false
	}
	if !same(shot, shots[0]) && !same(shot, shots[1]) {
		t.Errorf("%s: read as generation %d, which is none of the last two", what, shot.Generation)
	}
	return true
}

func same(a, b Snapshot) bool {
	return a.Connector == b.Connector && a.Epoch == b.Epoch && a.Generation == b.Generation && slices.Equal(a.Positions, b.Positions)
}

// overwrite is os.WriteFile without first cutting the file to nothing, which makes
// some file systems wait for the disk.
func overwrite(t testing.TB, path string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(data, 0)
	if err := errors.Join(err, f.Truncate(int64(len(data))), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// reopened opens a file for writing that could be read, and writes to it.
func reopened(t *testing.T, what, path string) {
	t.Helper()
	s, err := Open(path, Settings{Connector: "orders"})
	if err != nil {
		t.Errorf("%s: could be read, but not opened: %v", what, err)
		return
	}
	epoch := s.Epoch() + 1
	if err := errors.Join(s.Begin(t.Context(), epoch), s.Commit(t.Context(), epoch, offsetAt(1)), s.Close()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestFlippedBits flips a bit in every byte that is in use, and in some that are not.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	for source, shots := range files(t) {
		good, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		path, opens := filepath.Join(t.TempDir(), "flipped.db"), 0
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range good {
			if good[i] == 0 && random.IntN(40) > 0 || len(good) > 1<<16 && random.IntN(8) > 0 {
				continue
			}
			bad := append([]byte(nil), good...)
			bad[i] ^= 1 << random.IntN(8)
			what := fmt.Sprintf("seed %d, byte %d of %s", seed, i, source)
			if trusted(t, what, bad, path, shots) {
				if opens++; random.IntN(30) == 0 {
					reopened(t, what, path)
				}
			}
		}
		t.Logf("%d bytes, %d flips did no harm", len(good), opens)
	}
}

// TestTruncatedFiles cuts the file at every sector, and at odd places.
func TestTruncatedFiles(t *testing.T) {
	t.Parallel()
	for source, shots := range files(t) {
		good, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "cut.db")
		for n := 0; n < len(good); n += 1 + 3*sector {
			trusted(t, fmt.Sprintf("%d of %d bytes", n, len(good)), good[:n], path, shots)
			full := append(append([]byte(nil), good[:n]...), make([]byte, len(good)-n)...)
			trusted(t, fmt.Sprintf("zeros after %d of %d bytes", n, len(good)), full, path, shots)
		}
	}
}

// TestScrambledPages copies, clears and scrambles whole pages and runs of bytes.
func TestScrambledPages(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	size := os.Getpagesize()
	for source, shots := range files(t) {
		good, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "scrambled.db")
		for round := range 1500 {
			bad := append([]byte(nil), good...)
			page := bad[random.IntN(len(bad)/size)*size:][:size]
			switch random.IntN(3) {
			case 0:
				copy(page, good[random.IntN(len(good)/size)*size:])
			case 1:
				clear(page[random.IntN(size):])
			default: // the numbers at its front, where the structure is
				for range 1 + random.IntN(4) {
					page[random.IntN(256)] = byte(random.Uint32())
				}
			}
			trusted(t, fmt.Sprintf("seed %d, round %d", seed, round), bad, path, shots)
		}
	}
}

// crafted are files that bbolt finds nothing wrong with.
var crafted = []struct {
	name, words string
	sentinel    error
	craft       func(*bbolt.Tx) error
}{
	{"a newer format", "format 2; this program reads and writes format 1", ErrFormat, func(tx *bbolt.Tx) error {
		return tx.Bucket(headBucket).Put(headKey, seal(headKey, []byte("DCof\x00\x02")))
	}},
	{"no head", "at least", ErrDamaged, func(tx *bbolt.Tx) error { return tx.Bucket(headBucket).Delete(headKey) }},
	{"nothing of ours", "no offsets in it", ErrDamaged, func(tx *bbolt.Tx) error { return tx.DeleteBucket(positionsBucket) }},
	{"written to by another program", "another program", ErrDamaged, func(tx *bbolt.Tx) error { return tx.Bucket(positionsBucket).Put([]byte("a"), []byte("x")) }},
	{"a lost position", "missing", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error { return tx.Bucket(positionsBucket).Delete([]byte("a")) })},
	{"an older position", "older than the head", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error {
		return putPosition(tx, position{offset: connect.Offset{Partition: "a"}, epoch: 1, generation: 1})
	})},
	{"a position that went back", "is before 5", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error {
		return putPosition(tx, position{offset: connect.Offset{Partition: "a", Value: 4}, floor: 5})
	})},
	{"a position of a later epoch", "of epoch 9, while the head says 1", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error {
		return putPosition(tx, position{offset: connect.Offset{Partition: "a"}, epoch: 9})
	})},
	{"a position of a later generation", "of generation 9, while", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error {
		return putPosition(tx, position{offset: connect.Offset{Partition: "a"}, generation: 9})
	})},
	{"a position without a checksum", "its checksum is", ErrDamaged, edited(func(tx *bbolt.Tx, h *header) error {
		return tx.Bucket(positionsBucket).Put([]byte("a"), make([]byte, 60))
	})},
	{"a bucket in a bucket", "unknown kind", ErrDamaged, func(tx *bbolt.Tx) error {
		_, err := tx.Bucket(positionsBucket).CreateBucket([]byte("deeper"))
		return err
	}},
}

// edited does what a Store would not, and then writes a head as a Store would.
func edited(do func(*bbolt.Tx, *header) error) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		h, err := decodeHeader(tx.Bucket(headBucket).Get(headKey))
		if err != nil {
			return err
		}
		h.tx = uint64(tx.ID())
		return errors.Join(do(tx, &h), tx.Bucket(headBucket).Put(headKey, h.encode()))
	}
}

func putPosition(tx *bbolt.Tx, p position) error {
	return tx.Bucket(positionsBucket).Put([]byte(p.offset.Partition), p.encode())
}

func TestCraftedFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range crafted {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, f := begun(t)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			db, err := bbolt.Open(f.path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(c.craft), db.Close()); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(f.path)
			_, opened := Open(f.path, Settings{Connector: "orders"})
			_, inspected := Inspect(f.path)
			for _, err := range []error{opened, inspected} {
				if !errors.Is(err, c.sentinel) || connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), f.path) {
					t.Errorf("%v; must be %v and say %q", err, c.sentinel, c.words)
				}
			}
			if after, _ := os.ReadFile(f.path); string(after) != string(before) {
				t.Error("a refused file was written to")
			}
		})
	}
}

// TestForeignFilesAreRefused: neither text nor an empty file is taken for offsets.
func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{"empty": "", "text": "connector = \"orders\"\n", "long": strings.Repeat("lorem ipsum ", 9000)} {
		path := filepath.Join(t.TempDir(), "foreign")
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, Settings{Connector: "orders"}); !errors.Is(err, ErrDamaged) || connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != data {
			t.Errorf("%s: was written to, %v", name, err)
		}
	}
}

// TestLeftoverOfACreationIsNoHindrance: a crash while the file was made leaves one
// of another name.
func TestLeftoverOfACreationIsNoHindrance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "offsets.db.123.new"), make([]byte, 9000), 0o600); err != nil {
		t.Fatal(err)
	}
	reopened(t, "a new file", filepath.Join(dir, "offsets.db"))
}

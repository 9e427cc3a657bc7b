package offset_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// at makes an offset of "partition@value".
func at(partition string, value uint64) connect.Offset {
	return connect.Offset{Partition: partition, Value: value}
}

// fresh returns the path of a file that is not there yet.
func fresh(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "deep", "offsets.db")
}

// opened opens offsets of the connector "orders", until the test ends.
func opened(t testing.TB, path string) *offset.Store {
	t.Helper()
	s, err := offset.Open(path, offset.Settings{Connector: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// must fails the test on any error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds compares what a store would resume from.
func holds(t testing.TB, s *offset.Store, want ...connect.Offset) {
	t.Helper()
	if diff := cmp.Diff(append([]connect.Offset{}, want...), s.Resume()); diff != "" {
		t.Errorf("resume (-want +have):\n%s", diff)
	}
}

// refused checks the class and the words of an error.
func refused(t testing.TB, err error, class connect.Class, words ...string) {
	t.Helper()
	if got := connect.ClassOf(err); got != class {
		t.Errorf("%v: of class %v, want %v", err, got, class)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

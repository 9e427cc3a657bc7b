package offset_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// refusals are mistakes in what Open is asked for.
var refusals = []struct {
	name     string
	settings offset.Settings
	path     func(dir string) string
	words    []string
}{
	{"no name", offset.Settings{}, nil, []string{"connector name", "1 to 255 bytes"}},
	{"a name that is no text", offset.Settings{Connector: "\xff", Existing: true}, nil, []string{"UTF-8"}},
	{"a name too long", offset.Settings{Connector: strings.Repeat("x", 256)}, nil, []string{"1 to 255 bytes"}},
	{"no path", offset.Settings{Connector: "orders"}, func(string) string { return "" }, []string{"path is missing"}},
	{"a directory", offset.Settings{Connector: "orders"}, func(dir string) string { return dir }, []string{"must be a file"}},
	{"a file as directory", offset.Settings{Connector: "orders"}, func(dir string) string { return filepath.Join(dir, "plain", "x") }, []string{"not a directory"}},
	{"a device", offset.Settings{Connector: "orders"}, func(string) string { return os.DevNull }, []string{"must be a file"}},
	{"missing", offset.Settings{Existing: true}, nil, []string{"made when its connector first runs", "generation 0"}},
}

func TestOpenRefusesMistakes(t *testing.T) {
	t.Parallel()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "plain"), []byte("x"), 0o600))
			path := filepath.Join(dir, "offsets.db")
			if r.path != nil {
				path = r.path(dir)
			}
			_, err := offset.Open(path, r.settings)
			refused(t, err, connect.ClassConfig, r.words...)
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestOpenRefusesAnotherConnector(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	must(t, opened(t, path).Close())
	_, err := offset.Open(path, offset.Settings{Connector: "bills"})
	refused(t, err, connect.ClassConfig, `"orders"`, `"bills"`, "file of its own")
	s, err := offset.Open(path, offset.Settings{Existing: true})
	must(t, err)
	if s.Snapshot().Connector != "orders" {
		t.Errorf("connector %q", s.Snapshot().Connector)
	}
	must(t, s.Close())
}

func TestOnlyTheFileIsLeft(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	must(t, opened(t, path).Close())
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

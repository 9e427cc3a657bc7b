package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

// ran is what a command has left.
type ran struct {
	code           int
	stdout, stderr string
}

// command runs danube-connect offsets in this process.
func command(t *testing.T, args ...string) ran {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), append([]string{"offsets"}, args...), func(string) string { return "" }, &stdout, &stderr)
	return ran{code, stdout.String(), stderr.String()}
}

// expect checks the exit code and what was printed: results to stdout, complaints
// to stderr, never both.
func (r ran) expect(t *testing.T, code int, words ...string) {
	t.Helper()
	said, silent := r.stdout, r.stderr
	if code != done {
		said, silent = silent, said
	}
	if r.code != code || silent != "" {
		t.Errorf("exit code %d, want %d; stdout %q, stderr %q", r.code, code, r.stdout, r.stderr)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("%q does not say %q", said, w)
		}
	}
}

// stopped makes the offsets of a connector that has run and is stopped.
func stopped(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "orders.db")
	s, err := offset.Open(path, offset.Settings{Connector: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, err := range []error{
		s.Begin(ctx, 7),
		s.Commit(ctx, 7, []connect.Offset{{Partition: "b", Value: 2}, {Partition: "a\x1b[2J", Value: 1, Metadata: "lsn 0/16"}}),
		s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestOffsetsAreListed(t *testing.T) {
	t.Parallel()
	path := stopped(t)
	r := command(t, "list", "-path", path)
	r.expect(t, done, "connector   orders\n", "epoch       7\n", "generation  2\n", "PARTITION", "lsn 0/16\n", `"a\x1b[2J"`)
	if strings.Contains(r.stdout, "\x1b") || strings.Index(r.stdout, `"a\x1b`) > strings.Index(r.stdout, "\nb ") {
		t.Errorf("speaks to the terminal, or is out of order: %q", r.stdout)
	}
	command(t, "list", "-path", path, "-connector", "orders").expect(t, done)
	command(t, "list", "-path", path, "-connector", "bills").expect(t, misuse, `"bills"`, `belong to "orders"`)
}

func TestOffsetsAreExported(t *testing.T) {
	t.Parallel()
	path := stopped(t)
	r := command(t, "export", "-path", path)
	r.expect(t, done)
	var document struct {
		Connector         string
		Epoch, Generation uint64
		Offsets           []struct {
			Partition, Metadata string
			Value, Epoch        uint64
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &document); err != nil {
		t.Fatalf("%v: %s", err, r.stdout)
	}
	if document.Connector != "orders" || document.Epoch != 7 || document.Generation != 2 || len(document.Offsets) != 2 {
		t.Errorf("%+v", document)
	}
	if first := document.Offsets[0]; first.Partition != "a\x1b[2J" || first.Value != 1 || first.Metadata != "lsn 0/16" || first.Epoch != 7 {
		t.Errorf("%+v", first)
	}
	if again := command(t, "export", "-path", path); again != r {
		t.Errorf("%+v, then %+v", r, again)
	}
}

func TestOffsetsAreSetAndReset(t *testing.T) {
	t.Parallel()
	path := stopped(t)
	command(t, "set", "-path", path, "-partition", "b", "-value", "1", "-metadata", "by hand", "-generation", "2").expect(t, done, "generation 3\n")
	command(t, "set", "-path", path, "-partition", "b", "-value", "9", "-generation", "2").expect(t, failed, "at generation 3, not 2", path)
	command(t, "reset", "-path", path, "-partition", "c", "-generation", "3").expect(t, misuse, `"c"`, `"b"`)
	command(t, "reset", "-path", path, "-partition", "a\x1b[2J", "-generation", "3", "-connector", "orders").expect(t, done, "generation 4\n")
	shot, err := offset.Inspect(path)
	if err != nil || len(shot.Positions) != 1 || shot.Epoch != 9 || shot.Positions[0].Offset != (connect.Offset{Partition: "b", Value: 1, Metadata: "by hand"}) {
		t.Errorf("%+v, %v", shot, err)
	}
	command(t, "reset", "-path", path, "-all", "-generation", "4").expect(t, done, "generation 5\n")
	if shot, err = offset.Inspect(path); err != nil || len(shot.Positions) != 0 {
		t.Errorf("%+v, %v", shot, err)
	}
}

func TestOffsetsOfANewFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "orders.db")
	set := []string{"set", "-path", path, "-partition", "a", "-value", "18446744073709551615"}
	command(t, append(set, "-generation", "0")...).expect(t, misuse, "no such file")
	command(t, append(set, "-generation", "1", "-connector", "orders")...).expect(t, misuse, "no such file")
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("something was made: %v", err)
	}
	command(t, append(set, "-generation", "0", "-connector", "orders")...).expect(t, done, "generation 1\n")
	command(t, "list", "-path", path).expect(t, done, "18446744073709551615")
}

func TestOffsetsInUse(t *testing.T) {
	t.Parallel()
	path := stopped(t)
	s, err := offset.Open(path, offset.Settings{Connector: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, action := range [][]string{
		{"list"}, {"export"}, {"set", "-partition", "a", "-value", "1", "-generation", "2"}, {"reset", "-all", "-generation", "2"},
	} {
		command(t, append(action, "-path", path)...).expect(t, failed, "offsets are in use", "while their connector is stopped")
	}
	if s.Snapshot().Generation != 2 {
		t.Errorf("generation %d", s.Snapshot().Generation)
	}
}

func TestDamagedOffsets(t *testing.T) {
	t.Parallel()
	path := stopped(t)
	if err := os.Truncate(path, 9000); err != nil {
		t.Fatal(err)
	}
	for _, action := range [][]string{{"list"}, {"export"}, {"reset", "-all", "-generation", "2"}} {
		command(t, append(action, "-path", path)...).expect(t, failed, "offsets are damaged", "cut short", path)
	}
}

// misuses are calls that are wrong, and what they are told.
var misuses = []struct {
	args  []string
	words string
}{
	{nil, "an action is missing: list, export, set or reset"},
	{[]string{"show"}, `"show" is no action`},
	{[]string{"list"}, "path is missing"},
	{[]string{"list", "now"}, `"now" is not a flag; danube-connect help offsets list`},
	{[]string{"list", "-generation", "2"}, "danube-connect help offsets list lists the flags"},
	{[]string{"set", "-value", "1", "-generation", "1", "-path", "x"}, "-partition or -value is missing"},
	{[]string{"set", "-partition", "a", "-generation", "1", "-path", "x"}, "-partition or -value is missing"},
	{[]string{"set", "-partition", "a", "-value", "1", "-path", "x"}, "-generation is missing"},
	{[]string{"set", "-partition", "a", "-value", "-1", "-generation", "1"}, "-value"},
	{[]string{"set", "-partition", "a", "-value", "1", "-generation", "one"}, "-generation"},
	{[]string{"set", "-partition", "a", "-value", "1", "-generation", "1"}, "path is missing"},
	{[]string{"reset", "-generation", "1", "-path", "x"}, "-partition or -all must be given"},
	{[]string{"reset", "-all", "-partition", "a", "-generation", "1", "-path", "x"}, "and not both"},
	{[]string{"reset", "-all", "-path", "x"}, "-generation is missing"},
}

func TestMisusedOffsets(t *testing.T) {
	t.Parallel()
	for _, m := range misuses {
		command(t, m.args...).expect(t, misuse, m.words)
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a file was made")
	}
}

func TestHelpForOffsets(t *testing.T) {
	t.Parallel()
	command(t, "-help").expect(t, done, "usage: danube-connect offsets ACTION", "must be stopped")
	for action, flag := range map[string]string{"list": "-connector name", "export": "-path file", "set": "-value position", "reset": "-all"} {
		r := command(t, action, "-help")
		r.expect(t, done, "danube-connect offsets "+action+" takes these flags", flag)
		var stdout strings.Builder
		code := run(t.Context(), []string{"help", "offsets", action}, func(string) string { return "" }, &stdout, &stdout)
		if code != done || stdout.String() != r.stdout {
			t.Errorf("help offsets %s: exit code %d, %s", action, code, stdout.String())
		}
	}
}

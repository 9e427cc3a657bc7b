package place_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
)

func open(t *testing.T, path string) *place.File {
	t.Helper()
	f, err := place.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func save(t *testing.T, f *place.File, offsets ...connect.Offset) {
	t.Helper()
	if err := f.Save(offsets); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, f *place.File, offsets ...connect.Offset) {
	t.Helper()
	for _, o := range offsets {
		if got, ok := f.Offset(o.Partition); !ok || got != o {
			t.Errorf("%s is %+v, %t; want %+v", o.Partition, got, ok, o)
		}
	}
}

func TestWhatIsSavedIsThereAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "not", "there", "yet.json")
	f := open(t, path)
	if o, ok := f.Offset("a"); ok {
		t.Errorf("a new file holds %v", o)
	}
	a := connect.Offset{Partition: "a", Value: math.MaxUint64, Metadata: "\"quoted\" <é>"}
	b := connect.Offset{Partition: "b\n/☃"}
	save(t, f, a, b)
	want(t, f, a, b)
	want(t, open(t, path), a, b)

	a.Value, a.Metadata = 7, "" // a source may go back
	save(t, f, a)
	want(t, f, a, b)
	want(t, open(t, path), a, b)
	if o, ok := open(t, path).Offset("c"); ok {
		t.Errorf("a partition that was never saved is at %v", o)
	}
}

func TestSavesAtTheSameTimeLoseNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets.json")
	f := open(t, path)
	var all []connect.Offset
	var saving sync.WaitGroup
	for i := range 8 {
		o := connect.Offset{Partition: fmt.Sprint(i), Value: uint64(i)}
		all = append(all, o)
		saving.Go(func() {
			if err := f.Save([]connect.Offset{o}); err != nil {
				t.Error(err)
			}
		})
	}
	saving.Wait()
	want(t, open(t, path), all...)
}

// A process that is killed while it writes leaves a half of the next file beside
// the one that counts.
func TestHalfAFileCountsForNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets.json")
	o := connect.Offset{Partition: "a", Value: 1}
	f := open(t, path)
	save(t, f, o)
	if err := os.WriteFile(path+".tmp", []byte(`{"version": 1, "offs`), 0o600); err != nil {
		t.Fatal(err)
	}
	f = open(t, path)
	want(t, f, o)
	o.Value = 2
	save(t, f, o)
	want(t, open(t, path), o)
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAFailedSaveChangesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offsets")
	path := filepath.Join(dir, "offsets.json")
	before := connect.Offset{Partition: "a", Value: 1}
	f := open(t, path)
	save(t, f, before)
	after := connect.Offset{Partition: "a", Value: 2}

	// In the way of the half-written file, then in the way of the whole one.
	if err := os.Mkdir(path+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Save([]connect.Offset{after}); err == nil {
		t.Error("saved where nothing can be written")
	}
	want(t, f, before)
	want(t, open(t, path), before)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Save([]connect.Offset{after}); err == nil {
		t.Error("saved in the place of a directory")
	}
	want(t, f, before)
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

var unkeepable = map[string]connect.Offset{
	"no partition":                {Value: 1},
	"a partition that is no text": {Partition: "\xff"},
	"metadata that is no text":    {Partition: "a", Metadata: "\xc3("},
}

func TestWhatWouldComeBackChangedIsRefused(t *testing.T) {
	t.Parallel()
	for name, o := range unkeepable {
		path := filepath.Join(t.TempDir(), "offsets.json")
		err := open(t, path).Save([]connect.Offset{o})
		if connect.ClassOf(err) != connect.ClassFatal {
			t.Errorf("%s: got %v, want a fatal error", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written", name)
		}
	}
}

const whole = `{
  "version": 1,
  "offsets": [
    {
      "partition": "a",
      "value": 12,
      "metadata": "m"
    }
  ],
  "sum": 2393738704
}
`

// damages are changes of whole, by what somebody might have done.
var damages = map[string]func(string) string{
	"emptied":              func(string) string { return "" },
	"cut":                  func(s string) string { return s[:len(s)/2] },
	"cut by its last byte": func(s string) string { return s[:len(s)-1] },
	"zeroed":               func(s string) string { return strings.Repeat("\x00", len(s)) },
	"a digit changed":      func(s string) string { return strings.Replace(s, "12", "13", 1) },
	"a later version":      func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) },
	"a key more":           func(s string) string { return strings.Replace(s, `"sum"`, `"more": 1, "sum"`, 1) },
	"a negative value":     func(s string) string { return strings.Replace(s, "12", "-12", 1) },
	"something behind it":  func(s string) string { return s + "{}" },
	"something else":       func(string) string { return "[]" },
	"too large":            func(s string) string { return s + strings.Repeat(" ", 16<<20) },
}

func TestDamageIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets.json")
	save(t, open(t, path), connect.Offset{Partition: "a", Value: 12, Metadata: "m"})
	if got, err := os.ReadFile(path); err != nil || string(got) != whole {
		t.Fatalf("the file holds %s, %v; want %s", got, err, whole)
	}
	for name, damage := range damages {
		if err := os.WriteFile(path, []byte(damage(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := place.Open(path)
		if connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "remove the file") {
			t.Errorf("%s: got %v; want a fatal error that names the file and what to do", name, err)
		}
	}
}

func TestAFileThatCannotBeReadIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := place.Open(dir); err == nil {
		t.Error("opened a directory")
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := place.Open(filepath.Join(dir, "file", "offsets.json")); err == nil {
		t.Error("opened a file below a file")
	}
}

// FuzzOpen expects that a file is either refused or one that Save could have
// written: then saving it again changes nothing.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(whole))
	for _, damage := range damages {
		if s := damage(whole); len(s) < 1<<10 {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "offsets.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := place.Open(path)
		if err != nil {
			return
		}
		if err := kept.Save(nil); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || string(again) != string(data) {
			t.Errorf("%q was taken, and became %q, %v", data, again, err)
		}
	})
}

func Example() {
	dir, err := os.MkdirTemp("", "place")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of no interest here
	for range 3 {           // three runs of a program
		kept, err := place.Open(filepath.Join(dir, "offsets.json"))
		if err != nil {
			fmt.Println(err)
			return
		}
		from, ok := kept.Offset("numbers")
		fmt.Println(from.Value, ok)
		if err := kept.Save([]connect.Offset{{Partition: "numbers", Value: from.Value + 10}}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 0 false
	// 10 true
	// 20 true
}

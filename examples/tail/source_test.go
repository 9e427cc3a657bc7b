package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
)

// rig is a tail with a file to follow and somebody who plays the runtime: whatever
// is polled is delivered, and committed when Flush asks for it.
type rig struct {
	*testing.T
	tail  *tail
	path  string
	said  strings.Builder
	value uint64 // the newest offset of the epoch; a lower one must not follow

	committed bool // everything polled
	revoked   int
	newest    connect.Offset
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{T: t, path: filepath.Join(dir, "lines.log"), committed: true}
	r.restart()
	return r
}

// restart makes a new process of it: nothing stays but what was committed.
func (r *rig) restart() {
	r.Helper()
	if r.tail != nil {
		if err := r.tail.Shutdown(r.Context()); err != nil {
			r.Error(err)
		}
	}
	kept, err := place.Open(filepath.Join(filepath.Dir(r.path), "offsets", "lines.json"))
	if err != nil {
		r.Fatal(err)
	}
	r.said.Reset()
	r.tail = &tail{path: r.path, topic: "/default/lines", kept: kept, stderr: &r.said}
	r.Cleanup(func() { _ = r.tail.Shutdown(context.Background()) })
}

// begin begins an epoch.
func (r *rig) begin() {
	r.Helper()
	r.value, r.newest = 0, connect.Offset{}
	if err := r.tail.Initialize(r.Context(), r); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) Number() uint64           { return 1 }
func (r *rig) Resume() []connect.Offset { return nil }
func (r *rig) Declare(context.Context, ...connect.Producer) error {
	return errors.New("nobody should ask for this")
}

// Flush commits, as the runtime does sooner or later anyway.
func (r *rig) Flush(ctx context.Context, partitions ...string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.commit()
	return nil
}

// Revoke allows lower offsets.
func (r *rig) Revoke(partitions ...string) {
	if !r.committed {
		r.Error("a partition was given up before it was committed")
	}
	if len(partitions) != 1 || partitions[0] != r.path {
		r.Errorf("revoked are %q, want the file", partitions)
	}
	r.revoked++
	r.value, r.newest = 0, connect.Offset{}
}

func (r *rig) commit() {
	r.Helper()
	r.committed = true
	if r.newest.IsZero() {
		return
	}
	if err := r.tail.Commit(r.Context(), []connect.Offset{r.newest}); err != nil {
		r.Fatal(err)
	}
}

// poll polls for longer than a replaced file is read on, and returns the lines.
func (r *rig) poll() string { r.Helper(); return r.polls(20) }

// polls polls so many times, ten times a second.
func (r *rig) polls(n int) string {
	r.Helper()
	var all []string
	for range n {
		envelopes, err := r.tail.Poll(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range envelopes {
			if e.Offset.Value <= r.value || e.Offset.Partition != r.path {
				r.Errorf("%v comes after %d", e.Offset, r.value)
			}
			r.value, r.newest, r.committed = e.Offset.Value, e.Offset, false
			all = append(all, string(e.Record.Raw()))
		}
		time.Sleep(100 * time.Millisecond)
	}
	return strings.Join(all, "|")
}

// expect polls and compares.
func (r *rig) expect(lines string) {
	r.Helper()
	if got := r.poll(); got != lines {
		r.Errorf("polled %q, want %q", got, lines)
	}
}

// says expects that a note was made, and forgets it.
func (r *rig) says(notes ...string) {
	r.Helper()
	said := strings.Split(strings.TrimSuffix(r.said.String(), "\n"), "\n")
	if r.said.Len() == 0 {
		said = nil
	}
	r.said.Reset()
	if len(said) != len(notes) {
		r.Errorf("said %q, want %q", said, notes)
		return
	}
	for i, note := range notes {
		if !strings.Contains(said[i], note) {
			r.Errorf("said %q, want something with %q", said[i], note)
		}
	}
}

func (r *rig) do(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) write(text string) { r.Helper(); r.do(os.WriteFile(r.path, []byte(text), 0o600)) }

func (r *rig) append(text string) { r.Helper(); r.appendTo(r.path, text) }

func (r *rig) appendTo(path, text string) {
	r.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	r.do(err)
	_, err = f.WriteString(text)
	r.do(errors.Join(err, f.Close()))
}

func (r *rig) rotate(suffix string) { r.Helper(); r.do(os.Rename(r.path, r.path+suffix)) }

// stories are what happens to a file, by what is expected of it.
var stories = map[string]func(*rig){
	"a file that grows": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.append("thr")
		r.expect("")
		r.append("ee\n\nfive\npart")
		r.expect("three||five")
		r.says()
	},
	"a file that comes later": func(r *rig) {
		r.begin()
		r.expect("")
		r.says("is not there; waiting")
		r.write("one\n")
		r.expect("one")
		r.says()
	},
	"a file that is truncated": func(r *rig) {
		r.write("one\ntwo\nlost")
		r.begin()
		r.expect("one|two")
		r.write("new\n")
		r.expect("new")
		r.says("truncated or written anew")
		if r.revoked != 1 {
			r.Errorf("revoked %d times, want once", r.revoked)
		}
	},
	"a file that is written anew, and longer": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.write("other\nlines\nthan\nbefore\n")
		r.expect("other|lines|than|before")
		r.says("truncated or written anew")
	},
	"a file that is emptied": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.write("")
		r.expect("")
		r.append("two\n")
		r.expect("two")
		r.says("truncated or written anew")
	},
	"a file that is replaced": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.rotate(".1")
		r.write("two\n")
		r.expect("two")
		r.says("was replaced")
	},
	"a replaced file whose writer has not noticed": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.rotate(".1")
		r.write("new\n")
		r.appendTo(r.path+".1", "two\nunfinished")
		r.expect("two|unfinished|new")
		r.says("was replaced")
	},
	"a replaced file whose writer is slow to notice": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.rotate(".1")
		r.write("new\n")
		if got := r.polls(5); got != "" {
			r.Errorf("polled %q too soon", got)
		}
		r.appendTo(r.path+".1", "two\n")
		r.expect("two|new")
	},
	"an unfinished line that is taken back": func(r *rig) {
		r.write("one\nlost")
		r.begin()
		r.expect("one")
		r.do(os.Truncate(r.path, 4))
		r.expect("")
		r.append("two\n")
		r.expect("two")
		r.says()
	},
	"a file that goes away and comes back": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.do(os.Remove(r.path))
		r.expect("")
		r.says("is gone")
		r.write("two\n")
		r.expect("two")
		r.says("was replaced")
	},
	"a file that is moved away and back": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.rotate(".1")
		r.expect("")
		r.says("is gone")
		r.do(os.Rename(r.path+".1", r.path))
		r.append("two\n")
		r.expect("two")
		r.says()
	},
	"a next run": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.commit()
		r.append("three\n")
		r.restart()
		r.begin()
		r.expect("three")
		r.says("resuming " + r.path + " at byte 8")
	},
	"a next run after nothing was committed": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.restart()
		r.begin()
		r.expect("one")
		r.says()
	},
	"a next epoch of the same run": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.commit()
		r.append("two\n")
		r.expect("two")
		r.begin()
		r.expect("two")
	},
	"a next run finds the file moved away": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.commit()
		r.append("three\n")
		r.rotate("-20260801")
		r.write("four\n")
		r.restart()
		r.begin()
		r.expect("three|four")
		r.says("resuming "+r.path+"-20260801 at byte 8", "was replaced")
	},
	"a next run finds the file moved away, and none in its place": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.commit()
		r.append("two\n")
		r.rotate(".1")
		r.restart()
		r.begin()
		r.expect("two")
		r.says("resuming "+r.path+".1 at byte 4", "is gone")
		r.write("three\n")
		r.expect("three")
		r.says("was replaced")
	},
	"a next run finds another file": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.commit()
		r.do(os.Remove(r.path))
		r.do(os.WriteFile(r.path+".other", []byte("something else\n"), 0o600))
		r.write("other\nlines\n")
		r.restart()
		r.begin()
		r.expect("other|lines")
		r.says("while nobody followed it (it was read up to byte 8)")
		r.commit()
		r.restart()
		r.begin()
		r.expect("")
		r.says("resuming " + r.path + " at byte 12")
	},
	"a next run finds a copy of the file": func(r *rig) {
		r.write("one\ntwo\n")
		r.begin()
		r.expect("one|two")
		r.commit()
		r.do(os.Remove(r.path))
		r.write("one\ntwo\nthree\n")
		r.restart()
		r.begin()
		r.expect("three")
		r.says("resuming " + r.path + " at byte 8")
	},
	"a next run finds no file at all": func(r *rig) {
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.commit()
		r.do(os.Remove(r.path))
		r.restart()
		r.begin()
		r.expect("")
		r.says("while nobody followed it", "is not there; waiting")
		r.write("two\n")
		r.expect("two")
	},
}

func TestFollowing(t *testing.T) {
	t.Parallel()
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { story(newRig(t)) })
		})
	}
}

// A stop in front of a change of files must not lose the change.
func TestAChangeOfFilesThatIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("one\n")
		r.begin()
		r.expect("one")
		r.rotate(".1")
		r.write("two\n")
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			if envelopes, err := r.tail.Poll(stopped); len(envelopes) > 0 {
				t.Errorf("%v although it was stopped, %v", envelopes, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		r.commit() // the last one, while the runtime stops
		r.restart()
		r.begin()
		r.expect("two")
		r.says("resuming "+r.path+".1 at byte 4", "was replaced")
	})
}

var keyings = []struct {
	pattern, line string
	key           string
	keyed         bool
}{
	{"", "a b", "", false},
	{`^\w+`, "a b", "a", true},
	{`^\w+ (\w+)`, "a b", "b", true},
	{`(x)?(b)`, "a b", "", false}, // the first group took no part
	{`x*`, "a b", "", true},       // an empty key is a key
	{`c`, "a b", "", false},
	{`.+`, "a\xff", "a\ufffd", true}, // a key is text
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, k := range keyings {
		source := &tail{topic: "/default/lines"}
		if k.pattern != "" {
			source.key = regexp.MustCompile(k.pattern)
		}
		e := source.envelopes([]line{{text: []byte(k.line)}})[0]
		if key, keyed := e.Record.Key(); key != k.key || keyed != k.keyed {
			t.Errorf("%q in %q is %q, %t; want %q, %t", k.pattern, k.line, key, keyed, k.key, k.keyed)
		}
		if string(e.Record.Raw()) != k.line || e.Record.Kind() != connect.KindBytes {
			t.Errorf("%q became %q", k.line, e.Record.Raw())
		}
	}
}

func TestALineThatIsTooLongIsBad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("one\n" + strings.Repeat("x", maxLine+1) + "\ntwo\n")
		r.begin()
		var bad []connect.Envelope
		for range 3 {
			envelopes, err := r.tail.Poll(t.Context())
			r.do(err)
			for _, e := range envelopes {
				if e.Err() != nil {
					bad = append(bad, e)
				}
			}
		}
		if len(bad) != 1 || bad[0].Offset.Value != maxLine+6 || !errors.Is(bad[0].Err(), connect.ClassInvalid) || !strings.Contains(bad[0].Err().Error(), "4 MiB") {
			t.Errorf("bad are %v", bad)
		}
	})
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.do(os.Mkdir(r.path, 0o700))
		if err := r.tail.Initialize(t.Context(), r); connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("a directory: %v; want a config error", err)
		}
		r.do(os.Remove(r.path))
		r.do(r.tail.kept.Save([]connect.Offset{{Partition: r.path, Value: 3, Metadata: "scribble"}}))
		if err := r.tail.Initialize(t.Context(), r); connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(fmt.Sprint(err), "scribble") {
			t.Errorf("metadata of somebody else's: %v; want a fatal error", err)
		}
		r.do(r.tail.Shutdown(t.Context())) // safe without Initialize, and twice
		r.do(r.tail.Shutdown(t.Context()))
	})
}

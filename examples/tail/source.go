package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
)

// linger is how long a replaced file is read on: its writer may not have noticed
// yet.
const linger = time.Second

// tail is a source that is polled for the new lines of a file. The path is the
// source partition, the position behind a line its offset.
type tail struct {
	path   string // absolute
	topic  string
	key    *regexp.Regexp // nil: no keys
	kept   *place.File
	stderr io.Writer

	epoch  connect.Epoch
	file   *followed // nil while there is none
	from   int64     // where the next file begins
	mark   mark      // of from
	since  time.Time // when path was first seen to name another file, zero if it does not
	absent bool      // that there is no file has been said
}

var (
	_ connect.Poller     = (*tail)(nil)
	_ connect.Committer  = (*tail)(nil)
	_ connect.Shutdowner = (*tail)(nil)
)

func (t *tail) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.stderr, "tail: "+format+"\n", args...)
}

// Initialize finds the file and the place in it that was committed last.
func (t *tail) Initialize(_ context.Context, e connect.Epoch) error {
	t.epoch = e
	t.forget()
	o, ok := t.kept.Offset(t.path)
	if !ok {
		return t.open()
	}
	m, err := parseMark(o.Metadata)
	if err != nil {
		return connect.Fatal(fmt.Errorf("the offset of %s: %w", t.path, err))
	}
	t.from, t.mark = int64(o.Value), m
	return t.resume()
}

// forget lets go of the file and of every place in one.
func (t *tail) forget() {
	if t.file != nil {
		_ = t.file.file.Close() // nothing was written
	}
	t.file, t.from, t.mark, t.since = nil, 0, mark{}, time.Time{}
}

// resume opens the file that the committed place is in. When it is nowhere, what
// was behind that place is lost, and the file that is there now is new.
func (t *tail) resume() (err error) {
	if t.file, err = follow(t.path, t.from, t.mark); err != nil {
		return err
	}
	if t.file == nil {
		if t.file, err = moved(t.path, t.from, t.mark); err != nil {
			return err
		}
	}
	if t.file != nil {
		t.say("resuming %s at byte %d", t.file.name, t.from)
		return nil
	}
	t.say("%s was truncated or replaced while nobody followed it (it was read up to byte %d); starting at the beginning of the new one", t.path, t.from)
	t.forget()
	return t.open()
}

// open begins with whatever file the path names.
func (t *tail) open() (err error) {
	if t.file, err = follow(t.path, 0, mark{}); err != nil {
		return err
	}
	if t.file == nil && !t.absent {
		t.say("%s is not there; waiting for it", t.path)
	}
	t.absent = t.file == nil
	return nil
}

// Producers names the one topic.
func (t *tail) Producers() []connect.Producer {
	return []connect.Producer{{Topic: t.topic, Reliable: true}}
}

// Poll returns the lines that have become whole since the last one.
func (t *tail) Poll(ctx context.Context) ([]connect.Envelope, error) {
	if t.file == nil {
		if err := t.open(); err != nil || t.file == nil {
			return nil, err
		}
	}
	c, err := t.file.look()
	if err != nil {
		return nil, err
	}
	switch c {
	case truncated:
		t.say("%s was truncated or written anew; starting at its beginning", t.file.name)
		return nil, t.turn(ctx)
	case unchanged:
		return t.idle(ctx)
	}
	for {
		lines, ended, err := t.file.next()
		if len(lines) > 0 || ended || err != nil || ctx.Err() != nil {
			return t.envelopes(lines), err
		}
	}
}

// idle sees whether another file has taken the place of the one that has been read
// to its end.
func (t *tail) idle(ctx context.Context) ([]connect.Envelope, error) {
	n, err := t.file.named(t.path)
	if err != nil {
		return nil, err
	}
	if n == noFile && !t.absent {
		t.say("%s is gone; waiting for a new one", t.path)
	}
	t.absent = n == noFile
	if n != otherFile {
		t.since = time.Time{}
		return nil, nil
	}
	if t.since.IsZero() {
		t.since = time.Now()
	}
	if time.Since(t.since) < linger {
		return nil, nil
	}
	if l, ok := t.file.last(); ok {
		return t.envelopes([]line{l}), nil // nobody will finish it
	}
	t.say("%s was replaced; starting at the beginning of the new one", t.path)
	return nil, t.turn(ctx)
}

// turn gives the file up once all of it is committed, so that the next one can
// begin with lower offsets.
func (t *tail) turn(ctx context.Context) error {
	if err := t.epoch.Flush(ctx, t.path); err != nil {
		return err
	}
	t.epoch.Revoke(t.path)
	t.forget()
	return t.open()
}

func (t *tail) envelopes(lines []line) []connect.Envelope {
	all := make([]connect.Envelope, len(lines))
	for i, l := range lines {
		at := connect.Offset{Partition: t.path, Value: uint64(l.end), Metadata: l.mark.String()}
		if l.long {
			all[i] = connect.Bad(at, l.text, errTooLong)
			continue
		}
		record := connect.Bytes(t.topic, l.text)
		if key, ok := keyOf(t.key, l.text); ok {
			record = record.WithKey(key)
		}
		all[i] = record.At(at)
	}
	return all
}

var errTooLong = errors.New("the line that ends there is longer than 4 MiB, which is more than a message can be")

// keyOf returns the first group of what matches, or without groups all of it. A key
// is text, also when the line is none.
func keyOf(pattern *regexp.Regexp, text []byte) (string, bool) {
	if pattern == nil {
		return "", false
	}
	found := pattern.FindSubmatch(text)
	i := min(1, pattern.NumSubexp())
	if found == nil || found[i] == nil {
		return "", false
	}
	return strings.ToValidUTF8(string(found[i]), "\ufffd"), true
}

// Commit saves the place.
func (t *tail) Commit(_ context.Context, offsets []connect.Offset) error {
	return t.kept.Save(offsets)
}

// Shutdown closes the file.
func (t *tail) Shutdown(context.Context) error {
	t.forget()
	return nil
}

package session

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

var exits = []struct {
	err  error
	code int
	says string
}{
	{nil, 0, ""},
	{flag.ErrHelp, 0, ""},
	{errors.New("no"), 1, "no\n"},
	{connect.Fatal(errors.New("gone")), 1, "gone\n"},
	{connect.ConfigError("a: wrong"), 2, "a: wrong\n"},
	{errors.Join(connect.ConfigError("a: wrong"), connect.ConfigError("b: wrong")), 2, "a: wrong\nb: wrong\n"},
}

func TestExit(t *testing.T) {
	t.Parallel()
	for _, e := range exits {
		var stderr strings.Builder
		if code := Exit(e.err, &stderr); code != e.code || stderr.String() != e.says {
			t.Errorf("%v: exit code %d saying %q, want %d saying %q", e.err, code, &stderr, e.code, e.says)
		}
	}
}

var commandLines = []struct {
	args []string
	n    int
	code int
	says string // in the error
}{
	{nil, 1, 0, ""},
	{[]string{"-n", "5"}, 5, 0, ""},
	{[]string{"-n", "x"}, 0, 2, "-n"},
	{[]string{"-m"}, 1, 2, "not defined: -m; demo -help lists the flags"},
	{[]string{"-n", "2", "more", "words"}, 2, 2, `"more words" is not a flag`},
	{[]string{"-help"}, 1, 0, ""},
	{[]string{"-h"}, 1, 0, ""},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range commandLines {
		flags := flag.NewFlagSet("demo", flag.ContinueOnError)
		n := flags.Int("n", 1, "a `number`")
		var help, stderr strings.Builder
		err := Parse(flags, c.args, &help)
		if code := Exit(err, &stderr); code != c.code || *n != c.n || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%q: exit code %d, n = %d, saying %q; want %d, %d, %q", c.args, code, *n, &stderr, c.code, c.n, c.says)
		}
		if asked := errors.Is(err, flag.ErrHelp); asked != strings.Contains(help.String(), "-n number") {
			t.Errorf("%q: help is %q", c.args, &help)
		}
	}
}

var shown = []struct {
	message danube.Message
	line    string
}{
	{danube.Message{Topic: "/d/t", Offset: 7, Payload: []byte("plain text")}, "/d/t      7  -            plain text\n"},
	{danube.Message{Topic: "/d/t", Key: "k", Keyed: true, Payload: []byte(`{"a":"é"}`)}, "/d/t      0  k            {\"a\":\"é\"}\n"},
	{danube.Message{Topic: "/d/t", Keyed: true}, "/d/t      0               \n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("tab\tand\nnewline")}, "/d/t      0  -            \"tab\\tand\\nnewline\"\n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("tab\tonly")}, "/d/t      0  -            tab\tonly\n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("\x1b[2J")}, "/d/t      0  -            \"\\x1b[2J\"\n"},
	{danube.Message{Topic: "/d/t", Key: "\x1b", Keyed: true, Payload: []byte{0xff}}, "/d/t      0  \"\\x1b\"       \"\\xff\"\n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("{}"), SchemaSubject: "s", SchemaVersion: 2}, "/d/t      0  -            {}  (s version 2)\n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("x"), Attributes: map[string]string{"danube.connect.dlq.error": "not\nJSON"}}, "/d/t      0  -            x\n  undeliverable: \"not\\nJSON\"\n"},
	{danube.Message{Topic: "/d/t", Payload: []byte("a\u202eb")}, "/d/t      0  -            \"a\\u202eb\"\n"},
}

func TestLinesLeaveTheTerminalAlone(t *testing.T) {
	t.Parallel()
	for _, s := range shown {
		if got := line(s.message); got != s.line {
			t.Errorf("got %q, want %q", got, s.line)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	before := supervisor.Totals{Read: 10, Published: 10, Committed: 10}
	after := supervisor.Totals{Read: 30, Published: 25, Committed: 10, InFlight: 5}
	want := "read 30 (10/s), published 25 (8/s), committed 10 (0/s), in flight 5"
	if got := rates(before, after, 2*time.Second); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var nobody *audience
	if got := nobody.sight(); got != "" {
		t.Errorf("without an audience %q is seen", got)
	}
}

func TestLinesOfSeveralWritersStayWhole(t *testing.T) {
	t.Parallel()
	var to bytes.Buffer
	w := &lockedWriter{to: &to}
	var writing sync.WaitGroup
	for i := range 4 {
		writing.Go(func() {
			for range 100 {
				if _, err := fmt.Fprintln(w, strings.Repeat(fmt.Sprint(i), 20)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	for line := range strings.Lines(to.String()) {
		if len(line) != 21 || strings.Count(line, line[:1]) != 20 {
			t.Errorf("a line is %q", line)
		}
	}
}

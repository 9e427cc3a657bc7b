package letters

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	connect "github.com/danube-messaging/danube-connect-go"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Policy{"halt": Halt, "skip": Skip, "dead_letter": DeadLetter, "": Halt, "drop": Halt} {
		if got := PolicyOf(name); got != want || name != "" && name != "drop" && got.String() != name {
			t.Errorf("PolicyOf(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 18, 0, 0, 5, time.FixedZone("", 3600))
	own := []connect.Attribute{{Key: "a", Value: "1"}, {Key: "danube.connect.seq", Value: "7"}, {Key: "b\xff", Value: "\xfe"}}
	before := append([]connect.Attribute(nil), own...)
	got := Letter{Topic: "/default/t", Class: Refused, Err: errors.New("no\xff"), Attempts: 3, First: at, Last: at.Add(time.Second)}.Write(own)
	want := []connect.Attribute{
		{Key: "a", Value: "1"},
		{Key: "danube.connect.dlq.attribute.danube.connect.seq", Value: "7"},
		{Key: `"b\xff"`, Value: `"\xfe"`},
		{Key: "danube.connect.dlq.topic", Value: "/default/t"},
		{Key: "danube.connect.dlq.class", Value: "refused"},
		{Key: "danube.connect.dlq.error", Value: "no\uFFFD"},
		{Key: "danube.connect.dlq.attempts", Value: "3"},
		{Key: "danube.connect.dlq.first", Value: "2026-11-25T17:00:00.000000005Z"},
		{Key: "danube.connect.dlq.last", Value: "2026-11-25T17:00:01.000000005Z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, own); diff != "" {
		t.Errorf("the record's own attributes have changed:\n%s", diff)
	}
}

func TestWriteWithoutATopic(t *testing.T) {
	t.Parallel()
	for _, a := range (Letter{Class: Bad, Err: errors.New("x")}).Write(nil) {
		if a.Key == "danube.connect.dlq.topic" {
			t.Errorf("a record that was meant for no topic says %q", a.Value)
		}
	}
}

// The text of an error is bounded, whole characters, and valid.
func TestBounded(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "short", strings.Repeat("a", maxText), strings.Repeat("a", maxText+1), strings.Repeat("ü", maxText), strings.Repeat("a", maxText-4) + "\U0001F600\U0001F600"} {
		got := bounded(s)
		if len(got) > maxText || !utf8.ValidString(got) {
			t.Errorf("%d bytes become %d, valid %t", len(s), len(got), utf8.ValidString(got))
		}
		if cut, isCut := strings.CutSuffix(got, "…"); len(s) <= maxText && got != s || len(s) > maxText && (!isCut || !strings.HasPrefix(s, cut) || len(cut) < maxText-7) {
			t.Errorf("%d bytes become %d: …%q", len(s), len(got), got[max(len(got)-8, 0):])
		}
	}
}

func TestHaltedSaysWhatWouldHelp(t *testing.T) {
	t.Parallel()
	cause := connect.Invalid(errors.New("no"))
	err := Halted(cause)
	if !errors.Is(err, cause) || connect.ClassOf(err) != connect.ClassInvalid || !strings.Contains(err.Error(), `on_invalid is "halt"; "skip" or "dead_letter"`) {
		t.Errorf("%v, %v", err, connect.ClassOf(err))
	}
}

package connect_test

import (
	"errors"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var offsets = []struct {
	offset connect.Offset
	zero   bool
	text   string
}{
	{connect.Offset{}, true, "no offset"},
	{connect.Offset{Value: 7, Metadata: "m"}, true, "no offset"},
	{connect.Offset{Partition: "p"}, false, "p@0"},
	{connect.Offset{Partition: "db.table", Value: 1<<64 - 1, Metadata: "m"}, false, "db.table@18446744073709551615"},
}

func TestOffset(t *testing.T) {
	t.Parallel()
	for _, c := range offsets {
		if c.offset.IsZero() != c.zero || c.offset.String() != c.text {
			t.Errorf("%#v: zero %v, %q; want %v, %q", c.offset, c.offset.IsZero(), c.offset, c.zero, c.text)
		}
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	o := connect.Offset{Partition: "p", Value: 9}
	e := connect.Mark(o)
	if !e.IsMark() || e.Offset != o || e.Err() != nil || e.Record.Kind() != 0 {
		t.Errorf("Mark(%v) is %+v", o, e)
	}
}

func TestBad(t *testing.T) {
	t.Parallel()
	o := connect.Offset{Partition: "p", Value: 9}
	cause := errors.New("not CSV")
	for _, given := range []error{cause, connect.Fatal(cause), connect.Invalid(cause)} {
		e := connect.Bad(o, []byte("a;b"), given)
		if e.IsMark() || e.Offset != o || string(e.Record.Raw()) != "a;b" || e.Record.Kind() != connect.KindBytes {
			t.Errorf("Bad is %+v", e)
		}
		if !errors.Is(e.Err(), cause) || connect.ClassOf(e.Err()) != connect.ClassInvalid {
			t.Errorf("error %v of class %v, want the cause as invalid", e.Err(), connect.ClassOf(e.Err()))
		}
	}
}

func TestBadWithoutReason(t *testing.T) {
	t.Parallel()
	e := connect.Bad(connect.Offset{}, nil, nil)
	if e.Err() == nil || e.Err().Error() == "" || connect.ClassOf(e.Err()) != connect.ClassInvalid {
		t.Errorf("error %v; a bad record must have one even if nobody said why", e.Err())
	}
}

func TestZeroEnvelope(t *testing.T) {
	t.Parallel()
	var e connect.Envelope
	if e.IsMark() || e.Err() != nil || !e.Offset.IsZero() {
		t.Errorf("the zero envelope is %+v", e)
	}
}

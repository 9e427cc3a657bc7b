package connect_test

import (
	"context"
	"errors"
	"io"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var levelNames = map[connect.Level]string{
	0: "level 0", connect.Acknowledged: "acknowledged", connect.Settled: "settled", 9: "level 9",
}

func TestLevelNames(t *testing.T) {
	t.Parallel()
	for level, want := range levelNames {
		if level.String() != want {
			t.Errorf("level %d is called %q, want %q", uint8(level), level, want)
		}
	}
}

var deliveries = []struct {
	err    connect.DeliveryError
	text   string
	causes int
}{
	{
		connect.DeliveryError{Level: connect.Acknowledged, Errs: []error{nil, io.EOF, nil, io.ErrClosedPipe}},
		"2 of 4 records not acknowledged: EOF", 2,
	},
	{
		connect.DeliveryError{Level: connect.Settled, Errs: []error{context.Canceled}},
		"1 of 1 records not settled: context canceled", 1,
	},
	{
		connect.DeliveryError{Level: connect.Settled, Errs: []error{nil}},
		"0 of 1 records not settled: <nil>", 0,
	},
}

func TestDeliveryError(t *testing.T) {
	t.Parallel()
	for _, d := range deliveries {
		if d.err.Error() != d.text || len(d.err.Unwrap()) != d.causes {
			t.Errorf("%q with %d causes, want %q with %d", d.err.Error(), len(d.err.Unwrap()), d.text, d.causes)
		}
		for _, cause := range d.err.Unwrap() {
			if cause == nil || !errors.Is(&d.err, cause) {
				t.Errorf("%q: the cause %v is not found", d.text, cause)
			}
		}
	}
}

func TestDeliveryErrorHasTheClassOfItsFirstMarkedCause(t *testing.T) {
	t.Parallel()
	err := &connect.DeliveryError{Errs: []error{nil, io.EOF, connect.Invalid(io.EOF), connect.Fatal(io.EOF)}}
	if got := connect.ClassOf(err); got != connect.ClassInvalid {
		t.Errorf("class %v, want invalid", got)
	}
	if !errors.Is(err, connect.ClassFatal) {
		t.Error("the fatal cause is not found")
	}
}

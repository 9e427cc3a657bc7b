package connect_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var errCause = errors.New("cause")

// marks is every way to give an error a class.
var marks = []struct {
	name  string
	mark  func(error) error
	class connect.Class
}{
	{"Retryable", connect.Retryable, connect.ClassRetryable},
	{"Invalid", connect.Invalid, connect.ClassInvalid},
	{"Fatal", connect.Fatal, connect.ClassFatal},
	{"ConfigError", func(err error) error { return connect.ConfigError("%w", err) }, connect.ClassConfig},
	{"Error", func(err error) error { return &connect.Error{Class: connect.ClassFatal, Err: err} }, connect.ClassFatal},
}

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, m := range marks {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			err := m.mark(errCause)
			if err.Error() != "cause" {
				t.Errorf("text %q; a mark must not change it", err)
			}
			for _, err := range []error{err, fmt.Errorf("at row 7: %w", err), errors.Join(io.EOF, err)} {
				if got := connect.ClassOf(err); got != m.class {
					t.Errorf("class of %v is %v, want %v", err, got, m.class)
				}
				for _, class := range []connect.Class{connect.ClassRetryable, connect.ClassInvalid, connect.ClassFatal, connect.ClassConfig} {
					if errors.Is(err, class) != (class == m.class) {
						t.Errorf("errors.Is(%v, %v) is %v", err, class, class != m.class)
					}
				}
			}
		})
	}
}

func TestOutermostMarkWins(t *testing.T) {
	t.Parallel()
	for _, inner := range marks {
		for _, outer := range marks {
			err := fmt.Errorf("out: %w", outer.mark(fmt.Errorf("in: %w", inner.mark(errCause))))
			if got := connect.ClassOf(err); got != outer.class {
				t.Errorf("class of %s(%s(err)) is %v, want %v", outer.name, inner.name, got, outer.class)
			}
			if !errors.Is(err, outer.class) || !errors.Is(err, inner.class) || !errors.Is(err, errCause) {
				t.Errorf("%s(%s(err)) hides a mark or the cause", outer.name, inner.name)
			}
		}
	}
}

var classes = []struct {
	name string
	err  error
	want connect.Class
}{
	{"nil", nil, 0},
	{"unmarked", errCause, connect.ClassRetryable},
	{"wrapped and unmarked", fmt.Errorf("a: %w", io.EOF), connect.ClassRetryable},
	{"of the library of the source", &net.OpError{Op: "dial", Err: errCause}, connect.ClassRetryable},
	{"the end of the source", connect.ErrEnd, connect.ClassRetryable},
	{"the first of two that are joined", errors.Join(connect.Invalid(errCause), connect.Fatal(errCause)), connect.ClassInvalid},
	{"a class as an error", connect.ClassFatal, connect.ClassFatal},
	{"a class wrapped as a sentinel", fmt.Errorf("%w: no such table", connect.ClassFatal), connect.ClassFatal},
	{"a mark around a sentinel", connect.Retryable(fmt.Errorf("%w: no such table", connect.ClassFatal)), connect.ClassRetryable},
	{"a mark without a class", &connect.Error{Err: errCause}, connect.ClassRetryable},
	{"a mark without a class around one with", &connect.Error{Err: connect.Fatal(errCause)}, connect.ClassFatal},
	{"no class as an error", connect.Class(0), connect.ClassRetryable},
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	for _, c := range classes {
		if got := connect.ClassOf(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNoErrorHasNoMark(t *testing.T) {
	t.Parallel()
	for _, mark := range []func(error) error{connect.Retryable, connect.Invalid, connect.Fatal} {
		if err := mark(nil); err != nil {
			t.Errorf("marking nil gives %v", err)
		}
	}
}

func TestMarkWithoutCause(t *testing.T) {
	t.Parallel()
	err := &connect.Error{Class: connect.ClassFatal}
	if err.Error() != "fatal error" || errors.Unwrap(err) != nil || connect.ClassOf(err) != connect.ClassFatal {
		t.Errorf("%q of class %v", err, connect.ClassOf(err))
	}
}

func TestConfigErrorText(t *testing.T) {
	t.Parallel()
	err := connect.ConfigError("routes[%d].to: %w", 3, errCause)
	if err.Error() != "routes[3].to: cause" || !errors.Is(err, errCause) {
		t.Errorf("%q", err)
	}
}

var classNames = map[connect.Class]string{
	0: "none", connect.ClassRetryable: "retryable", connect.ClassInvalid: "invalid",
	connect.ClassFatal: "fatal", connect.ClassConfig: "config", 99: "class 99",
}

func TestClassNames(t *testing.T) {
	t.Parallel()
	for class, want := range classNames {
		if class.String() != want || class.Error() != want+" error" {
			t.Errorf("%d: %q, %q; want %q", uint8(class), class, class.Error(), want)
		}
	}
}

type customError struct{ code int }

func (e customError) Error() string { return fmt.Sprintf("code %d", e.code) }

// wrappers is every type of this package that holds another error.
var wrappers = []struct {
	name string
	wrap func(error) error
}{
	{"Error", func(err error) error { return &connect.Error{Class: connect.ClassFatal, Err: err} }},
	{"DeliveryError", func(err error) error {
		return &connect.DeliveryError{Level: connect.Acknowledged, Errs: []error{nil, io.EOF, err}}
	}},
	{"ConfigError", func(err error) error { return connect.ConfigError("key: %w", err) }},
	{"Bad", func(err error) error { return connect.Bad(connect.Offset{}, nil, err).Err() }},
}

func TestEveryWrapperUnwraps(t *testing.T) {
	t.Parallel()
	for _, w := range wrappers {
		err := fmt.Errorf("above: %w", w.wrap(fmt.Errorf("below: %w", customError{7})))
		if !errors.Is(err, customError{7}) {
			t.Errorf("%s: errors.Is does not find the cause", w.name)
		}
		if e, ok := errors.AsType[customError](err); !ok || e.code != 7 {
			t.Errorf("%s: errors.AsType does not find the cause", w.name)
		}
	}
}

func TestSentinelsAreApart(t *testing.T) {
	t.Parallel()
	if errors.Is(connect.ErrEnd, connect.ErrStopped) || errors.Is(connect.ErrStopped, connect.ErrEnd) {
		t.Error("ErrEnd and ErrStopped are the same error")
	}
	if !errors.Is(connect.Fatal(connect.ErrEnd), connect.ErrEnd) {
		t.Error("a mark hides ErrEnd")
	}
}

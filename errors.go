package connect

import (
	"errors"
	"fmt"
)

// ErrEnd is returned by Poll or Stream when the source is finished for good: the
// runtime drains, commits, shuts the source down and ends without an error.
var ErrEnd = errors.New("source has ended")

// ErrStopped is returned by a Sender whose runtime no longer takes records: it is
// stopping, or the epoch the Sender belongs to is over. Nothing of the refused
// call was taken.
var ErrStopped = errors.New("runtime takes no more records")

// Class says what the runtime does about an error. It is itself an error, so
// that errors.Is(err, connect.ClassFatal) asks for the class of err.
// The zero Class means: no error.
type Class uint8

// The closed list of classes.
const (
	// ClassRetryable is a temporary failure (network, rate limit, timeout): tried
	// again with backoff. It is the class of every error nobody marked.
	ClassRetryable Class = iota + 1
	// ClassInvalid is a record that can never be delivered as it is: it goes to
	// the error policy ([errors] on_invalid).
	ClassInvalid
	// ClassFatal is a permanent failure (authentication, a dropped table): the
	// runtime stops in order, commits what it can and returns the cause.
	ClassFatal
	// ClassConfig is a mistake in the configuration: fatal, and worth the exit
	// code for wrong use.
	ClassConfig
)

// String names the class: "retryable", "invalid", "fatal" or "config".
func (c Class) String() string {
	switch c {
	case 0:
		return "none"
	case ClassRetryable:
		return "retryable"
	case ClassInvalid:
		return "invalid"
	case ClassFatal:
		return "fatal"
	case ClassConfig:
		return "config"
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Error makes a Class usable as the target of errors.Is.
func (c Class) Error() string { return c.String() + " error" }

// Error is an error with a class. Its text is the cause's own; errors.Is and
// errors.As see through it to the cause.
type Error struct {
	Class Class
	Err   error
}

// Error returns the text of the cause, and without a cause names the class.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Class.Error()
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the class of e. When errors are marked more than
// once, errors.Is finds every mark, while ClassOf goes by the outermost.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && c == e.Class
}

// Retryable marks err as temporary. Retryable(nil) is nil.
func Retryable(err error) error { return mark(ClassRetryable, err) }

// Invalid marks err as the fault of one record. Invalid(nil) is nil.
func Invalid(err error) error { return mark(ClassInvalid, err) }

// Fatal marks err as permanent. Fatal(nil) is nil.
func Fatal(err error) error { return mark(ClassFatal, err) }

// ConfigError is a mistake in the configuration, worded as by fmt.Errorf; it
// should name the key and what would be right.
func ConfigError(format string, args ...any) error {
	return mark(ClassConfig, fmt.Errorf(format, args...))
}

// ClassOf returns the outermost mark on err, else the Class err was made of as if
// that were a sentinel, else ClassRetryable; and the zero Class when err is nil.
func ClassOf(err error) Class {
	if err == nil {
		return 0
	}
	for marked := err; ; {
		e, ok := errors.AsType[*Error](marked)
		if !ok {
			break
		}
		if e.Class != 0 {
			return e.Class
		}
		marked = e.Err
	}
	if c, ok := errors.AsType[Class](err); ok && c != 0 {
		return c
	}
	return ClassRetryable
}

func mark(c Class, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: c, Err: err}
}

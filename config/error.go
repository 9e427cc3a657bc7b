package config

import (
	"fmt"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Error is everything that is wrong with a configuration, in the order of the
// file. connect.ClassOf gives connect.ClassConfig for it.
type Error struct{ Problems []Problem }

// Error prints one line per problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems, for errors.As.
func (e *Error) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}

// Is reports whether target is connect.ClassConfig.
func (e *Error) Is(target error) bool { return target == connect.ClassConfig }

// As gives the error its class.
func (e *Error) As(target any) bool { return asConfigError(e, target) }

// Problem is one mistake: where it is, what is wrong and what would be right.
type Problem struct {
	// File is the name the configuration was read under; empty for a
	// configuration made in code.
	File string
	// Line and Col count from 1, columns in bytes. 0 means no place in the file.
	Line, Col int
	// Variable is the environment variable the wrong value came from; the
	// problem then has no place in the file.
	Variable string
	// Key is the path of the key, such as schemas[0].topic; empty when the
	// problem is with the file itself.
	Key string
	// What is wrong, and what would be Right; Right may be empty.
	What, Right string
}

// Error prints the problem on one line:
//
//	file:line:col: key: what is wrong; what would be right
func (p Problem) Error() string {
	var b strings.Builder
	switch {
	case p.Variable != "":
		fmt.Fprintf(&b, "environment variable %s: ", p.Variable)
	case p.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Col)
	case p.File != "":
		fmt.Fprintf(&b, "%s: ", p.File)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, "%s: ", p.Key)
	}
	b.WriteString(p.What)
	if p.Right != "" {
		b.WriteString("; " + p.Right)
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(b.String())
}

// Is reports whether target is connect.ClassConfig.
func (p Problem) Is(target error) bool { return target == connect.ClassConfig }

// As gives the error its class.
func (p Problem) As(target any) bool { return asConfigError(p, target) }

// Invalid is what a Validate method returns about one key. A struct anywhere in
// the configuration may have a method
//
//	Validate() error
//
// on itself or its pointer; it is called once the struct is filled, and what it
// returns is reported with everything else. key is relative to that struct
// ("port", "routes[1].to"); what says what is wrong with it and right what would
// be right, which may be empty. Several mistakes are joined with errors.Join.
// Any other error is reported at the struct's own table.
//
// Validate is called also when other keys of the table are wrong: those then have
// their zero values, and what is said about such a key again is left out, as is
// any error that names no key.
func Invalid(key, what, right string) error {
	return Problem{Key: key, What: what, Right: right}
}

// asConfigError lets connect.ClassOf find the class of an error that is not a
// connect.Error itself.
func asConfigError(err error, target any) bool {
	t, ok := target.(**connect.Error)
	if ok {
		*t = &connect.Error{Class: connect.ClassConfig, Err: err}
	}
	return ok
}

package session

import (
	"errors"
	"flag"
	"fmt"
	"io"

	connect "github.com/danube-messaging/danube-connect-go"
)

// The exit codes of the examples.
const (
	done   = 0
	failed = 1
	misuse = 2
)

// Exit tells what went wrong, if anything, and returns the code to exit with: 0
// done, 1 failed, 2 wrong use or configuration.
func Exit(err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return done
	}
	_, _ = fmt.Fprintln(stderr, err)
	if connect.ClassOf(err) == connect.ClassConfig {
		return misuse
	}
	return failed
}

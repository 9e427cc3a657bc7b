package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(watched{m}, map[string]func(){"danube-connect": main})
}

// watched are tests that must leave no goroutine behind.
type watched struct{ *testing.M }

func (w watched) Run() int {
	code := w.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the terminal sessions of testdata. Beside what testscript has,
// they know two commands and three variables:
//
//	exits CODE COMMAND …    run it, and expect that exit code
//	await FILE TEXT         wait until a file has a text in it
//	$ADDRESS, $URL          where nobody listens yet
//	$TAIL                   the example of that name
func TestScripts(t *testing.T) {
	t.Parallel()
	tail := filepath.Join(t.TempDir(), "tail")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", tail, "../../examples/tail").CombinedOutput(); err != nil {
		t.Fatalf("build examples/tail: %v: %s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(2 * time.Minute),
		Setup: func(e *testscript.Env) error {
			address, err := free()
			e.Setenv("ADDRESS", address)
			e.Setenv("URL", "http://"+address)
			e.Setenv("TAIL", tail)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "await": await},
	})
}

// free returns an address that was free a moment ago.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func await(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	look, patience := time.NewTicker(10*time.Millisecond), time.NewTimer(time.Minute)
	defer look.Stop()
	defer patience.Stop()
	for {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(text), args[1]) {
			return
		}
		select {
		case <-look.C:
		case <-patience.C:
			ts.Fatalf("no %q in %s, %v: %s", args[1], args[0], err, text)
		}
	}
}

package offset_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// childVariable makes the test binary a process that uses offsets; its value says how.
const childVariable = "OFFSET_TEST_CHILD"

func TestMain(m *testing.M) {
	if role, ok := os.LookupEnv(childVariable); ok {
		os.Exit(child(role, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

// process is a child that prints a line for everything it has done.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	stdin *os.File // the child ends with it
}

// start runs the test binary as a child in a role, on a file of offsets.
func start(t *testing.T, role, path string) *process {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), childVariable+"="+role)
	cmd.Stdin, cmd.Stderr = read, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	p := &process{cmd: cmd, lines: bufio.NewScanner(out), stdin: write}
	t.Cleanup(func() { p.kill() })
	return p
}

// line returns the next line the child prints.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("the child ended: %v, %v", p.lines.Err(), p.cmd.Wait())
	}
	return p.lines.Text()
}

// end lets the child end by itself.
func (p *process) end(t *testing.T) {
	t.Helper()
	_ = p.stdin.Close()
	for p.lines.Scan() {
		t.Logf("the child says %q", p.lines.Text())
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the child failed: %v", err)
	}
}

// kill is kill -9; it returns what the child has printed and nobody has read.
func (p *process) kill() (rest []string) {
	_ = p.cmd.Process.Kill()
	for p.lines.Scan() {
		rest = append(rest, p.lines.Text())
	}
	_ = p.cmd.Wait() // it was killed
	_ = p.stdin.Close()
	return rest
}

func fail(err error) int {
	fmt.Println("failed:", err)
	return 1
}

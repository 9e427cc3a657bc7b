// Package stage lets the tests of the examples run them as what they are: programs
// that print, are sent signals and get killed. The test binary plays the program:
//
//	func TestMain(m *testing.M) { stage.Main(m.Run, main) }
//
//	p, err := stage.Play(nil, "-for", "5s")      // in a test
//	code, err := p.Wait(ctx)
//
// It is for tests only.
package stage

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// cue is set in the environment of a test binary that is to play the program.
const cue = "DANUBE_CONNECT_EXAMPLE_PLAYS=1"

// Main runs the tests, or the program when this process was started by Play. It
// does not return.
func Main(tests func() int, program func()) {
	if name, value, _ := strings.Cut(cue, "="); os.Getenv(name) == value {
		program()
		os.Exit(0)
	}
	os.Exit(tests())
}

// Player is a process that plays the program.
type Player struct {
	// Stdout and Stderr show what it prints.
	Stdout, Stderr *Screen

	process *os.Process
	ended   chan struct{}
	code    int
	err     error
}

// Play starts the program in this process's environment without what configures
// connectors (DANUBE_…, CONNECTOR_…), with env added. Somebody must Wait for its
// end, or Kill it.
func Play(env []string, args ...string) (*Player, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Player{Stdout: new(Screen), Stderr: new(Screen), ended: make(chan struct{})}
	c := exec.Command(self, args...)
	c.Env = append(append(surroundings(), env...), cue)
	c.Stdout, c.Stderr = p.Stdout, p.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	p.process = c.Process
	go p.wait(c)
	return p, nil
}

// surroundings is the environment without what would configure a connector.
func surroundings() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DANUBE_") || strings.HasPrefix(variable, "CONNECTOR_")
	})
}

// wait is over when the process is, and all it has printed is on the screens.
func (p *Player) wait(c *exec.Cmd) {
	defer close(p.ended)
	err := c.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		p.err = err
	}
	p.code = c.ProcessState.ExitCode()
}

// Signal sends the process a signal.
func (p *Player) Signal(s os.Signal) error { return p.process.Signal(s) }

// Kill is kill -9; it returns when the process is gone. One that has ended already
// is left alone.
func (p *Player) Kill() {
	_ = p.process.Kill() // fails when the process has ended, which is what is wanted
	<-p.ended
}

// Wait returns the exit code once the process has ended, -1 if a signal ended it.
// When ctx ends first, the process is killed.
func (p *Player) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.code, p.err
	case <-ctx.Done():
		p.Kill()
		return -1, context.Cause(ctx)
	}
}

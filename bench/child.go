package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// child is a broker in a process of its own: this program, started again.
type child struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	answers *json.Decoder
	address string
}

// startChild starts a broker and waits until it listens.
func startChild(delay time.Duration) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, "broker", "-delay", delay.String())
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	c := &child{command: command, stdin: stdin, answers: json.NewDecoder(stdout)}
	var hello greeting
	if err := c.answers.Decode(&hello); err != nil {
		return nil, errors.Join(fmt.Errorf("the broker does not say where it listens: %w", err), c.close())
	}
	c.address = hello.Address
	return c, nil
}

// ask says a word to the broker and returns its report.
func (c *child) ask(word string) (r report, err error) {
	if _, err := io.WriteString(c.stdin, word+"\n"); err != nil {
		return r, fmt.Errorf("the broker is gone: %w", err)
	}
	if err := c.answers.Decode(&r); err != nil {
		return r, fmt.Errorf("the broker does not answer: %w", err)
	}
	return r, nil
}

// close ends the broker and waits for its end.
func (c *child) close() error {
	_ = c.stdin.Close() // fails only if closed before
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("the broker ended with: %w", err)
	}
	return nil
}

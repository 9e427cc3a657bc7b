package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
)

// The broker is a process of its own, so that its CPU time is not the client's. It
// is told what to do on its standard input, a word a line, and answers each with a
// line of JSON; it ends with its input, and so never outlives who started it.
const (
	// wordReport asks for a report.
	wordReport = "report"
	// wordRest asks for a garbage collection first, so that no contestant pays for
	// the garbage of the one before.
	wordRest = "rest"
)

// greeting is the broker's first line.
type greeting struct {
	Address string `json:"address"`
}

// report is the broker's answer to every word.
type report struct {
	Usage   usage            `json:"usage"`
	Tallies map[string]tally `json:"tallies"`
}

// runBroker is the broker's process.
func runBroker(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench broker", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	delay := flags.Duration("delay", 0, "how long to take to answer a message")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return serveBroker(listener, *delay, stdin, stdout)
}

// serveBroker serves on listener until stdin ends.
func serveBroker(listener net.Listener, delay time.Duration, stdin io.Reader, stdout io.Writer) error {
	address := listener.Addr().String()
	s := &service{ledger: &ledger{}, url: "http://" + address, delay: delay}
	server := grpc.NewServer()
	s.register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err := converse(s.ledger, address, stdin, stdout)
	server.Stop()
	return errors.Join(err, <-served)
}

// converse answers the words on stdin.
func converse(l *ledger, address string, stdin io.Reader, stdout io.Writer) error {
	answers := json.NewEncoder(stdout)
	if err := answers.Encode(greeting{address}); err != nil {
		return err
	}
	for words := bufio.NewScanner(stdin); words.Scan(); {
		switch words.Text() {
		case wordRest:
			runtime.GC()
		case wordReport:
		default:
			return fmt.Errorf("broker: unknown word %q; must be %q or %q", words.Text(), wordReport, wordRest)
		}
		used, err := usageNow()
		if err != nil {
			return err
		}
		if err := answers.Encode(report{used, l.tallies()}); err != nil {
			return err
		}
	}
	return nil
}

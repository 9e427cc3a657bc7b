// Command danube-connect is what a developer of connectors needs beside them:
//
//	danube-connect broker       run a development broker
//	danube-connect consume      print what arrives in a topic
//	danube-connect deadletters  read the records that could not be delivered
//	danube-connect offsets      show and change the offsets of a stopped connector
//	danube-connect schemas      hold a connector's schemas against the registry
//	danube-connect help         say how to use it, or one of its verbs
//
// Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed,
// 2 wrong use. SIGINT and SIGTERM end a verb in order, a second one at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	connect "github.com/danube-messaging/danube-connect-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a signal does what it does to any program
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// environment is what a verb has to do with.
type environment struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

// verb is one thing the command does. run is given the arguments behind the verb;
// a mistake in them is an error of connect.ClassConfig.
type verb struct {
	name, does string
	run        func(context.Context, []string, environment) error
}

// verbs returns them in the order help lists them.
func verbs() []verb {
	return []verb{
		{"broker", "run a development broker", broker},
		{"consume", "print what arrives in a topic", consume},
		{"deadletters", "read the records that could not be delivered", deadLetters},
		{"offsets", "show and change the offsets of a stopped connector", offsets},
		{"schemas", "hold a connector's schemas against the registry", compareSchemas},
		{"help", "say how to use it, or one of its verbs", help},
	}
}

// The exit codes.
const (
	done   = 0
	failed = 1
	misuse = 2
)

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	e := environment{getenv, stdout, stderr}
	if len(args) == 0 {
		usage(stderr)
		return misuse
	}
	name := args[0]
	if name == "-h" || name == "-help" || name == "--help" {
		name = "help"
	}
	all := verbs()
	i := slices.IndexFunc(all, func(v verb) bool { return v.name == name })
	if i < 0 {
		_, _ = fmt.Fprintf(stderr, "danube-connect: %q is no verb\n", name)
		usage(stderr)
		return misuse
	}
	err := all[i].run(ctx, args[1:], e)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return done
	}
	_, _ = fmt.Fprintf(stderr, "danube-connect %s: %v\n", name, err)
	if connect.ClassOf(err) == connect.ClassConfig {
		return misuse
	}
	return failed
}

// parse parses the flags of a verb, which takes nothing else. -help lists them.
func (e environment) parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(e.stdout)
		_, _ = fmt.Fprintf(e.stdout, "danube-connect %s takes these flags:\n", flags.Name())
		flags.PrintDefaults()
		return err
	case err != nil:
		return connect.ConfigError("%w; danube-connect help %s lists the flags", err, flags.Name())
	case flags.NArg() > 0:
		return connect.ConfigError("%q is not a flag; danube-connect help %s lists those there are", strings.Join(flags.Args(), " "), flags.Name())
	}
	return nil
}

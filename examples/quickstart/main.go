// Command quickstart shows records flow, with nothing to set up:
//
//	go run ./examples/quickstart
//
// It starts a development broker in its own process, measures this machine four
// times a second, publishes what it finds to two topics and prints every record as
// a consumer of the broker receives it (topic, offset, key, payload). Once a second
// it tells on stderr how fast that goes; at the start, where /metrics and /readyz
// are. Ctrl-C or SIGTERM ends it in order: what was measured is published and
// committed first. A second one ends it at once. The last line says what became of
// every record.
//
//	-for 5s     end by itself after that time
//	-every 1s   measure that often
//	-dir DIR    keep the offsets there, so that the next run counts on; without it
//	            they are kept in a directory that goes away with the program
//
// Exit codes: 0 done, 1 failed, 2 wrong use.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(run(signals, os.Args[1:], os.Stdout, os.Stderr))
}

// options is what the command line says.
type options struct {
	duration, every time.Duration
	dir             string
}

func run(signals <-chan os.Signal, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err == nil {
		err = o.session(signals, stdout, stderr)
	}
	return session.Exit(err, stderr)
}

func parse(args []string, help io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.DurationVar(&o.duration, "for", 0, "end after this `time`; 0 means at Ctrl-C")
	flags.DurationVar(&o.every, "every", 250*time.Millisecond, "measure once in this `time`")
	flags.StringVar(&o.dir, "dir", "", "`directory` to keep the offsets in; empty means one that goes away at the end")
	if err := session.Parse(flags, args, help); err != nil {
		return o, err
	}
	if o.every <= 0 || o.duration < 0 {
		return o, connect.ConfigError("-every %v -for %v: -every must be more than 0, -for not less", o.every, o.duration)
	}
	return o, nil
}

func (o options) session(signals <-chan os.Signal, stdout, stderr io.Writer) error {
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "quickstart")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's way of cleaning up
		o.dir = dir
	}
	kept, err := place.Open(filepath.Join(o.dir, "offsets.json"))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stderr, "offsets are kept in %s\n", o.dir)
	cfg := config.Defaults()
	cfg.ConnectorName = "quickstart"
	cfg.Processing.MetricsPort = new(uint16) // any free port
	cfg.Processing.LogLevel = slog.LevelWarn
	return session.Run(newMachine(o.every, kept, stderr), session.Settings{
		Config: cfg, Topics: topics, For: o.duration, Signals: signals, Stdout: stdout, Stderr: stderr,
	})
}

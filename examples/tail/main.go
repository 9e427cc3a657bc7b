// Command tail follows a file as tail -F does and publishes its lines, one record
// each:
//
//	go run ./examples/tail -file /var/log/syslog -offsets /tmp/offsets
//
// It starts a development broker in its own process and prints every line as a
// consumer of the broker receives it (topic, offset, key, line). Given a
// broker, such as that of go run ./cmd/danube-connect broker, it publishes to that
// one and leaves the printing to others, such as danube-connect consume:
//
//	go run ./examples/tail -file F -offsets DIR -danube http://127.0.0.1:6650
//
//	-file F         the file; it need not be there yet
//	-offsets DIR    the directory to keep the place in: the next run goes on there
//	-topic T        the topic, /default/lines if not given
//	-key REGEXP     the first group of what matches is the record's key, or all of
//	                it without groups; lines of one key keep their order
//	-danube URL     the broker; $DANUBE_SERVICE_URL if not given. $DANUBE_TOKEN is
//	                the token for it
//	-name NAME      the connector's name, tail if not given; two that run at the
//	                same time need two names
//	-for D          end by itself after that time
//
// A line is its bytes without the newline; a last line without one waits for it. A
// line above 4 MiB is invalid, and the program stops in front of it. When the file
// is truncated or replaced, that is said on stderr, and the new one is read from
// its beginning once everything of the old one is committed. A run that finds the
// file it was in moved away (lines.log.1) finishes that first; of a file that was
// moved away more than once meanwhile, those between are not read.
//
// Ctrl-C or SIGTERM ends it in order: what was read is published and committed
// first, and the next run repeats nothing. A second one ends it at once. The last
// line on stdout says what became of every record.
//
// Exit codes: 0 done, 1 failed, 2 wrong use.
package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(run(signals, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func run(signals <-chan os.Signal, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, getenv, stdout)
	if err == nil {
		err = o.session(signals, stdout, stderr)
	}
	return session.Exit(err, stderr)
}

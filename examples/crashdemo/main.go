// Command crashdemo kills a broker under load, twice, and counts what is left:
//
//	go run ./examples/crashdemo
//
// A Danube broker answers OK before a message is on its disk: it writes every five
// seconds by default, and killed in between it forgets what it acknowledged since.
// Two runtimes with the same work, 2500 numbered records, meet that, each with a
// development broker of its own that writes every two seconds and is killed after
// three. One has commit_after = "acknowledged", which takes the OK for the end of
// the matter, as other clients do; the other "settled", the default. What is printed
// is counted at the source and in the brokers' logs, not by the runtimes.
//
//	-flush 5s   how often the brokers write; all times follow it
//
// Exit codes: 0 done, 1 failed, or something is missing that must not be, 2 wrong
// use.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("crashdemo", flag.ContinueOnError)
	flush := flags.Duration("flush", 2*time.Second, "`time` between two writes of a broker")
	err := session.Parse(flags, args, stdout)
	switch {
	case err != nil:
	case *flush < 200*time.Millisecond || *flush > time.Minute || *flush%time.Millisecond != 0:
		err = connect.ConfigError("-flush %v: must be whole milliseconds from 200ms to 1m", *flush)
	default:
		err = show(ctx, *flush, stdout, stderr)
	}
	return session.Exit(err, stderr)
}

// show plays both and prints what came of it.
func show(ctx context.Context, flush time.Duration, stdout, stderr io.Writer) error {
	plays := []*play{
		{commitAfter: "acknowledged", flush: flush, records: 2500},
		{commitAfter: "settled", flush: flush, records: 2500},
	}
	_, _ = fmt.Fprintf(stderr, "two brokers that write every %v; each is killed after %v, with records under way; this takes some %v\n",
		flush, flush*3/2, 6*flush)
	var playing sync.WaitGroup
	errs := make([]error, len(plays))
	for i, p := range plays {
		playing.Go(func() { errs[i] = p.run(ctx, stderr) })
	}
	playing.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, table(plays[0], plays[1])); err != nil {
		return err
	}
	if n := plays[1].missing; n > 0 {
		return connect.Fatal(fmt.Errorf("%d records are missing that were settled", n))
	}
	return nil
}

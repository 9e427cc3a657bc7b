package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// broker runs a development broker until ctx ends. Its URL is the result; what
// happens in it is told on stderr.
func broker(ctx context.Context, args []string, e environment) error {
	var s devbroker.Settings
	var address string
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	flags.StringVar(&address, "listen", "127.0.0.1:6650", "`address` to listen on; port 0 means any free one")
	flags.DurationVar(&s.Flush, "flush", 0, "how long what was acknowledged may stay unwritten, in whole milliseconds; announced to producers; 0 means that every OK is final")
	flags.Func("topic", "`topic` that exists from the start, with its namespace, so that a consumer can be there before the first producer; may be given again", func(name string) error {
		if err := connect.CheckTopic(name); err != nil {
			return err
		}
		s.Topics = append(s.Topics, name)
		s.Namespaces = append(s.Namespaces, strings.Split(name, "/")[1])
		return nil
	})
	if err := e.parse(flags, args); err != nil {
		return err
	}
	if s.Flush < 0 || s.Flush%time.Millisecond != 0 {
		return connect.ConfigError("-flush %v: must be whole milliseconds, 0 or more", s.Flush)
	}
	s.Listen = []string{address}
	s.Logger = slog.New(slog.NewTextHandler(e.stderr, nil))
	b, err := devbroker.Start(s)
	if err != nil {
		return err
	}
	defer b.Close() //nolint:errcheck // always nil
	if _, err := fmt.Fprintln(e.stdout, b.URL()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

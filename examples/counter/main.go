package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

var numbers = connect.Producer{Topic: "/default/numbers", Reliable: true}

type counter struct{ polls int }

func (c *counter) Initialize(context.Context, connect.Epoch) error { return nil }
func (c *counter) Producers() []connect.Producer                   { return []connect.Producer{numbers} }

func (c *counter) Poll(context.Context) ([]connect.Envelope, error) {
	c.polls++ // every other poll finds nothing, so that poll_interval_ms passes
	return []connect.Envelope{connect.Number(numbers.Topic, c.polls/2+1).Envelope()}[:c.polls%2], nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	cfg, err := config.Load[config.Connector]("")
	if err == nil {
		slog.SetLogLoggerLevel(cfg.Processing.LogLevel)
		err = supervisor.Run(ctx, &counter{}, cfg, supervisor.Options{Logger: slog.Default()})
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(map[bool]int{false: 1, true: 2}[connect.ClassOf(err) == connect.ClassConfig])
	}
}

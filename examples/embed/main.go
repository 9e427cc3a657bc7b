// Command embed is a service that has two connectors in it, beside work of its own:
//
//	go run ./examples/embed
//	curl -i -d '{"item": "tea"}' 'http://127.0.0.1:8080/orders?customer=ada'
//	curl http://127.0.0.1:8080/connectors/orders/readyz
//	curl http://127.0.0.1:8080/connectors/vitals/metrics
//
// One is fed by the service's requests: an order is answered with 202 once the
// broker has acknowledged it, so it is not lost from then on. The other measures
// the process every second. Both live in the service's own tree of supervision,
// one mux serves the pages of both, and they share one memory budget, three parts to
// one.
//
//	-listen 127.0.0.1:8080   where to serve
//	-danube URL              the broker; without one a development broker is started
//	-for 5s                  end by itself after that time
//
// Ctrl-C or SIGTERM ends it in order, a second one at once. At the end stdout has a
// line per connector that says what became of its records.
//
// Exit codes: 0 done, 1 failed, 2 wrong use.
package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(run(signals, os.Args[1:], os.Stdout, os.Stderr))
}

// options is what the command line says.
type options struct {
	listen, danube string
	duration       time.Duration
}

func run(signals <-chan os.Signal, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("embed", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` to serve on")
	flags.StringVar(&o.danube, "danube", "", "`URL` of the broker; empty means one is started here")
	flags.DurationVar(&o.duration, "for", 0, "end after this `time`; 0 means at Ctrl-C")
	err := session.Parse(flags, args, stdout)
	if err == nil {
		err = o.serve(signals, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	return session.Exit(err, stderr)
}

// serve runs the service until it is asked to end.
func (o options) serve(signals <-chan os.Signal, stdout io.Writer, log *slog.Logger) error {
	if o.danube == "" {
		broker, err := devbroker.Start(devbroker.Settings{Logger: log})
		if err != nil {
			return err
		}
		defer broker.Close() //nolint:errcheck // always nil
		o.danube = broker.URL()
	}
	s, err := newService(o.danube, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	log.Info("serving", slog.String("address", "http://"+listener.Addr().String()))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if o.duration > 0 {
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	return s.run(ctx, cancel, signals, listener, stdout)
}

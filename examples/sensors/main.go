// Command sensors shows typed messages, with nothing to set up:
//
//	go run ./examples/sensors
//
// Its sensors' readings are Go structs. connector.toml gives their topic a schema,
// schemas/sensor.json: the runtime registers it, validates every reading before it is
// sent, and marks the message with the version it follows. A consumer reads the topic,
// decodes every message with the schema the registry has for it, and prints it. One
// reading says that the air is 250 % water, which the schema does not allow: it goes to
// the dead-letter topic, and is printed with what was wrong, and where. The last line
// says what became of every record.
//
//	-count 12      so many readings, then end by itself; 0 means never
//	-every 200ms   one reading in that time
//	-config FILE   use that configuration and its broker, and print nothing that a
//	               consumer should: danube-connect consume does
//
// Without -config the files of this directory are written to one that goes away with
// the program, and a development broker is started in the process. Exit codes: 0 done,
// 1 failed, 2 wrong use or configuration.
package main

import (
	"embed"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

//go:embed connector.toml schemas
var files embed.FS

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	os.Exit(run(signals, os.Args[1:], os.Stdout, os.Stderr))
}

// options is what the command line says.
type options struct {
	config string
	count  uint64
	every  time.Duration
}

func run(signals <-chan os.Signal, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err == nil {
		err = o.session(signals, stdout, stderr)
	}
	return session.Exit(err, stderr)
}

func parse(args []string, help io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("sensors", flag.ContinueOnError)
	flags.StringVar(&o.config, "config", "", "configuration `file`; empty means the one of the example, and a development broker")
	flags.Uint64Var(&o.count, "count", 12, "end after so `many` readings; 0 means never")
	flags.DurationVar(&o.every, "every", 200*time.Millisecond, "one reading in this `time`")
	if err := session.Parse(flags, args, help); err != nil {
		return o, err
	}
	if o.every <= 0 {
		return o, connect.ConfigError("-every %v: must be more than 0", o.every)
	}
	if o.count == 0 {
		o.count = math.MaxUint64
	}
	return o, nil
}

// session runs the sensors with the configuration given, or with the example's own.
func (o options) session(signals <-chan os.Signal, stdout, stderr io.Writer) error {
	own := o.config == ""
	if own {
		dir, err := os.MkdirTemp("", "sensors")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it is in the system's way of cleaning up
		if err := os.CopyFS(dir, files); err != nil {
			return err
		}
		o.config = filepath.Join(dir, "connector.toml")
	}
	cfg, err := config.Load[file](o.config)
	if err != nil {
		return err
	}
	router, err := connect.NewRouter(cfg.Sensors.Routes...)
	if err != nil {
		return err
	}
	if len(cfg.Sensors.Names) == 0 {
		return connect.ConfigError("%s: sensors.names is empty; must name at least one sensor", o.config)
	}
	if own {
		cfg.DanubeServiceURL = "" // a development broker of this process
		_, _ = fmt.Fprintf(stderr, "configuration and schema are in %s\n", filepath.Dir(o.config))
	}
	topics := []string{cfg.DeadLetterTopic()}
	for _, p := range router.Producers() {
		topics = append(topics, p.Topic)
	}
	return session.Run(&sensors{names: cfg.Sensors.Names, router: router, count: o.count, every: o.every}, session.Settings{
		Config: cfg.Connector, Topics: topics, Signals: signals, Stdout: stdout, Stderr: stderr,
	})
}

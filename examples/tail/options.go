package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
)

// options is what the command line and the environment say.
type options struct {
	file, offsets, topic, danube, name string
	token                              config.Secret
	key                                *regexp.Regexp
	duration                           time.Duration
}

// parse returns the options, or everything that is wrong with them.
func parse(args []string, getenv func(string) string, help io.Writer) (o options, err error) {
	var key string
	flags := flag.NewFlagSet("tail", flag.ContinueOnError)
	flags.StringVar(&o.file, "file", "", "`file` to follow")
	flags.StringVar(&o.offsets, "offsets", "", "`directory` to keep the place in")
	flags.StringVar(&o.topic, "topic", "/default/lines", "`topic` to publish to")
	flags.StringVar(&key, "key", "", "`regexp` that finds a line's key: its first group, or all of it")
	flags.StringVar(&o.danube, "danube", getenv("DANUBE_SERVICE_URL"), "`URL` of the broker, $DANUBE_SERVICE_URL if not given; empty means one is started here")
	flags.StringVar(&o.name, "name", "tail", "`name` of the connector")
	flags.DurationVar(&o.duration, "for", 0, "end after this `time`; 0 means at Ctrl-C")
	if err := session.Parse(flags, args, help); err != nil {
		return o, err
	}
	o.token = config.NewSecret(getenv("DANUBE_TOKEN"))
	return o, o.check(key)
}

func (o *options) check(key string) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, connect.ConfigError(format, args...)) }
	if o.file == "" {
		wrong("-file is missing; it must be the file to follow")
	} else if path, err := filepath.Abs(o.file); err != nil || !utf8.ValidString(path) {
		wrong("-file %q: must have a path in UTF-8", o.file)
	} else {
		o.file = path
	}
	if o.offsets == "" {
		wrong("-offsets is missing; it must be a directory to keep the place in")
	}
	if err := connect.CheckTopic(o.topic); err != nil {
		wrong("-topic: %w", err)
	}
	if key != "" {
		pattern, err := regexp.Compile(key)
		if err != nil {
			wrong("-key: %w", err)
		}
		o.key = pattern
	}
	if o.duration < 0 {
		wrong("-for %v: must not be negative", o.duration)
	}
	return errors.Join(errs...)
}

// config is the runtime's part of the options.
func (o options) config() config.Connector {
	cfg := config.Defaults()
	cfg.ConnectorName, cfg.DanubeServiceURL = o.name, o.danube
	if o.danube != "" {
		cfg.Danube.Token = o.token
	}
	cfg.Processing.MetricsPort = new(uint16) // any free port
	return cfg
}

func (o options) session(signals <-chan os.Signal, stdout, stderr io.Writer) error {
	// A directory serves any number of files.
	name := fmt.Sprintf("%s-%08x.json", filepath.Base(o.file), crc32.ChecksumIEEE([]byte(o.file)))
	kept, err := place.Open(filepath.Join(o.offsets, name))
	if err != nil {
		return err
	}
	source := &tail{path: o.file, topic: o.topic, key: o.key, kept: kept, stderr: stderr}
	return session.Run(source, session.Settings{
		Config: o.config(), Topics: []string{o.topic}, For: o.duration,
		Signals: signals, Stdout: stdout, Stderr: stderr,
	})
}

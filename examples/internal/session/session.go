// Package session runs a source in front of a person. It starts a development
// broker unless there is one, prints every record as a consumer receives it and
// how fast things go, ends when asked to, and ends by saying what became of every
// record:
//
//	read=120 published=120 committed=120 dead_lettered=0 skipped=0 withdrawn=0 in_flight=0
//
// Records and that last line go to Stdout, everything else to Stderr.
package session

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// Settings says how to run. Config, Stdout and Stderr are needed.
type Settings struct {
	// Config is what the runtime is given. Without a DanubeServiceURL a development
	// broker is started and everything sent to Topics is printed.
	Config config.Connector
	// Topics are the topics of the source, for the development broker.
	Topics []string
	// For ends the session after that time; 0 means: when asked to.
	For time.Duration
	// Signals asks: the first one for an orderly end, the second one for an end at
	// once. May be nil.
	Signals <-chan os.Signal
	Stdout  io.Writer
	Stderr  io.Writer
}

// Run returns when the session has ended: nil when it ended in order, else what
// went wrong. See Exit for what a main makes of that.
func Run(source connect.Source, s Settings) error {
	s.Stdout, s.Stderr = &lockedWriter{to: s.Stdout}, &lockedWriter{to: s.Stderr}
	if err := s.check(); err != nil {
		return err
	}
	asked := s.listen()
	defer asked.end()
	var hall *audience
	if s.Config.DanubeServiceURL == "" {
		broker, err := devbroker.Start(devbroker.Settings{Topics: s.Topics, Namespaces: namespaces(s.Topics), Window: window})
		if err != nil {
			return err
		}
		defer broker.Close() //nolint:errcheck // always nil
		s.Config.DanubeServiceURL = broker.URL()
		if hall, err = seat(asked.soon, broker.URL(), s.Topics, s.Stdout); err != nil {
			return err
		}
		defer hall.leave()
		_, _ = fmt.Fprintf(s.Stderr, "development broker at %s\n", broker.URL())
	}
	return s.run(source, asked, hall)
}

// check finds what is wrong with the configuration before anything is started.
func (s Settings) check() error {
	c := s.Config
	c.DanubeServiceURL = cmp.Or(c.DanubeServiceURL, "http://127.0.0.1:6650")
	return c.Check()
}

// namespaces are those of the topics: a broker that knows only the usual ones would
// refuse the others.
func namespaces(topics []string) []string {
	var names []string
	for _, topic := range topics {
		name, _, _ := strings.Cut(strings.TrimPrefix(topic, "/"), "/")
		names = append(names, name)
	}
	return names
}

// run runs the runtime, sees to it that the audience has received what was
// published, and says the last line.
func (s Settings) run(source connect.Source, asked *asked, hall *audience) error {
	runtime := supervisor.New(source, s.Config, supervisor.Options{Logger: s.logger(), Listening: s.listening})
	defer context.AfterFunc(asked.now, runtime.Kill)()
	asked.within(s.For)
	progress := s.report(runtime, hall)
	err := runtime.Run(asked.soon)
	progress.end()
	t := runtime.Totals()
	if hall != nil {
		hall.await(asked.now, t.Published+t.DeadLettered)
		hall.leave()
	}
	_, said := fmt.Fprintf(s.Stdout, "read=%d published=%d committed=%d dead_lettered=%d skipped=%d withdrawn=%d in_flight=%d\n",
		t.Read, t.Published, t.Committed, t.DeadLettered, t.Skipped, t.Withdrawn, t.InFlight)
	if err == nil {
		err = said
	}
	return err
}

func (s Settings) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(s.Stderr, &slog.HandlerOptions{Level: s.Config.Processing.LogLevel}))
}

func (s Settings) listening(a net.Addr) {
	_, _ = fmt.Fprintf(s.Stderr, "look at http://%[1]s/metrics and http://%[1]s/readyz\n", a)
}

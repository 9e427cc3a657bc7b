package supervisor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

var errBoom = errors.New("boom")

// written is a log that several goroutines write to.
type written struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// has reports whether one line holds all parts.
func (w *written) has(parts ...string) bool {
	for line := range strings.Lines(w.String()) {
		found := 0
		for _, p := range parts {
			if strings.Contains(line, p) {
				found++
			}
		}
		if found == len(parts) {
			return true
		}
	}
	return false
}

func loud(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// idle is a polling source without records; what is not set does nothing.
type idle struct {
	topics     []string
	initialize func(context.Context) error
	check      func() error
	poll       func() ([]connect.Envelope, error)
}

func (s *idle) Initialize(ctx context.Context, _ connect.Epoch) error {
	if s.initialize != nil {
		return s.initialize(ctx)
	}
	return nil
}

func (s *idle) Producers() (all []connect.Producer) {
	for _, t := range s.topics {
		all = append(all, connect.Producer{Topic: t, Reliable: true})
	}
	return all
}

func (s *idle) Poll(context.Context) ([]connect.Envelope, error) {
	if s.poll != nil {
		return s.poll()
	}
	return nil, nil
}

func (s *idle) HealthCheck(context.Context) error {
	if s.check != nil {
		return s.check()
	}
	return nil
}

// settings is a configuration in which nothing is out of the ordinary.
func settings() config.Connector {
	cfg := config.Defaults()
	cfg.DanubeServiceURL, cfg.ConnectorName = "http://broker:6650", "test"
	return cfg
}

// nobody is a network without brokers.
func nobody(context.Context, string) (net.Conn, error) { return nil, errors.New("nobody there") }

// standing returns a runtime that is not served, with a client of a broker that is
// never asked, and a gate that is open.
func standing(t *testing.T, s connect.Source, w io.Writer) *Runtime {
	t.Helper()
	rt := New(s, settings(), Options{Logger: loud(w), Dial: nobody})
	client, err := danube.New(clientSettings(rt.cfg, rt.opts, rt.log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	rt.client = client
	rt.gate.Begin(1)
	return rt
}

// at is the board's line about a component, the zero line when it has none.
func at(b *health.Board, name string) health.Component {
	for _, c := range b.Components() {
		if c.Name == name {
			return c
		}
	}
	return health.Component{}
}

// says reports whether err names every part.
func says(err error, parts ...string) bool {
	if err == nil {
		return false
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			return false
		}
	}
	return true
}

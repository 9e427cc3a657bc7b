package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/thejerf/suture/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// service is the larger program: a tree of supervision and a mux of its own, and
// two connectors in them.
type service struct {
	tree     *suture.Supervisor
	mux      *http.ServeMux
	budget   *supervisor.Budget // of both connectors together
	runtimes []*supervisor.Runtime
	names    []string
}

func newService(url string, log *slog.Logger) (*service, error) {
	s := &service{
		tree: suture.New("service", suture.Spec{
			EventHook: func(e suture.Event) { log.Warn(e.String()) },
			// The tree waits for the connectors to drain, and a little longer.
			Timeout: config.Defaults().Delivery.DrainTimeout + 5*time.Second,
		}),
		mux:    http.NewServeMux(),
		budget: supervisor.NewBudget(supervisor.BudgetSettings{Bytes: 32 << 20}),
	}
	desk := newOrders()
	s.mux.Handle("POST /orders", desk)
	if err := s.add("orders", 3, desk, url, log); err != nil {
		return nil, err
	}
	return s, s.add("vitals", 1, &vitals{every: time.Second}, url, log)
}

// add makes a connector part of the service: of its tree, of its mux, and by weight
// of its budget.
func (s *service) add(name string, weight int, source connect.Source, url string, log *slog.Logger) error {
	cfg := config.Defaults()
	cfg.ConnectorName, cfg.DanubeServiceURL = name, url
	if err := cfg.Check(); err != nil {
		return err
	}
	runtime := supervisor.New(source, cfg, supervisor.Options{Logger: log, Budget: s.budget, Weight: weight})
	s.tree.Add(runtime)
	prefix := "/connectors/" + name
	s.mux.Handle(prefix+"/", http.StripPrefix(prefix, runtime.Handler()))
	s.runtimes, s.names = append(s.runtimes, runtime), append(s.names, name)
	return nil
}

// run serves until ctx ends. The first signal ends it, the second kills the
// connectors.
func (s *service) run(ctx context.Context, end context.CancelFunc, signals <-chan os.Signal, l net.Listener, stdout io.Writer) error {
	s.tree.Add(&web{listener: l, handler: s.mux})
	ended := s.tree.ServeBackground(ctx)
	var faults []error
	for over := false; !over; {
		select {
		case <-signals:
			if ctx.Err() != nil {
				s.kill()
				faults = append(faults, errKilled)
			}
			end()
		case err := <-ended:
			if over = true; ctx.Err() == nil {
				faults = append(faults, err)
			}
		}
	}
	for i, r := range s.runtimes {
		t := r.Totals()
		_, err := fmt.Fprintf(stdout, "%s read=%d published=%d committed=%d in_flight=%d\n", s.names[i], t.Read, t.Published, t.Committed, t.InFlight)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

var errKilled = errors.New("ended at once, by a second signal")

func (s *service) kill() {
	for _, r := range s.runtimes {
		r.Kill()
	}
}

// web serves the mux.
type web struct {
	listener net.Listener
	handler  http.Handler
}

// String names it in the tree's reports.
func (w *web) String() string { return "web" }

// Serve answers until ctx ends, and lets requests under way finish.
func (w *web) Serve(ctx context.Context) error {
	server := &http.Server{Handler: w.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	finished := make(chan error, 1)
	go func() { finished <- server.Serve(w.listener) }()
	select {
	case err := <-finished:
		return fmt.Errorf("%w: %w", suture.ErrTerminateSupervisorTree, err) // a service that cannot be reached is none
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	<-finished
	if err != nil {
		return errors.Join(err, server.Close())
	}
	return ctx.Err()
}

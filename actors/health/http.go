package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"text/tabwriter"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Handler serves GET /livez, /readyz and /metrics. /livez answers 200 until a
// component is stuck or failed for good, /readyz 200 while every component lets
// records flow; both say in plain text what speaks against it.
func Handler(b *Board, figures func() Figures) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, b, b.Live()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, b, b.Ready()) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		f := figures()
		_, _ = w.Write(f.text()) // a client that has gone away is its own affair
	})
	return mux
}

func answer(w http.ResponseWriter, b *Board, against []Component) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	verdict := "ok"
	if len(against) > 0 {
		verdict = "not ok"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = io.WriteString(w, verdict+"\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range b.Components() {
		_, _ = fmt.Fprintf(table, "%s\t%s\tfor %s\t%s\n", c.Name, c.State, time.Since(c.Since).Round(time.Second), c.Cause)
	}
	_ = table.Flush()
}

// Server is the actor that listens.
type Server struct {
	address string
	handler http.Handler
	logger  *slog.Logger
	bound   func(net.Addr)
}

// NewServer returns a server for address. bound, if not nil, is told where it
// listens, which port 0 leaves open.
func NewServer(address string, h http.Handler, l *slog.Logger, bound func(net.Addr)) *Server {
	return &Server{address: address, handler: h, logger: l, bound: bound}
}

// String names the actor.
func (s *Server) String() string { return "http server" }

// Serve listens until ctx ends, then gives requests under way a second. A port
// that cannot be had is an error of ClassConfig.
func (s *Server) Serve(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return connect.ConfigError("[processing] metrics_port: cannot listen: %w; choose a free port, or 0 for any", err)
	}
	if s.bound != nil {
		s.bound(l.Addr())
	}
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // past the grace, requests are cut
		}
	})
	err = server.Serve(l)
	if release() {
		return fmt.Errorf("http server: %w", err)
	}
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return err
}

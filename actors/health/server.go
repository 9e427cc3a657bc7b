package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Server is the actor that listens.
type Server struct {
	address string
	handler http.Handler
	logger  *slog.Logger
	bound   func(net.Addr)
}

// NewServer returns a server for address. l hears at debug level what goes wrong
// with single connections; nil discards. bound, if not nil, is told where the
// server listens, which port 0 leaves open.
func NewServer(address string, h http.Handler, l *slog.Logger, bound func(net.Addr)) *Server {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return &Server{address: address, handler: h, logger: l, bound: bound}
}

// String names the actor.
func (s *Server) String() string { return "http server" }

// grace is how long requests under way may take once the server stops.
const grace = time.Second

// Serve listens until ctx ends, then gives requests under way a second. A port
// that cannot be had is an error of ClassConfig.
func (s *Server) Serve(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return connect.ConfigError("[processing] metrics_port: cannot listen: %w; choose a free port, or 0 for any", err)
	}
	if s.bound != nil {
		s.bound(l.Addr())
	}
	server := s.server()
	ended := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(ended)
		waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(waiting) != nil {
			_ = server.Close() // past the grace, requests are cut
		}
	})
	err = server.Serve(l)
	if release() {
		_ = server.Close() // the listener is gone; so are its connections
		return fmt.Errorf("http server: %w", err)
	}
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return fmt.Errorf("http server: %w", err)
}

// server bounds what one client can hold: nobody needs long to ask for a page, and
// no page is long.
func (s *Server) server() *http.Server {
	return &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
}

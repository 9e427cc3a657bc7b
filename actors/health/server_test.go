package health_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/actors/health"
)

// listening is a Server at work on a port of its own.
type listening struct {
	t      *testing.T
	url    string
	cancel context.CancelFunc
	ended  chan error
	client *http.Client
}

func listen(t *testing.T, h http.Handler, l *slog.Logger) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	at := make(chan net.Addr, 1)
	s := &listening{t: t, cancel: cancel, ended: make(chan error, 1), client: &http.Client{Transport: &http.Transport{}}}
	server := health.NewServer("127.0.0.1:0", h, l, func(a net.Addr) { at <- a })
	go func() { s.ended <- server.Serve(ctx) }()
	t.Cleanup(cancel)
	t.Cleanup(s.client.CloseIdleConnections)
	select {
	case a := <-at:
		s.url = "http://" + a.String()
	case err := <-s.ended:
		t.Fatalf("Serve = %v", err)
	}
	return s
}

// get asks for a page; it may be called from any goroutine.
func (s *listening) get(path string) (string, error) {
	r, err := s.client.Get(s.url + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return fmt.Sprintf("%d %s", r.StatusCode, body), err
}

// stopped waits for the end of Serve.
func (s *listening) stopped() {
	s.t.Helper()
	if err := <-s.ended; !errors.Is(err, context.Canceled) {
		s.t.Errorf("Serve = %v, want the end of its context", err)
	}
}

func TestServerListens(t *testing.T) {
	t.Parallel()
	s := listen(t, health.Handler("orders", boardOf(health.Running), noFigures), nil)
	if body, err := s.get("/readyz"); err != nil || !strings.HasPrefix(body, "200 ok\n") {
		t.Errorf("/readyz: %q, %v", body, err)
	}
	if strings.HasSuffix(s.url, ":0") {
		t.Errorf("told to be at %s", s.url)
	}
	s.cancel()
	s.stopped()
	if body, err := s.get("/readyz"); err == nil {
		t.Errorf("/readyz answers after the end: %q", body)
	}
	if l, err := net.Listen("tcp", strings.TrimPrefix(s.url, "http://")); err != nil {
		t.Errorf("the port is not free after the end: %v", err)
	} else {
		_ = l.Close()
	}
	if got := health.NewServer("", nil, nil, nil).String(); got != "http server" {
		t.Errorf("called %q", got)
	}
}

// addresses nobody can listen on.
func TestServerCannotListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, address := range []string{taken.Addr().String(), "127.0.0.1:99999"} {
		s := health.NewServer(address, http.NotFoundHandler(), nil, func(a net.Addr) { t.Errorf("%s: bound to %s", address, a) })
		err := s.Serve(t.Context())
		if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "metrics_port") {
			t.Errorf("%s: Serve = %v, want a mistake in metrics_port", address, err)
		}
		if _, ok := errors.AsType[*net.OpError](err); !ok {
			t.Errorf("%s: %v does not unwrap to its cause", address, err)
		}
	}
}

// A server asked to end before it began listens nowhere.
func TestServerThatHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := health.NewServer("127.0.0.1:0", http.NotFoundHandler(), nil, func(a net.Addr) { t.Errorf("bound to %s", a) })
	if err := s.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve = %v, want the end of its context", err)
	}
}

// What is under way when the server stops is answered, if that takes no more than
// the grace.
func TestRequestWithinTheGrace(t *testing.T) {
	t.Parallel()
	inside, release := make(chan struct{}), make(chan struct{})
	s := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-release
		_, _ = io.WriteString(w, "answered")
	}), nil)
	answer := make(chan string, 1)
	go func() {
		body, err := s.get("/")
		answer <- fmt.Sprint(body, err)
	}()
	<-inside
	s.cancel()
	close(release)
	if got := <-answer; got != "200 answered<nil>" {
		t.Errorf("got %s", got)
	}
	s.stopped()
}

// Past the grace, a request is cut and Serve returns.
func TestRequestThatHangs(t *testing.T) {
	t.Parallel()
	inside, outside := make(chan struct{}), make(chan struct{})
	s := listen(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(inside)
		<-r.Context().Done()
		close(outside)
	}), nil)
	answer := make(chan error, 1)
	go func() {
		_, err := s.get("/")
		answer <- err
	}()
	<-inside
	began := time.Now()
	s.cancel()
	s.stopped()
	if d := time.Since(began); d < time.Second || d > 10*time.Second {
		t.Errorf("Serve took %v to end with a request that hangs, want the second of grace", d)
	}
	if err := <-answer; err == nil {
		t.Error("the client of the request that hung has an answer")
	}
	<-outside
}

// lines is a writer for a logger that several goroutines use.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// A page that panics costs its own request, and is told at debug level.
func TestPageThatPanics(t *testing.T) {
	t.Parallel()
	var log lines
	h := health.Handler("orders", boardOf(health.Running), func() health.Figures { panic("figures") })
	s := listen(t, h, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if body, err := s.get("/metrics"); err == nil {
		t.Errorf("/metrics: %q", body)
	}
	if body, err := s.get("/livez"); err != nil || !strings.HasPrefix(body, "200 ok\n") {
		t.Errorf("/livez after a panic: %q, %v", body, err)
	}
	s.cancel()
	s.stopped()
	if got := log.String(); !strings.Contains(got, "level=DEBUG") || !strings.Contains(got, "panic serving") {
		t.Errorf("logged:\n%s", got)
	}
}

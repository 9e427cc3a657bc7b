package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

const (
	topic  = "/default/numbers"
	canary = "canary-77ab30"
)

// numbers is a source of so many numbers.
type numbers struct{ n int }

func (n *numbers) Initialize(context.Context, connect.Epoch) error { return nil }

func (n *numbers) Producers() []connect.Producer {
	return []connect.Producer{{Topic: topic, Reliable: true}}
}

func (n *numbers) Poll(context.Context) ([]connect.Envelope, error) {
	var all []connect.Envelope
	for i := range n.n {
		all = append(all, connect.Number(topic, i).WithKey("k").Envelope())
	}
	return all, connect.ErrEnd
}

// show is a consume that runs in this process.
type show struct {
	mu     sync.Mutex
	stdout strings.Builder
	full   error  // what stdout says to another line
	line   func() // called with every line, if set
	stderr strings.Builder
	seen   chan struct{} // closed when it has subscribed
	ended  chan int
}

// Write is the stdout of it.
func (s *show) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full != nil {
		return 0, s.full
	}
	if s.line != nil {
		s.line()
	}
	return s.stdout.Write(p)
}

// complaints is the stderr of it.
type complaints struct{ s *show }

func (c complaints) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.stderr.Write(p)
	if c.s.seen != nil && strings.Contains(c.s.stderr.String(), "subscribed to") {
		close(c.s.seen)
		c.s.seen = nil
	}
	return len(p), nil
}

func (s *show) text() (stdout, stderr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stdout.String(), s.stderr.String()
}

// watch starts consume and returns when it has subscribed.
func watch(ctx context.Context, t *testing.T, full error, env map[string]string, args ...string) *show {
	t.Helper()
	return watchVerb(ctx, t, full, env, append([]string{"consume", "-topic", topic, "-subscription", "test"}, args...)...)
}

// watchVerb starts a verb that reads, and returns when it has subscribed.
func watchVerb(ctx context.Context, t *testing.T, full error, env map[string]string, args ...string) *show {
	t.Helper()
	seen := make(chan struct{})
	s := &show{full: full, seen: seen, ended: make(chan int, 1)}
	go func() {
		s.ended <- run(ctx, args, func(name string) string { return env[name] }, s, complaints{s})
	}()
	select {
	case <-seen:
	case code := <-s.ended:
		_, stderr := s.text()
		t.Fatalf("exit code %d before it had subscribed: %s", code, stderr)
	}
	return s
}

func (s *show) ends(t *testing.T, want int) (stdout, stderr string) {
	t.Helper()
	code := <-s.ended
	stdout, stderr = s.text()
	if code != want {
		t.Errorf("exit code %d, want %d: %s", code, want, stderr)
	}
	return stdout, stderr
}

// awaits waits until all of that is printed, and nothing else.
func (s *show) awaits(ctx context.Context, t *testing.T, want string) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		stdout, stderr := s.text()
		if stdout == want {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("printed %s, saying %s; want %s", stdout, stderr, want)
		}
	}
}

func start(t *testing.T, s devbroker.Settings) *devbroker.Broker {
	t.Helper()
	s.Topics = []string{topic}
	b, err := devbroker.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// publish publishes the numbers below n.
func publish(ctx context.Context, t *testing.T, url string, n int, change func(*config.Connector)) {
	t.Helper()
	cfg := config.Defaults()
	cfg.ConnectorName, cfg.DanubeServiceURL, cfg.Delivery.Stamp = "test", url, false
	change(&cfg)
	if err := supervisor.Run(ctx, &numbers{n: n}, cfg, supervisor.Options{}); err != nil {
		t.Fatal(err)
	}
}

func unchanged(*config.Connector) {}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func printedNumbers(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `{"topic":%q,"offset":%d,"key":"k","payload":%d}`+"\n", topic, i, i)
	}
	return b.String()
}

func TestConsumeGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	first := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "3")
	publish(ctx, t, b.URL(), 25, unchanged)
	if stdout, stderr := first.ends(t, 0); stdout != printedNumbers(0, 3) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("printed %s, saying %s", stdout, stderr)
	}
	// Another of the same subscription, which ends when it is told to.
	until, cancel := context.WithCancel(ctx)
	second := watch(until, t, nil, map[string]string{"DANUBE_SERVICE_URL": b.URL()})
	second.awaits(ctx, t, printedNumbers(3, 25))
	cancel()
	second.ends(t, 0)
}

func TestWhatCannotBePrintedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	first := watch(ctx, t, errors.New("disk full"), nil, "-danube", b.URL())
	publish(ctx, t, b.URL(), 2, unchanged)
	if stdout, stderr := first.ends(t, 1); stdout != "" || !strings.Contains(stderr, "disk full") {
		t.Errorf("printed %s, saying %s", stdout, stderr)
	}
	second := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "2")
	if stdout, _ := second.ends(t, 0); stdout != printedNumbers(0, 2) {
		t.Errorf("printed %s", stdout)
	}
}

func TestWhatIsPrintedIsAcknowledgedAlsoAtTheEnd(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	until, cancel := context.WithCancel(ctx)
	first := watch(until, t, nil, nil, "-danube", b.URL())
	first.mu.Lock()
	first.line = cancel
	first.mu.Unlock()
	publish(ctx, t, b.URL(), 2, unchanged)
	if stdout, stderr := first.ends(t, 0); stdout != printedNumbers(0, 1) || strings.Contains(stderr, "printed again") {
		t.Errorf("printed %s, saying %s", stdout, stderr)
	}
	second := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "1")
	if stdout, _ := second.ends(t, 0); stdout != printedNumbers(1, 2) {
		t.Errorf("printed %s", stdout)
	}
}

func TestAFailedAcknowledgementIsTold(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	b.Script(devbroker.Fault{Method: "Ack", Code: codes.Internal, Text: "not now"})
	s := watch(ctx, t, nil, nil, "-danube", b.URL(), "-count", "2")
	publish(ctx, t, b.URL(), 2, unchanged)
	if stdout, stderr := s.ends(t, 0); stdout != printedNumbers(0, 2) || strings.Count(stderr, "not now") != 1 || !strings.Contains(stderr, "may be printed again") {
		t.Errorf("printed %s, saying %s", stdout, stderr)
	}
}

// secure makes a certificate for the loopback address.
func secure(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13}, file
}

func TestConsumeWithTLSAndAToken(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	settings, ca := secure(t)
	b := start(t, devbroker.Settings{TLS: settings, Token: canary})
	s := watch(ctx, t, nil, map[string]string{"DANUBE_TOKEN": canary}, "-danube", b.URL(), "-ca-file", ca, "-count", "1")
	publish(ctx, t, b.URL(), 1, func(c *config.Connector) {
		c.Danube.CAFile, c.Danube.Token = ca, config.NewSecret(canary)
	})
	stdout, stderr := s.ends(t, 0)
	if stdout != printedNumbers(0, 1) {
		t.Errorf("printed %s", stdout)
	}
	var refused show
	code := run(ctx, []string{"consume", "-topic", topic, "-subscription", "other", "-danube", b.URL(), "-ca-file", ca},
		func(name string) string { return map[string]string{"DANUBE_TOKEN": canary + "x"}[name] }, &refused, complaints{&refused})
	if _, said := refused.text(); code != 1 || !strings.Contains(said, "Unauthenticated") || strings.Contains(stderr+said, canary) {
		t.Errorf("a wrong token: exit code %d, saying %s; and before: %s", code, said, stderr)
	}
}

func TestBrokerSaysWhereItIsAndEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(limited(t))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(r.Close(), w.Close()) })
	ended := make(chan int, 1)
	var stderr show
	go func() {
		ended <- run(ctx, []string{"broker", "-listen", "127.0.0.1:0", "-flush", "50ms", "-topic", topic}, os.Getenv, w, complaints{&stderr})
	}()
	var url string
	if _, err := fmt.Fscanln(r, &url); err != nil {
		t.Fatal(err)
	}
	s := watch(ctx, t, nil, nil, "-danube", url, "-count", "1")
	publish(ctx, t, url, 1, unchanged)
	s.ends(t, 0)
	cancel()
	if code := <-ended; code != 0 {
		_, said := stderr.text()
		t.Errorf("exit code %d: %s", code, said)
	}
	if code := run(ctx, []string{"broker", "-listen", "127.0.0.1:0"}, os.Getenv, &show{full: errors.New("disk full")}, complaints{&stderr}); code != 1 {
		t.Errorf("exit code %d without a stdout, want 1", code)
	}
}

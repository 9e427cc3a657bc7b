package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

func TestMain(m *testing.M) { stage.Main(m.Run, main) }

// play starts the counter with a configuration file.
func play(t *testing.T, file string, env ...string) (*stage.Player, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	if file != "" {
		env = append(env, "CONNECTOR_CONFIG_PATH="+file)
	}
	p, err := stage.Play(env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p, ctx
}

// ends waits for an exit code.
func ends(ctx context.Context, t *testing.T, p *stage.Player, want int) {
	t.Helper()
	if code, err := p.Wait(ctx); code != want || err != nil {
		t.Errorf("exit code %d, %v; want %d; stderr: %s", code, err, want, p.Stderr)
	}
	if got := p.Stdout.String(); got != "" {
		t.Errorf("stdout has %q; a counter has no results", got)
	}
}

func TestTheCounterIsSmall(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 40 {
		t.Errorf("main.go has %d lines, want at most 40", n)
	}
}

func TestItsConfigurationIsRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("connector.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse[config.Connector]("connector.toml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Processing.PollInterval() != time.Second || *cfg.Processing.MetricsPort != 9090 {
		t.Errorf("the file says %+v, its comments another thing", cfg.Processing)
	}
}

var mistake = regexp.MustCompile(`^testdata/mistakes\.toml:\d+:\d+: [a-z_.0-9\[\]]+: .+; .+`)

func TestTenMistakesAreTenLines(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, filepath.Join("testdata", "mistakes.toml"))
	ends(ctx, t, p, 2)
	lines := strings.Split(strings.TrimSuffix(p.Stderr.String(), "\n"), "\n")
	if len(lines) != 10 {
		t.Errorf("%d lines on stderr, want 10", len(lines))
	}
	for _, line := range lines {
		if !mistake.MatchString(line) {
			t.Errorf("%q; want file:line:col: key: what is wrong; what would be right", line)
		}
	}
}

func TestWithoutAConfigurationItSaysSo(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "")
	ends(ctx, t, p, 2)
	if got := p.Stderr.String(); !strings.Contains(got, "CONNECTOR_CONFIG_PATH") || strings.Count(got, "\n") != 1 {
		t.Errorf("stderr has %q", got)
	}
}

func TestItCounts(t *testing.T) {
	t.Parallel()
	broker, err := devbroker.Start(devbroker.Settings{Topics: []string{"/default/numbers"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	client, err := danube.New(danube.Settings{URL: broker.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	consumer, err := client.Subscribe(t.Context(), danube.Subscription{Topic: "/default/numbers", Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, `
danube_service_url = "http://127.0.0.1:1" # the environment says another
connector_name = "counter"
[processing]
poll_interval_ms = 20
metrics_port = 0
`)
	p, ctx := play(t, file, "DANUBE_SERVICE_URL="+broker.URL())
	for n := 1; n <= 10; n++ {
		m, err := consumer.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Payload) != fmt.Sprint(n) {
			t.Errorf("received %s, want %d", m.Payload, n)
		}
		if err := consumer.Ack(ctx, m); err != nil {
			t.Error(err)
		}
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(ctx, t, p, 0)
}

// write writes a configuration file.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connector.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

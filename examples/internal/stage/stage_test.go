package stage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

// program prints its arguments and a variable, then does what the first argument
// says.
func program() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println(strings.Join(os.Args[1:], " "), os.Getenv("STAGE_TEST"))
	fmt.Fprintln(os.Stderr, "ready")
	switch os.Args[1] {
	case "environment":
		fmt.Printf("url=%s name=%s\n", os.Getenv("DANUBE_SERVICE_URL"), os.Getenv("CONNECTOR_NAME"))
	case "fail":
		os.Exit(3)
	case "hang":
		fmt.Println(<-signals)
	}
}

func TestMain(m *testing.M) {
	stage.Main(func() int {
		code := m.Run()
		if err := goleak.Find(); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}, program)
}

func play(t *testing.T, args ...string) (*stage.Player, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p, err := stage.Play([]string{"STAGE_TEST=on"}, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p, ctx
}

func TestPlayersAreNotConfiguredFromOutside(t *testing.T) {
	t.Setenv("DANUBE_SERVICE_URL", "http://elsewhere:6650")
	t.Setenv("CONNECTOR_NAME", "stray")
	p, ctx := play(t, "environment")
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v", code, err)
	}
	if got := p.Stdout.LastLine(); got != "url= name=" {
		t.Errorf("the program sees %q", got)
	}
}

func TestPlayersEndByThemselves(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"succeed": 0, "fail": 3} {
		p, ctx := play(t, name, "now")
		if code, err := p.Wait(ctx); code != want || err != nil {
			t.Errorf("%s: exit code %d, %v; want %d", name, code, err, want)
		}
		if got := p.Stdout.String(); got != name+" now on\n" {
			t.Errorf("%s printed %q", name, got)
		}
		if got := p.Stderr.LastLine(); got != "ready" {
			t.Errorf("%s printed %q on stderr", name, got)
		}
	}
}

func TestPlayersAreSignalled(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "hang")
	if _, err := p.Stderr.After(ctx, "ready"); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
	if got := p.Stdout.LastLine(); got != "terminated" {
		t.Errorf("it was sent %q", got)
	}
}

func TestPlayersAreKilled(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "hang")
	p.Kill()
	p.Kill()
	if code, err := p.Wait(ctx); code != -1 || err != nil {
		t.Errorf("killed: exit code %d, %v; want -1", code, err)
	}
	p, ctx = play(t, "hang")
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := p.Wait(short); !errors.Is(err, context.Canceled) {
		t.Errorf("a process that does not end in time: %v", err)
	}
}

func TestScreenWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var s stage.Screen
	if s.String() != "" || s.LastLine() != "" {
		t.Error("a new screen shows something")
	}
	found := make(chan string)
	go func() {
		rest, err := s.After(ctx, "address=")
		found <- fmt.Sprint(rest, err)
	}()
	for _, piece := range []string{"first line\nthe addr", "ess=http", "://x\nthird"} {
		if _, err := fmt.Fprint(&s, piece); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-found; got != "http://x<nil>" {
		t.Errorf("found %q", got)
	}
	if got := s.LastLine(); got != "third" {
		t.Errorf("the last line is %q", got)
	}
	cancel()
	_, err := s.After(ctx, "never")
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "never") || !strings.Contains(err.Error(), "first line") {
		t.Errorf("got %v; want an error that says what was looked for and what there was", err)
	}
}

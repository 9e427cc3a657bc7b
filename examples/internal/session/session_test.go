package session_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/session"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic = "/default/words"

// words is a source of so many records, one a poll, and then of nothing or of an
// end.
type words struct {
	records int
	err     error // what comes after them
	polled  int
}

func (w *words) Initialize(context.Context, connect.Epoch) error { return nil }

func (w *words) Producers() []connect.Producer {
	return []connect.Producer{{Topic: topic, Reliable: true}}
}

func (w *words) Poll(context.Context) ([]connect.Envelope, error) {
	if w.polled == w.records {
		return nil, w.err
	}
	w.polled++
	at := connect.Offset{Partition: "words", Value: uint64(w.polled)}
	return []connect.Envelope{connect.Bytes(topic, fmt.Appendf(nil, "word %d", w.polled)).WithKey(fmt.Sprint(w.polled)).At(at)}, nil
}

func (w *words) Commit(context.Context, []connect.Offset) error { return nil }

// settings of a session that shows what happens on two screens.
func settings(t *testing.T) (s session.Settings, stdout, stderr *stage.Screen) {
	t.Helper()
	stdout, stderr = new(stage.Screen), new(stage.Screen)
	cfg := config.Defaults()
	cfg.ConnectorName = "words"
	cfg.Processing.MetricsPort = new(uint16)
	cfg.Processing.LogLevel = slog.LevelWarn
	return session.Settings{Config: cfg, Topics: []string{topic}, Stdout: stdout, Stderr: stderr}, stdout, stderr
}

func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestEverythingPublishedIsPrintedBeforeTheLastLine(t *testing.T) {
	t.Parallel()
	s, stdout, stderr := settings(t)
	const n = 1500 // more than a window
	if err := session.Run(&words{records: n, err: connect.ErrEnd}, s); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("read=%[1]d published=%[1]d committed=%[1]d dead_lettered=0 skipped=0 withdrawn=0 in_flight=0", n)
	if got := stdout.LastLine(); got != want {
		t.Errorf("the last line is %q, want %q", got, want)
	}
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	seen := map[string]bool{}
	for i, line := range lines[:len(lines)-1] {
		place, rest := line[:len(topic)+9], strings.Fields(line[len(topic)+9:])
		if want := fmt.Sprintf("%s %6d  ", topic, i); place != want || len(rest) != 3 || rest[0] != rest[2] {
			t.Fatalf("line %d is %q", i, line)
		}
		seen[rest[0]] = true
	}
	if len(seen) != n {
		t.Errorf("%d different records on %d lines, want %d", len(seen), len(lines)-1, n)
	}
	if !strings.Contains(stderr.String(), "development broker at http://127.0.0.1:") {
		t.Errorf("stderr does not say where the broker is: %s", stderr)
	}
}

func TestASessionEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	s, stdout, _ := settings(t)
	s.For = 50 * time.Millisecond
	if err := session.Run(&words{records: 3}, s); err != nil {
		t.Fatal(err)
	}
	// How far it comes by then is the machine's business; that all of it is accounted
	// for is not.
	var read, published, committed int
	last := stdout.LastLine()
	if _, err := fmt.Sscanf(last, "read=%d published=%d committed=%d ", &read, &published, &committed); err != nil || read != published || read != committed {
		t.Errorf("the last line is %q: %v", last, err)
	}
}

var progressLine = regexp.MustCompile(`(?m)^read 3 \([123]/s\), published 3 \([123]/s\), committed \d \(\d/s\), in flight 0 \| received 3$`)

func TestASessionTellsWhereToLookAndHowItGoes(t *testing.T) {
	t.Parallel()
	s, _, stderr := settings(t)
	signals := make(chan os.Signal, 1)
	s.Signals = signals
	ended := make(chan error, 1)
	go func() { ended <- session.Run(&words{records: 3}, s) }()
	ctx := patience(t)
	pages, err := stderr.After(ctx, "look at ")
	if err != nil {
		t.Fatal(err)
	}
	page, _, _ := strings.Cut(pages, " ")
	answer, err := http.Get(page) //nolint:noctx // a page of this process
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if answer.StatusCode != http.StatusOK || !strings.HasSuffix(page, "/metrics") {
		t.Errorf("%s answers %s", page, answer.Status)
	}
	if _, err := stderr.Until(ctx, progressLine.MatchString); err != nil {
		t.Errorf("no progress: %v", err)
	}
	signals <- syscall.SIGTERM
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(stderr.String(), "terminated\n") {
		t.Errorf("stderr does not say what ended the session: %s", stderr)
	}
}

// stuck is a broker that takes requests to send and does not answer.
func stuck(t *testing.T) *devbroker.Broker {
	t.Helper()
	b, err := devbroker.Start(devbroker.Settings{Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	b.Script(devbroker.Fault{Method: "SendMessage", Stall: true, Times: devbroker.Keep})
	return b
}

func TestTheSecondSignalEndsASessionAtOnce(t *testing.T) {
	t.Parallel()
	b := stuck(t)
	s, stdout, stderr := settings(t)
	signals := make(chan os.Signal, 2)
	s.Signals, s.Config.DanubeServiceURL = signals, b.URL()
	ended := make(chan error, 1)
	go func() { ended <- session.Run(&words{records: 3}, s) }()
	ctx := patience(t)
	if _, err := stderr.After(ctx, "read 3 "); err != nil {
		t.Fatal(err)
	}
	signals <- syscall.SIGINT
	if _, err := stderr.After(ctx, "interrupt"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("it did not wait for what is in flight: %v", err)
	default:
	}
	signals <- syscall.SIGINT
	if err := <-ended; session.Exit(err, stderr) != 1 {
		t.Errorf("ended by force: %v; want a failure", err)
	}
	if got := stdout.String(); got != "read=3 published=0 committed=0 dead_lettered=0 skipped=0 withdrawn=0 in_flight=3\n" {
		t.Errorf("stdout shows %q; with a broker of its own accord it prints no records", got)
	}
}

func TestWhatIsWrongIsFoundBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	s, stdout, stderr := settings(t)
	s.Config.ConnectorName = "not a name"
	err := session.Run(&words{}, s)
	if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "connector_name") {
		t.Errorf("got %v, want a config error about connector_name", err)
	}
	if stdout.String()+stderr.String() != "" {
		t.Errorf("printed %q, %q", stdout, stderr)
	}
	s, _, _ = settings(t)
	s.Topics = []string{"no topic"}
	if err := session.Run(&words{}, s); err == nil {
		t.Error("a topic that cannot be was taken")
	}
}

func TestAFatalSourceFailsTheSession(t *testing.T) {
	t.Parallel()
	s, stdout, _ := settings(t)
	gone := fmt.Errorf("dictionary is gone")
	err := session.Run(&words{records: 2, err: connect.Fatal(gone)}, s)
	if err == nil || !strings.Contains(err.Error(), gone.Error()) {
		t.Errorf("got %v, want %v", err, gone)
	}
	if got := stdout.LastLine(); !strings.HasPrefix(got, "read=2 published=2 committed=2 ") {
		t.Errorf("the last line is %q", got)
	}
}

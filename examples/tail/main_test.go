package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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

const (
	topic = "/default/lines"
	// keys is how many keys the lines of the tests have.
	keys = 31
	// ackers is how many acknowledgements are under way at once.
	ackers = 16
)

// padding makes lines as long as they are in logs.
var padding = strings.Repeat(".", 150)

// scene is a broker with a consumer of its topic, and a file that is written.
type scene struct {
	*testing.T
	ctx      context.Context
	broker   *devbroker.Broker
	consumer *danube.Consumer
	file     *os.File
	dir      string
	written  int           // lines
	acking   chan struct{} // holds one for each acknowledgement under way
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, dir: t.TempDir(), acking: make(chan struct{}, ackers)}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	var err error
	s.broker, err = devbroker.Start(devbroker.Settings{Topics: []string{topic}, Window: 1000})
	s.do(err)
	t.Cleanup(func() { _ = s.broker.Close() })
	client, err := danube.New(danube.Settings{URL: s.broker.URL()})
	s.do(err)
	t.Cleanup(client.Close)
	s.consumer, err = client.Subscribe(s.ctx, danube.Subscription{Topic: topic, Name: "test"})
	s.do(err)
	s.file, err = os.Create(filepath.Join(s.dir, "lines.log"))
	s.do(err)
	t.Cleanup(func() {
		for range ackers { // all have come back
			s.acking <- struct{}{}
		}
		_ = s.file.Close()
	})
	return s
}

func (s *scene) do(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// write appends n lines: a key, and a number that counts them all.
func (s *scene) write(n int) {
	s.Helper()
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "key%d %d %s\n", s.written%keys, s.written, padding)
		s.written++
	}
	_, err := s.file.WriteString(b.String())
	s.do(err)
}

// tail starts the program.
func (s *scene) tail(args ...string) *stage.Player {
	s.Helper()
	all := append([]string{"-file", s.file.Name(), "-offsets", filepath.Join(s.dir, "offsets"), "-danube", s.broker.URL(), "-key", `^\w+`}, args...)
	p, err := stage.Play(nil, all...)
	s.do(err)
	s.Cleanup(p.Kill)
	return p
}

// ledger is what the consumer has received.
type ledger struct {
	times  []int          // how often each line came
	newest map[string]int // by run and key: the last line
	first  map[string]int // by key: the newest line so far that came for the first time
	lowest map[string]int // by run: the lowest line
	runs   []string       // in the order they appeared
	have   int            // different lines
}

func newLedger() *ledger {
	return &ledger{newest: map[string]int{}, first: map[string]int{}, lowest: map[string]int{}}
}

// receive receives until so many different lines are there, and checks the order
// within each run and key, and that of first appearances.
func (s *scene) receive(l *ledger, lines int) {
	s.Helper()
	for l.have < lines {
		m, err := s.consumer.Receive(s.ctx)
		if err != nil {
			s.Fatalf("%v with %d of %d lines", err, l.have, lines)
		}
		s.acknowledge(m)
		key, text, _ := strings.Cut(strings.TrimSuffix(string(m.Payload), " "+padding), " ")
		n, err := strconv.Atoi(text)
		if err != nil || m.Key != key || key != fmt.Sprintf("key%d", n%keys) {
			s.Fatalf("received %q with the key %q", m.Payload, m.Key)
		}
		l.enter(s.T, m.Attributes["danube.connect.epoch"], key, n)
	}
}

// acknowledge returns before it is done; the messages of a test come faster.
func (s *scene) acknowledge(m danube.Message) {
	s.acking <- struct{}{}
	go func() {
		defer func() { <-s.acking }()
		if err := s.consumer.Ack(s.ctx, m); err != nil && s.ctx.Err() == nil {
			s.Errorf("acknowledge offset %d: %v", m.Offset, err)
		}
	}()
}

func (l *ledger) enter(t *testing.T, run, key string, n int) {
	t.Helper()
	for len(l.times) <= n {
		l.times = append(l.times, 0)
	}
	if _, known := l.lowest[run]; !known {
		l.runs = append(l.runs, run)
		l.lowest[run] = n
	}
	l.lowest[run] = min(l.lowest[run], n)
	if before, ok := l.newest[run+key]; ok && n <= before {
		t.Errorf("run %s, %s: line %d came after %d", run, key, n, before)
	}
	l.newest[run+key] = n
	if l.times[n]++; l.times[n] == 1 {
		l.have++
		if before, ok := l.first[key]; ok && n != before+keys {
			t.Errorf("%s: line %d came for the first time after %d", key, n, before)
		}
		l.first[key] = n
	}
}

// committed waits until the file of offsets has a position, and returns it.
func (s *scene) committed() int {
	s.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		files, err := filepath.Glob(filepath.Join(s.dir, "offsets", "*.json"))
		s.do(err)
		for _, name := range files {
			text, err := os.ReadFile(name)
			s.do(err)
			if m := value.FindSubmatch(text); m != nil {
				n, err := strconv.Atoi(string(m[1]))
				s.do(err)
				return n
			}
		}
		select {
		case <-look.C:
		case <-s.ctx.Done():
			s.Fatal("nothing was committed")
		}
	}
}

var value = regexp.MustCompile(`"value": (\d+)`)

func TestKilledInMidStream(t *testing.T) {
	t.Parallel()
	s, l := newScene(t), newLedger()
	s.write(500)
	first := s.tail()
	s.receive(l, 300)
	s.committed()
	s.write(2500) // so that it is killed with records under way
	s.receive(l, 700)
	first.Kill()
	if last := first.Stdout.String(); last != "" {
		t.Errorf("a process that was killed still said %q", last)
	}
	committed := s.committed()
	s.write(500)

	second := s.tail()
	from, err := second.Stderr.After(s.ctx, "resuming "+s.file.Name()+" at byte ")
	s.do(err)
	if from != strconv.Itoa(committed) || committed == 0 {
		t.Errorf("resumed at byte %s, want %d, where it had committed", from, committed)
	}
	s.receive(l, s.written)
	if len(l.runs) != 2 || l.lowest[l.runs[0]] != 0 || l.lowest[l.runs[1]] == 0 {
		t.Errorf("runs began at %v; want two, and only the first one from the beginning", l.lowest)
	}
	s.ends(second)
}

// ends asks the program to end, and expects that it accounts for every line.
func (s *scene) ends(p *stage.Player) (published int) {
	s.Helper()
	began := time.Now()
	s.do(p.Signal(syscall.SIGTERM))
	code, err := p.Wait(s.ctx)
	if drain := config.Defaults().Delivery.DrainTimeout; time.Since(began) > drain {
		s.Errorf("it took %v to end, more than the %v there are", time.Since(began), drain)
	}
	if code != 0 || err != nil {
		s.Fatalf("exit code %d, %v: %s", code, err, p.Stderr)
	}
	m := last.FindStringSubmatch(p.Stdout.String())
	if m == nil || m[1] != m[2] || m[1] != m[3] {
		s.Fatalf("stdout is %q; want one line with read = published = committed", p.Stdout)
	}
	published, err = strconv.Atoi(m[1])
	s.do(err)
	return published
}

var last = regexp.MustCompile(`^read=(\d+) published=(\d+) committed=(\d+) dead_lettered=0 skipped=0 withdrawn=0 in_flight=0\n$`)

func TestTerminatedUnderLoad(t *testing.T) {
	t.Parallel()
	s, l := newScene(t), newLedger()
	s.write(15000)
	first := s.tail()
	s.receive(l, 100)
	published := s.ends(first) // with most of the file unread, or under way
	if published < 100 || published >= s.written {
		t.Errorf("%d of %d lines were published before the end; it was not under load", published, s.written)
	}
	s.receive(l, published)

	rest := published + 500
	s.write(max(0, rest-s.written))
	second := s.tail()
	s.receive(l, rest)
	published += s.ends(second)
	s.receive(l, published)
	for n, times := range l.times {
		if times != 1 {
			t.Errorf("line %d came %d times", n, times)
		}
	}
	if len(l.runs) != 2 {
		t.Errorf("%d runs, want 2", len(l.runs))
	}
}

func TestTailFollowsThroughRotations(t *testing.T) {
	t.Parallel()
	s, l := newScene(t), newLedger()
	s.write(50)
	p := s.tail()
	s.receive(l, 50)
	rotated := s.file.Name() + ".1"
	s.do(os.Rename(s.file.Name(), rotated))
	old := s.file
	name := old.Name()
	s.write(10) // its writer has not noticed
	fresh, err := os.Create(name)
	s.do(err)
	s.file = fresh
	s.write(20)
	s.receive(l, 80)
	s.do(fresh.Truncate(0))
	_, err = fresh.Seek(0, 0)
	s.do(err)
	s.write(5)
	s.receive(l, 85)
	s.do(old.Close())
	for _, note := range []string{"was replaced", "was truncated"} {
		if _, err := p.Stderr.After(s.ctx, note); err != nil {
			t.Error(err)
		}
	}
	if n := s.ends(p); n != 85 {
		t.Errorf("%d lines were published, want 85", n)
	}
	for n, times := range l.times {
		if times != 1 {
			t.Errorf("line %d came %d times", n, times)
		}
	}
}

// Without a broker of somebody else's, tail shows the lines by itself.
func TestTailAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "some.log")
	if err := os.WriteFile(file, []byte("one\ntwo\nthr"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := []string{"-file", file, "-offsets", filepath.Join(dir, "offsets"), "-topic", "/logs/some", "-for", "500ms"}
	for _, want := range []string{
		"/logs/some      0  -            one\n/logs/some      1  -            two\nread=2 published=2 committed=2 ",
		"read=0 published=0 committed=0 ",
	} {
		p, err := stage.Play(nil, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		if code, err := p.Wait(ctx); code != 0 || err != nil {
			t.Fatalf("exit code %d, %v: %s", code, err, p.Stderr)
		}
		if !strings.HasPrefix(p.Stdout.String(), want) {
			t.Errorf("stdout is %q, want %q …", p.Stdout, want)
		}
	}
}

var misuses = []struct {
	args []string
	says []string
}{
	{nil, []string{"-file is missing", "-offsets is missing"}},
	{[]string{"-file", "f", "-offsets", "o", "-topic", "lines", "-key", "(", "-for", "-1s"}, []string{"-topic: ", "-key: ", "-for -1s: "}},
	{[]string{"-file", "f\xff", "-offsets", "o"}, []string{"UTF-8"}},
	{[]string{"-file", "f", "-offsets", "o", "-name", "a name"}, []string{"connector_name"}},
	{[]string{"-file", "f", "-offsets", "o", "-danube", "tcp://x"}, []string{"danube_service_url"}},
	{[]string{"-file"}, []string{"-file"}},
	{[]string{"f"}, []string{`"f"`}},
}

func TestTailRefusesWhatMakesNoSense(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, m := range misuses {
		var stdout, stderr stage.Screen
		code := run(nil, m.args, func(string) string { return "" }, &stdout, &stderr)
		lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
		if code != 2 || len(lines) != len(m.says) || stdout.String() != "" {
			t.Errorf("%q: exit code %d, saying %q; want 2 and a line for each of %q", m.args, code, lines, m.says)
			continue
		}
		for i, want := range m.says {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%q: line %d is %q, want something with %q", m.args, i, lines[i], want)
			}
		}
	}
	var stdout, stderr stage.Screen
	if code := run(nil, []string{"-help"}, os.Getenv, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "-offsets directory") {
		t.Errorf("-help: exit code %d, %s", code, stdout.String())
	}
}

func TestTailTakesBrokerAndTokenFromTheEnvironment(t *testing.T) {
	t.Parallel()
	const canary = "canary-5f1c9d"
	environment := map[string]string{"DANUBE_SERVICE_URL": "https://127.0.0.1:1", "DANUBE_TOKEN": canary}
	o, err := parse([]string{"-file", "f", "-offsets", "o"}, func(name string) string { return environment[name] }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg := o.config(); cfg.DanubeServiceURL != "https://127.0.0.1:1" || cfg.Danube.Token.Reveal() != canary {
		t.Errorf("the configuration has %s and a token of %d bytes", cfg.DanubeServiceURL, len(cfg.Danube.Token.Reveal()))
	}
	if shown := fmt.Sprintf("%v %+v %#v", o, o, o.config()); strings.Contains(shown, canary) {
		t.Error("the token is shown")
	}

	// A token without TLS is refused, and not by showing it.
	environment["DANUBE_SERVICE_URL"] = "http://127.0.0.1:1"
	dir := t.TempDir()
	var stdout, stderr stage.Screen
	code := run(nil, []string{"-file", filepath.Join(dir, "f"), "-offsets", dir}, func(name string) string { return environment[name] }, &stdout, &stderr)
	if code != 2 || !strings.Contains(stderr.String(), "https") || strings.Contains(stderr.String()+stdout.String(), canary) {
		t.Errorf("exit code %d, saying %s", code, stderr.String())
	}
}

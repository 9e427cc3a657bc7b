package main

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

func TestMain(m *testing.M) { stage.Main(m.Run, main) }

func play(t *testing.T, args ...string) (*stage.Player, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p, err := stage.Play(nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p, ctx
}

// ends expects a clean end with every record accounted for, and returns how many
// there were.
func ends(ctx context.Context, t *testing.T, p *stage.Player) string {
	t.Helper()
	code, err := p.Wait(ctx)
	if code != 0 || err != nil {
		t.Fatalf("exit code %d, %v; stderr: %s", code, err, p.Stderr)
	}
	m := last.FindStringSubmatch(p.Stdout.LastLine())
	if m == nil || m[1] == "0" || m[1] != m[2] || m[1] != m[3] {
		t.Fatalf("the last line is %q; want read = published = committed > 0", p.Stdout.LastLine())
	}
	return m[1]
}

var last = regexp.MustCompile(`^read=(\d+) published=(\d+) committed=(\d+) dead_lettered=0 skipped=0 withdrawn=0 in_flight=0$`)

func TestQuickstartEndsByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, ctx := play(t, "-for", "1s", "-every", "20ms", "-dir", dir)
	ends(ctx, t, p)
	for _, want := range []string{machineTopic, networkTopic, "program"} {
		if !strings.Contains(p.Stdout.String(), want) {
			t.Errorf("no %s in %s", want, p.Stdout)
		}
	}

	again, ctx := play(t, "-for", "200ms", "-dir", dir)
	ends(ctx, t, again)
	from, err := again.Stderr.After(ctx, "counting on from sample ")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Stdout.String(), `"sample":`+from+`,`) || strings.Contains(again.Stdout.String(), `"sample":`+from+`,`) {
		t.Errorf("sample %s must be the first run's last: %s, then %s", from, p.Stdout, again.Stdout)
	}
}

func TestQuickstartShowsWhereToLookAndDrains(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "-every", "10ms")
	pages, err := p.Stderr.After(ctx, "look at ")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := p.Stderr.After(ctx, "offsets are kept in ")
	if err != nil {
		t.Fatal(err)
	}
	for page := range strings.SplitSeq(pages, " and ") {
		answer, err := http.Get(page) //nolint:noctx // a page of a process beside this one
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if ok := answer.StatusCode == http.StatusOK; !ok && !strings.HasSuffix(page, "readyz") {
			t.Errorf("%s answers %s", page, answer.Status)
		}
	}
	if _, err := p.Stdout.Until(ctx, func(shown string) bool { return strings.Count(shown, "\n") > 50 }); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ends(ctx, t, p)
	if _, err := os.Stat(kept); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", kept, err)
	}
}

var misuses = []struct {
	args []string
	says string
}{
	{[]string{"-every", "0s"}, "-every"},
	{[]string{"-for", "-1s"}, "-for"},
	{[]string{"-fro", "1s"}, "-fro"},
	{[]string{"now"}, `"now"`},
}

func TestQuickstartRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, m := range misuses {
		var stdout, stderr stage.Screen
		if code := run(nil, m.args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), m.says) || stdout.String() != "" {
			t.Errorf("%q: exit code %d, saying %q; want 2 and %s", m.args, code, stderr.String(), m.says)
		}
	}
	var stdout, stderr stage.Screen
	if code := run(nil, []string{"-help"}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "-every") {
		t.Errorf("-help: exit code %d, %s", code, stdout.String())
	}
	damaged := t.TempDir()
	if err := os.WriteFile(damaged+"/offsets.json", []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(nil, []string{"-dir", damaged}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.LastLine(), "offsets.json") {
		t.Errorf("damaged offsets: exit code %d, %s", code, stderr.String())
	}
}

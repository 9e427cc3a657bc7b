package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
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

// ends expects a clean end.
func ends(ctx context.Context, t *testing.T, p *stage.Player) {
	t.Helper()
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v; stderr: %s", code, err, p.Stderr)
	}
}

var shown = regexp.MustCompile(`^/iot/sensors +\d+  (\w+) +(\{.*\})  \(sensor-data-v1 version 1\)$`)

// Readings are shown as the registered schema reads them; the one it does not allow is
// shown with the path that is wrong.
func TestReadingsAreTyped(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "-count", "9", "-every", "10ms")
	ends(ctx, t, p)
	lines := strings.Split(strings.TrimSuffix(p.Stdout.String(), "\n"), "\n")
	if want := "read=9 published=8 committed=9 dead_lettered=1 skipped=0 withdrawn=0 in_flight=0"; lines[len(lines)-1] != want {
		t.Errorf("the last line is %q, want %q", lines[len(lines)-1], want)
	}
	good, bad := 0, 0
	for i, line := range lines[:len(lines)-1] {
		if m := shown.FindStringSubmatch(line); m != nil {
			var r reading
			if err := json.Unmarshal([]byte(m[2]), &r); err != nil || r.Sensor != m[1] || r.Humidity > 100 {
				t.Errorf("%s: %v", line, err)
			}
			good++
			continue
		}
		if strings.HasPrefix(line, "/iot/bad-readings ") {
			bad++
			if !strings.Contains(line, `"humidity_percent":250`) || !strings.HasPrefix(lines[i+1], "  undeliverable: ") || !strings.Contains(lines[i+1], "/humidity_percent") ||
				strings.Contains(lines[i+1], "250") {
				t.Errorf("the bad reading is shown as\n%s\n%s", line, lines[i+1])
			}
			continue
		}
		if !strings.HasPrefix(line, "  undeliverable: ") {
			t.Errorf("line %q", line)
		}
	}
	if good != 8 || bad != 1 {
		t.Errorf("%d readings and %d bad ones are shown, want 8 and 1:\n%s", good, bad, p.Stdout)
	}
	dir, err := p.Stderr.After(ctx, "configuration and schema are in ")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", dir, err)
	}
}

func TestSensorsDrain(t *testing.T) {
	t.Parallel()
	p, ctx := play(t, "-count", "0", "-every", "10ms")
	if _, err := p.Stdout.Until(ctx, func(shown string) bool { return strings.Count(shown, "\n") > 20 }); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(ctx, t, p)
	var read, published, committed int
	last := p.Stdout.LastLine()
	if _, err := fmt.Sscanf(last, "read=%d published=%d committed=%d dead_lettered=1", &read, &published, &committed); err != nil || read != committed || published != read-1 {
		t.Errorf("the last line is %q: %v", last, err)
	}
}

// With a configuration of its own the example uses that one's broker.
func TestSensorsWithABroker(t *testing.T) {
	t.Parallel()
	b, err := devbroker.Start(devbroker.Settings{Namespaces: []string{"iot"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "connector.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "http://127.0.0.1:6650", b.URL(), 1))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	p, ctx := play(t, "-config", file, "-count", "9", "-every", "10ms")
	ends(ctx, t, p)
	if got := p.Stdout.String(); got != "read=9 published=8 committed=9 dead_lettered=1 skipped=0 withdrawn=0 in_flight=0\n" {
		t.Errorf("printed %s", got)
	}
	client, err := danube.New(danube.Settings{URL: b.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s, err := client.LatestSchema(ctx, "sensor-data-v1")
	if schema, _ := os.ReadFile("schemas/sensor.json"); err != nil || string(s.Definition) != string(schema) {
		t.Errorf("registered is %s, %v", s.Definition, err)
	}
	n := 0
	for m := range b.Log("/iot/sensors") {
		n++
		if m.SchemaID != s.ID || m.SchemaVersion != 1 {
			t.Errorf("a reading is of schema %d version %d", m.SchemaID, m.SchemaVersion)
		}
	}
	if n != 8 {
		t.Errorf("%d readings in the broker, want 8", n)
	}
}

var misuses = []struct {
	args []string
	code int
	says string
}{
	{[]string{"-every", "0s"}, 2, "-every"},
	{[]string{"-count", "-1"}, 2, "-count"},
	{[]string{"-config", "nowhere.toml"}, 2, "nowhere.toml"},
	{[]string{"now"}, 2, `"now"`},
}

func TestSensorsRefuseWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, m := range misuses {
		var stdout, stderr stage.Screen
		if code := run(nil, m.args, &stdout, &stderr); code != m.code || !strings.Contains(stderr.String(), m.says) || stdout.String() != "" {
			t.Errorf("%q: exit code %d, saying %q; want %d and %s", m.args, code, stderr.String(), m.code, m.says)
		}
	}
	nobody := filepath.Join(t.TempDir(), "connector.toml")
	text := "danube_service_url = \"http://127.0.0.1:1\"\nconnector_name = \"sensors\"\n[sensors]\nnames = []\n"
	if err := os.WriteFile(nobody, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr stage.Screen
	if code := run(nil, []string{"-config", nobody}, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "sensors.names is empty") {
		t.Errorf("without sensors: exit code %d, %s", code, stderr.String())
	}
}

package supervisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
)

// put writes a token file; written is what its time says.
func put(t *testing.T, path, text string, written time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
}

// A token is looked at once a second and read when the file has changed; what is
// found wrong holds as long.
func TestTokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		f := &tokenFile{path: path}
		day := time.Now()
		remove := func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		for i, step := range []struct {
			after  time.Duration
			change func()
			want   string // empty: an error
		}{
			{0, func() {}, ""},
			{500 * time.Millisecond, func() { put(t, path, "first\n", day) }, ""},
			{500 * time.Millisecond, func() {}, "first"},
			{time.Millisecond, func() { put(t, path, "second", day.Add(time.Second)) }, "first"},
			{998 * time.Millisecond, func() {}, "first"},
			{time.Millisecond, func() {}, "second"},
			{time.Second, func() { put(t, path, "SECOND", day.Add(time.Second)) }, "second"}, // same time, same size
			{time.Second, func() { put(t, path, "third!", day.Add(2*time.Second)) }, "third!"},
			{time.Second, func() { put(t, path, "longer", day.Add(2*time.Second)) }, "third!"},
			{time.Second, func() { put(t, path, "longer still", day.Add(2*time.Second)) }, "longer still"},
			{time.Second, remove, ""},
			{500 * time.Millisecond, func() { put(t, path, "back", day) }, ""},
			{500 * time.Millisecond, func() {}, "back"},
			{time.Second, func() { put(t, path, " \n", day.Add(time.Minute)) }, ""},
			{time.Second, func() {}, ""},
			{time.Second, func() { put(t, path, strings.Repeat("x", maxToken+1), day.Add(time.Hour)) }, ""},
			{time.Second, func() { put(t, path, "back", day) }, "back"},
		} {
			time.Sleep(step.after)
			step.change()
			got, err := f.token()
			if got != step.want || (err == nil) != (step.want != "") {
				t.Errorf("step %d: token %q, %v; want %q", i+1, got, err, step.want)
			}
			if err != nil && !says(err, "[danube] token_file", path) {
				t.Errorf("step %d: %v does not name the key and the file", i+1, err)
			}
		}
	})
}

// What is wrong with a token is no reason to show it.
func TestTokenFileErrorsHoldNoToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	put(t, path, strings.Repeat("canary", maxToken), time.Now())
	f := &tokenFile{path: path, secret: config.NewSecret("canary")}
	_, err := f.token()
	if !says(err, "at most") || says(err, "canary") {
		t.Errorf("error is %v", err)
	}
	if dump := fmt.Sprintf("%+v %#v %s", f, f, f.secret); strings.Contains(dump, "canary") {
		t.Errorf("a dump shows the token: %s", dump)
	}
	if _, err := (&tokenFile{path: t.TempDir()}).token(); !says(err, "directory") {
		t.Errorf("a directory for a token file: %v", err)
	}
}

// The token comes from the file, else from the environment, else from nowhere.
func TestTokenSource(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	put(t, path, "of the file\n", time.Now())
	for want, d := range map[string]config.Danube{
		"of the file":        {TokenFile: path},
		"of the environment": {Token: config.NewSecret("of the environment")},
	} {
		if got, err := tokenSource(d)(); got != want || err != nil {
			t.Errorf("token %q, %v; want %q", got, err, want)
		}
	}
	if tokenSource(config.Danube{}) != nil {
		t.Error("a token comes from nowhere")
	}
}

// Every key of [danube] arrives.
func TestClientSettings(t *testing.T) {
	t.Parallel()
	cfg := settings()
	cfg.Danube = config.Danube{
		Seeds: []string{"http://b:1"}, ConnectOverride: "c:1", CAFile: "ca", CertFile: "cert", KeyFile: "key",
		ServerName: "name", RequestTimeout: time.Minute, HealthInterval: time.Hour,
	}
	dialled := false
	opts := Options{Dial: func(context.Context, string) (net.Conn, error) { dialled = true; return nil, errBoom }}.withDefaults()
	s := clientSettings(cfg, opts, opts.Logger)
	got := fmt.Sprint(s.URL, s.Seeds, s.ConnectOverride, s.CAFile, s.CertFile, s.KeyFile, s.ServerName, s.RequestTimeout, s.HealthInterval)
	if want := fmt.Sprint("http://broker:6650", []string{"http://b:1"}, "c:1", "ca", "cert", "key", "name", time.Minute, time.Hour); got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
	if _, _ = s.Dial(t.Context(), "x"); !dialled || s.Logger != opts.Logger || s.Token != nil {
		t.Error("Dial, Logger or Token is not what it was given")
	}
}

package danube

import (
	"errors"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var urls = map[string]struct {
	addr string
	tls  bool
}{
	"http://127.0.0.1:6650":      {"127.0.0.1:6650", false},
	"http://broker:6650/":        {"broker:6650", false},
	"https://broker.example:443": {"broker.example:443", true},
	"https://broker.example":     {"broker.example:443", true},
	"http://broker.example":      {"broker.example:80", false},
	"http://[::1]:6650":          {"[::1]:6650", false},
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for raw, want := range urls {
		e, err := parseEndpoint("url", raw)
		if err != nil || e.addr != want.addr || e.tls != want.tls {
			t.Errorf("%s: %+v, %v; want %+v", raw, e, err, want)
		}
		if again, err := parseEndpoint("url", e.url()); err != nil || again != e {
			t.Errorf("%s: printed as %s, which reads as %+v, %v", raw, e.url(), again, err)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "broker:6650", "127.0.0.1:6650", "ftp://broker", "http://", "http://:6650", "http://b:6650/path", "http://b?x=1",
		"http://b#f", "http://b:port", "http://b:65a", "http://user:canary@b:6650", "://b", "http://b\x7f", "canary@b", "http://x:canary@b:y",
	} {
		_, err := parseEndpoint("the URL", raw)
		if !errors.Is(err, connect.ClassConfig) {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, "the URL") || !strings.Contains(text, "must be") || strings.Contains(text, "canary") {
			t.Errorf("%q: %s", raw, text)
		}
	}
}

var advertisements = []struct{ raw, asked, want string }{
	{"http://10.0.0.7:6650", "http://seed:6650", "http://10.0.0.7:6650"},
	{"http://10.0.0.7:6650/", "http://seed:6650", "http://10.0.0.7:6650"},
	{"10.0.0.7:6650", "http://seed:6650", "http://10.0.0.7:6650"},
	{"http://0.0.0.0:6651", "http://seed:6650", "http://seed:6651"},
	{"http://[::]:6651", "http://[2001:db8::1]:6650", "http://[2001:db8::1]:6651"},
	{"0.0.0.0:6651", "https://seed:6650", "https://seed:6651"},
	{"https://broker:6650", "http://seed:6650", "https://broker:6650"},
	{"http://broker:6650", "https://seed:6650", "https://broker:6650"}, // TLS stays
}

func TestAdvertised(t *testing.T) {
	t.Parallel()
	for _, tc := range advertisements {
		asked, err := parseEndpoint("asked", tc.asked)
		if err != nil {
			t.Fatal(err)
		}
		have, err := advertised(tc.raw, asked)
		if err != nil || have.url() != tc.want {
			t.Errorf("%s advertised by %s: %s, %v; want %s", tc.raw, tc.asked, have.url(), err, tc.want)
		}
	}
	for _, raw := range []string{"", "://", "gopher://b:1", "http://"} {
		if e, err := advertised(raw, endpoint{addr: "seed:6650"}); err == nil {
			t.Errorf("%q is taken for %+v", raw, e)
		}
	}
}

func FuzzEndpoint(f *testing.F) {
	for raw := range urls {
		f.Add(raw)
	}
	for _, tc := range advertisements {
		f.Add(tc.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		asked := endpoint{addr: "seed:6650", tls: true}
		if e, err := parseEndpoint("url", raw); err == nil {
			if again, err := parseEndpoint("url", e.url()); err != nil || again != e {
				t.Errorf("%q reads as %+v, printed %q, which reads as %+v, %v", raw, e, e.url(), again, err)
			}
		}
		if e, err := advertised(raw, asked); err == nil && !e.tls {
			t.Errorf("%q gives TLS up: %+v", raw, e)
		}
	})
}

package danube_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

func someToken() (string, error) { return canary, nil }

// mistakes are settings that cannot be right, and what the error must name.
var mistakes = map[string]struct {
	settings danube.Settings
	names    []string
}{
	"nothing":        {danube.Settings{}, []string{"broker URL", "must be http"}},
	"no scheme":      {danube.Settings{URL: "b:6650"}, []string{"broker URL", "b:6650"}},
	"seed":           {danube.Settings{URL: "http://b:1", Seeds: []string{"c:1"}}, []string{"seed", "c:1"}},
	"seed's scheme":  {danube.Settings{URL: "http://b:1", Seeds: []string{"https://c:1"}}, []string{"seed", "scheme"}},
	"override":       {danube.Settings{URL: "http://b:1", ConnectOverride: "http://"}, []string{"connect override"}},
	"override's":     {danube.Settings{URL: "https://b:1", ConnectOverride: "http://c:1"}, []string{"connect override", "scheme"}},
	"token in clear": {danube.Settings{URL: "http://127.0.0.1:1", Token: someToken}, []string{"token", "https"}},
	"TLS for nobody": {
		danube.Settings{URL: "http://b:1", CAFile: "x", ServerName: "y"}, []string{"ca_file is set", "server_name is set", "https"},
	},
	"half a pair":   {danube.Settings{URL: "https://b:1", CertFile: "x"}, []string{"cert_file", "key_file", "both"}},
	"no such files": {danube.Settings{URL: "https://b:1", CAFile: "/none/ca", CertFile: "/none/c", KeyFile: "/none/k"}, []string{"/none/ca", "/none/c "}},
	"durations": {
		danube.Settings{URL: "http://b:1", RequestTimeout: -1, HealthInterval: -1, DeniedGrace: -1},
		[]string{"request timeout", "health interval", "denied grace"},
	},
	"everything": {
		danube.Settings{URL: "x", RequestTimeout: -time.Second, CertFile: "x"}, []string{"broker URL", "request timeout = -1s", "cert_file"},
	},
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := danube.New(tc.settings)
			if err == nil {
				c.Close()
				t.Fatal("no error")
			}
			if !errors.Is(err, connect.ClassConfig) || connect.ClassOf(err) != connect.ClassConfig {
				t.Errorf("class %s", connect.ClassOf(err))
			}
			for _, part := range tc.names {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the token is in %q", err)
			}
		})
	}
}

func TestCAFileMustHoldCertificates(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := danube.New(danube.Settings{URL: "https://b:1", CAFile: file}); !errors.Is(err, connect.ClassConfig) || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}

func TestClientDialsNothingUnasked(t *testing.T) {
	t.Parallel()
	f := newFakes(t)
	c := newClient(t, danube.Settings{URL: "http://b:1", Seeds: []string{"http://c:1"}, Dial: f.dial})
	if _, err := c.Transport(danube.Topic{Producer: reliable("/default/t"), Connector: "c"}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if len(f.dialled) != 0 {
		t.Errorf("dialled %v", f.dialled)
	}
}

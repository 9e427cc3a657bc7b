package supervisor

import (
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// clientSettings maps what the file says to what the client takes.
func clientSettings(cfg config.Connector, opts Options, log *slog.Logger) danube.Settings {
	d := cfg.Danube
	return danube.Settings{
		URL: cfg.DanubeServiceURL, Seeds: d.Seeds, ConnectOverride: d.ConnectOverride,
		CAFile: d.CAFile, CertFile: d.CertFile, KeyFile: d.KeyFile, ServerName: d.ServerName,
		Token:          tokenSource(d),
		RequestTimeout: d.RequestTimeout, HealthInterval: d.HealthInterval,
		Dial: opts.Dial, Logger: log,
	}
}

// tokenSource returns where the token comes from: the file, read again when it
// changes, or else the environment; nil when there is none.
func tokenSource(d config.Danube) func() (string, error) {
	switch {
	case d.TokenFile != "":
		f := &tokenFile{path: d.TokenFile}
		return f.token
	case !d.Token.IsZero():
		return func() (string, error) { return d.Token.Reveal(), nil }
	}
	return nil
}

// tokenFile is asked for every call to the broker, so it looks at the file at most
// once a second, and reads it only when it has changed.
type tokenFile struct {
	path string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	size    int64
	secret  config.Secret
}

func (f *tokenFile) token() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if !f.secret.IsZero() && now.Sub(f.looked) < time.Second {
		return f.secret.Reveal(), nil
	}
	f.looked = now
	info, err := os.Stat(f.path)
	if err != nil {
		return "", err
	}
	if !f.secret.IsZero() && info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return f.secret.Reveal(), nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return "", err
	}
	f.changed, f.size = info.ModTime(), info.Size()
	f.secret = config.NewSecret(strings.TrimSpace(string(data)))
	return f.secret.Reveal(), nil
}

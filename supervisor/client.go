package supervisor

import (
	"fmt"
	"io"
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
// once a second, and reads it only when it has changed. What it found wrong holds
// as long.
type tokenFile struct {
	path string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	size    int64
	secret  config.Secret
	err     error
}

// maxToken is more than any header may carry.
const maxToken = 64 << 10

func (f *tokenFile) token() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); f.looked.IsZero() || now.Sub(f.looked) >= time.Second {
		f.looked = now
		f.err = f.look()
	}
	if f.err != nil {
		return "", fmt.Errorf("[danube] token_file: %w", f.err)
	}
	return f.secret.Reveal(), nil
}

func (f *tokenFile) look() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if !f.secret.IsZero() && info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return nil
	}
	data, err := readToken(f.path)
	if err != nil {
		return err
	}
	f.changed, f.size = info.ModTime(), info.Size()
	f.secret = config.NewSecret(strings.TrimSpace(string(data)))
	if f.secret.IsZero() {
		return fmt.Errorf("%s is empty; it must hold the token", f.path)
	}
	return nil
}

// readToken reads a file that may be anything, up to the size of a token.
func readToken(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	if err == nil && len(data) > maxToken {
		err = fmt.Errorf("%s has more than %d bytes; a token has at most that", path, maxToken)
	}
	return data, err
}

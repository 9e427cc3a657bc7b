package danube

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Defaults of Settings.
const (
	defaultRequestTimeout = 30 * time.Second
	defaultHealthInterval = 5 * time.Second
	defaultDeniedGrace    = 5 * time.Minute
)

// attemptTimeout bounds one call that asks for something small: a lookup, a
// CreateProducer, a health check. A broker that swallows packets costs this much
// before the next one is asked.
const attemptTimeout = 5 * time.Second

// Settings is what a Client needs to know. Only URL is required; the zero value
// of everything else is useful.
type Settings struct {
	// URL is the broker to ask first: http://host:port, or https://host:port for
	// TLS.
	URL string
	// Seeds are further brokers to ask when the first does not answer, in the
	// form of URL and with its scheme.
	Seeds []string
	// ConnectOverride, if not empty, is dialled instead of whatever address a
	// broker advertises: host:port, or a URL with the scheme of URL. For brokers
	// behind port forwards.
	ConnectOverride string

	// CAFile holds the certificates (PEM) that vouch for the broker; empty means
	// those of the system. Verification cannot be turned off.
	CAFile string
	// CertFile and KeyFile are a client certificate, for proxies that ask for
	// one; a broker does not. Both or neither.
	CertFile, KeyFile string
	// ServerName is the name the broker's certificate must carry, if that is not
	// the host dialled.
	ServerName string

	// Token returns the token to send with every call; nil means none. It is
	// asked for every call and from many goroutines, so that a token that changes
	// is taken up without a restart; an empty token is not sent. It needs https.
	Token func() (string, error)

	// RequestTimeout is how long a send may take; 0 means 30 s. It should be
	// generous: giving a send up can leave a gap in the broker's log.
	RequestTimeout time.Duration
	// HealthInterval is the time between two health checks of a session; 0 means
	// 5 s.
	HealthInterval time.Duration
	// DeniedGrace is how long a session that was once open and is now denied is
	// tried again before access counts as lost for good; 0 means 5 min.
	DeniedGrace time.Duration

	// Dial opens a connection to host:port; nil means TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Logger hears what nobody is told otherwise; nil means nobody.
	Logger *slog.Logger
}

// withDefaults fills in what is zero.
func (s Settings) withDefaults() Settings {
	s.RequestTimeout = cmp.Or(s.RequestTimeout, defaultRequestTimeout)
	s.HealthInterval = cmp.Or(s.HealthInterval, defaultHealthInterval)
	s.DeniedGrace = cmp.Or(s.DeniedGrace, defaultDeniedGrace)
	if s.Dial == nil {
		s.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return s
}

// network is what Settings come to once they are checked.
type network struct {
	seeds    []endpoint
	override *endpoint
}

// network checks all settings and returns the addresses they hold, or every
// mistake at once, of ClassConfig.
func (s Settings) network() (network, error) {
	first, err := parseEndpoint("broker URL", s.URL)
	if err != nil {
		return network{}, errors.Join(err, s.checkDurations(), s.checkFiles())
	}
	n := network{seeds: []endpoint{first}}
	faults := []error{s.checkDurations(), s.checkFiles(), s.checkTLS(first)}
	for _, raw := range s.Seeds {
		e, err := parseEndpoint("seed", raw)
		if err == nil {
			err = sameScheme("seed", e, first)
		}
		faults = append(faults, err)
		if err == nil && !slices.Contains(n.seeds, e) {
			n.seeds = append(n.seeds, e)
		}
	}
	if s.ConnectOverride != "" {
		e, err := parseOverride(s.ConnectOverride, first)
		n.override, faults = &e, append(faults, err)
	}
	return n, errors.Join(faults...)
}

func (s Settings) checkDurations() error {
	var faults []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"request timeout", s.RequestTimeout},
		{"health interval", s.HealthInterval},
		{"denied grace", s.DeniedGrace},
	} {
		if d.value < 0 {
			faults = append(faults, connect.ConfigError("%s = %s; must be greater than 0, or 0 for the default", d.name, d.value))
		}
	}
	return errors.Join(faults...)
}

// checkTLS finds settings that would silently do nothing, or worse, without TLS.
func (s Settings) checkTLS(first endpoint) error {
	if first.tls {
		return nil
	}
	var faults []error
	if s.Token != nil {
		faults = append(faults, connect.ConfigError("a token needs TLS, or anybody on the way could read it; the broker URL %s must be https", first.url()))
	}
	for _, f := range []struct{ name, value string }{
		{"ca_file", s.CAFile}, {"cert_file", s.CertFile}, {"key_file", s.KeyFile}, {"server_name", s.ServerName},
	} {
		if f.value != "" {
			faults = append(faults, connect.ConfigError("%s is set, but the broker URL %s has no TLS; it must be https", f.name, first.url()))
		}
	}
	return errors.Join(faults...)
}

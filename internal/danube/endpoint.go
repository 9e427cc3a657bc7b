package danube

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// endpoint is an address to dial.
type endpoint struct {
	addr string // host:port
	tls  bool
}

// url spells the endpoint as brokers do.
func (e endpoint) url() string {
	if e.tls {
		return "https://" + e.addr
	}
	return "http://" + e.addr
}

// host returns the host without the port.
func (e endpoint) host() string {
	host, _, _ := net.SplitHostPort(e.addr)
	return host
}

const rightURL = "must be http://host:port, or https://host:port for TLS"

// parseEndpoint reads a URL that a user wrote; errors are of ClassConfig.
func parseEndpoint(what, raw string) (endpoint, error) {
	if raw == "" {
		return endpoint{}, connect.ConfigError("%s is empty; %s", what, rightURL)
	}
	e, err := readURL(raw)
	if err != nil {
		return endpoint{}, connect.ConfigError("%s %q: %w; %s", what, redacted(raw), err, rightURL)
	}
	return e, nil
}

// redacted hides what may stand before an @: somebody may take a URL for the
// place of a password.
func redacted(raw string) string {
	before, host, found := strings.Cut(raw, "@")
	if !found {
		return raw
	}
	scheme, _, found := strings.Cut(before, "://")
	if !found {
		return "…@" + host
	}
	return scheme + "://…@" + host
}

func readURL(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which may hold a password
		}
		return endpoint{}, err
	}
	e := endpoint{tls: u.Scheme == "https"}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return e, errors.New("unknown scheme")
	case u.User != nil:
		return e, errors.New("it holds a user, and brokers know none")
	case u.Hostname() == "":
		return e, errors.New("no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return e, errors.New("something follows the host and port")
	case port == "" && e.tls:
		port = "443"
	case port == "":
		port = "80"
	}
	e.addr = net.JoinHostPort(u.Hostname(), port)
	return e, nil
}

// parseOverride reads Settings.ConnectOverride, which may lack the scheme.
func parseOverride(raw string, first endpoint) (endpoint, error) {
	full := raw
	if !strings.Contains(raw, "://") {
		full, _, _ = strings.Cut(first.url(), "://")
		full += "://" + raw
	}
	e, err := parseEndpoint("connect override", full)
	if err != nil {
		return e, err
	}
	return e, sameScheme("connect override", e, first)
}

func sameScheme(what string, e, first endpoint) error {
	if e.tls != first.tls {
		return connect.ConfigError("%s %s has another scheme than the broker URL %s; they must agree", what, e.url(), first.url())
	}
	return nil
}

// advertised reads a URL a broker gave out when it was asked at asked. A broker
// bound to all addresses advertises none (0.0.0.0, [::]): then the host it was
// asked at is meant. TLS is never given up because of what a broker says.
func advertised(raw string, asked endpoint) (endpoint, error) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	e, err := readURL(raw)
	if err != nil {
		return e, err
	}
	e.tls = e.tls || asked.tls
	host, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return e, err
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		e.addr = net.JoinHostPort(asked.host(), port)
	}
	return e, nil
}

package config

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
)

const urlForm = `must be "http://host:port", or "https://host:port" for TLS`

func serviceURL(r *review) {
	const key = "danube_service_url"
	if r.c.DanubeServiceURL == "" {
		r.missing(key, urlForm+", here or in DANUBE_SERVICE_URL")
		return
	}
	r.url(key, r.c.DanubeServiceURL)
}

// url checks the URL of a broker. A URL can hold a password, so none is shown
// (design law 11).
func (r *review) url(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		r.object(key, "is not a URL", urlForm)
	case u.Scheme != "http" && u.Scheme != "https":
		r.object(key, fmt.Sprintf("has the scheme %q", u.Scheme), urlForm)
	case u.User != nil:
		r.object(key, "holds a user or a password", urlForm+"; a token goes into DANUBE_TOKEN or danube.token_file")
	case u.Hostname() == "" || u.Port() != "" && !isPort(u.Port()):
		r.object(key, "has no host, or a port that is not from 1 to 65535", urlForm)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		r.object(key, "has more than a host and a port", urlForm)
	}
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// flush: the flush interval is a word or a duration.
func flush(r *review) {
	const key, right = "delivery.flush_interval", `must be "auto", or a duration from "0s" to "1h" such as "5s"`
	text := r.c.Delivery.FlushInterval
	if text == "auto" {
		return
	}
	if d, err := time.ParseDuration(text); err != nil {
		r.object(key, fmt.Sprintf("%q is neither", text), right)
	} else if d < 0 || d > time.Hour {
		r.object(key, text+" is out of range", right)
	}
}

func connectorName(r *review) {
	const key, right = "connector_name", "must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -"
	name := r.c.ConnectorName
	switch {
	case name == "":
		r.missing(key, right+", here or in CONNECTOR_NAME")
	case len(name) > 64:
		r.object(key, fmt.Sprintf("is %d characters long", len(name)), right)
	case strings.ContainsFunc(name, func(c rune) bool { return !isBare(c) }):
		r.object(key, fmt.Sprintf("%q has other characters", name), right)
	}
}

// isTLS reports whether the first broker is reached by TLS.
func (r *review) isTLS() bool { return strings.HasPrefix(r.c.DanubeServiceURL, "https:") }

// brokers: every URL is of one scheme, or what is meant to be encrypted would
// travel in the clear to one of them.
func brokers(r *review) {
	others := map[string]string{}
	for i, seed := range r.c.Danube.Seeds {
		others[at("danube.seeds", i)] = seed
	}
	if override := r.c.Danube.ConnectOverride; override != "" {
		if scheme, _, _ := strings.Cut(r.c.DanubeServiceURL, "://"); !strings.Contains(override, "://") {
			override = scheme + "://" + override
		}
		others["danube.connect_override"] = override
	}
	for _, key := range slices.Sorted(maps.Keys(others)) {
		r.url(key, others[key])
		if !r.isWrong("danube_service_url") && r.isTLS() != strings.HasPrefix(others[key], "https:") {
			r.object(key, "has another scheme than danube_service_url", "must be http, or https, for all of them")
		}
	}
}

// tlsFiles: what only TLS uses needs TLS.
func tlsFiles(r *review) {
	d := r.c.Danube
	for _, f := range []struct{ key, value string }{
		{"danube.ca_file", d.CAFile}, {"danube.cert_file", d.CertFile}, {"danube.key_file", d.KeyFile},
	} {
		r.needsTLS(f.key, f.value)
		r.file(f.key, f.value)
	}
	r.needsTLS("danube.server_name", d.ServerName)
	if d.CertFile != "" && d.KeyFile == "" {
		r.object("danube.cert_file", "has no danube.key_file beside it", "must be set together")
	}
	if d.KeyFile != "" && d.CertFile == "" {
		r.object("danube.key_file", "has no danube.cert_file beside it", "must be set together")
	}
}

func (r *review) needsTLS(key, value string) {
	if value != "" && !r.isTLS() && !r.isWrong("danube_service_url") {
		r.object(key, "is of use with TLS alone", "must come with an https:// danube_service_url, or be left out")
	}
}

// token: a token must not travel in the clear, and nobody should have to guess
// which one is used.
func token(r *review) {
	if r.c.Danube.TokenFile != "" && !r.c.Danube.Token.IsZero() {
		r.object("danube.token_file", "is set, and so is DANUBE_TOKEN", "must be one of them")
	}
	r.file("danube.token_file", r.c.Danube.TokenFile)
	for key, is := range map[string]bool{
		"danube.token_file": r.c.Danube.TokenFile != "", "danube.token": !r.c.Danube.Token.IsZero(),
	} {
		if is && !r.isTLS() && !r.isWrong("danube_service_url") {
			r.object(key, "would travel in the clear", "must come with an https:// danube_service_url, or be left out")
		}
	}
}

// file checks that there is a file.
func (r *review) file(key, path string) {
	if path == "" {
		return
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		r.object(key, fmt.Sprintf("%q is a directory", path), "must be a file")
	} else if err != nil {
		r.object(key, fmt.Sprintf("%q cannot be found: %s", path, reason(err)),
			"must be a file; a relative path begins at the directory of the configuration file")
	}
}

func bind(r *review) {
	if _, err := netip.ParseAddr(r.c.HTTP.Bind); err != nil && r.c.HTTP.Bind != "localhost" {
		r.object("http.bind", fmt.Sprintf("%q is not an address", r.c.HTTP.Bind),
			`must be an IP address without a port, such as "127.0.0.1", or "localhost"`)
	}
}

// tolerance: a share is a share, and dead letters go to a topic.
func tolerance(r *review) {
	if ratio := r.c.Errors.MaxRatio; !(ratio >= 0 && ratio <= 1) {
		r.object("errors.max_ratio", fmt.Sprintf("%v is out of range", ratio), "must be a number from 0 to 1")
	}
	if name := r.c.Errors.DeadLetterTopic; name != "" {
		r.topic("errors.dead_letter_topic", name)
	}
}

func topics(r *review) {
	for _, name := range slices.Sorted(maps.Keys(r.c.Topics)) {
		here := place{}.field("topics").entry(name)
		r.topic(here.path, name)
		if letters := r.c.Topics[name].DeadLetterTopic; letters != "" {
			r.topic(here.field("dead_letter_topic").path, letters)
		}
	}
}

// topic checks the name of a topic.
func (r *review) topic(key, name string) {
	if err := connect.CheckTopic(name); err != nil {
		what, right, _ := strings.Cut(err.Error(), "; ")
		r.object(key, what, right)
	}
}

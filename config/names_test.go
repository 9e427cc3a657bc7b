package config

import (
	"strings"
	"testing"
)

var urls = []struct {
	url  string
	what string // empty: right
}{
	{"http://localhost:6650", ""},
	{"http://127.0.0.1:1", ""},
	{"http://[::1]:65535", ""},
	{"http://danube-broker", ""},
	{"http://danube-broker:6650/", ""},
	{"https://danube.example.com:443", ""},
	{"localhost:6650", `has the scheme "localhost"`},
	{"danube-broker", `has the scheme ""`},
	{"//danube-broker:6650", `has the scheme ""`},
	{"danube://b:6650", `has the scheme "danube"`},
	{"grpc://b:6650", `has the scheme "grpc"`},
	{"http://", "has no host, or a port that is not from 1 to 65535"},
	{"http://:6650", "has no host, or a port that is not from 1 to 65535"},
	{"http://b:0", "has no host, or a port that is not from 1 to 65535"},
	{"http://b:65536", "has no host, or a port that is not from 1 to 65535"},
	{"http://b:6650x", "is not a URL"},
	{"http://b:-1", "is not a URL"},
	{"http://a b:1", "is not a URL"},
	{"http://[::1:6650", "is not a URL"},
	{" http://b:6650", "is not a URL"},
	{"http://b:6650/path", "has more than a host and a port"},
	{"http://b:6650?q=1", "has more than a host and a port"},
	{"http://b:6650#f", "has more than a host and a port"},
	{"http://user@b:6650", "holds a user or a password"},
	{"http://user:secret-canary@b:6650", "holds a user or a password"},
	{"http://user:secret-canary@b:6650/p", "holds a user or a password"},
	{"http://user:secret-canary/@b:6650", "is not a URL"},
	{"http://user:secret-canary^@b", "is not a URL"},
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range urls {
		c := Defaults()
		c.DanubeServiceURL, c.ConnectorName = tt.url, "orders"
		checkOne(t, tt.url, c, "danube_service_url", tt.what)
		c.DanubeServiceURL, c.Danube.Seeds = "http://b:1", []string{"http://c:1", tt.url}
		if strings.HasPrefix(tt.url, "https:") {
			c.DanubeServiceURL, c.Danube.Seeds[0] = "https://b:1", "https://c:1"
		}
		checkOne(t, tt.url, c, "danube.seeds[1]", tt.what)
	}
}

// checkOne checks that a Connector is right, or has one mistake, which does not
// show a password.
func checkOne(t *testing.T, name string, c Connector, key, what string) {
	t.Helper()
	problems := problemsOf(t, c.Check())
	switch {
	case what == "" && len(problems) == 0:
	case len(problems) != 1 || problems[0].Key != key || problems[0].What != what || problems[0].File != "" || problems[0].Line != 0:
		t.Errorf("%s: %v, want %s: %s", name, problems, key, what)
	case strings.Contains(problems[0].Error(), "canary"):
		t.Errorf("%s: %v", name, problems[0])
	}
}

var overrides = []struct{ url, override, what string }{
	{"http://b:1", "", ""},
	{"http://b:1", "localhost:7000", ""},
	{"https://b:1", "localhost:7000", ""},
	{"http://b:1", "http://localhost:7000", ""},
	{"https://b:1", "https://localhost:7000", ""},
	{"http://b:1", "[::1]:7000", ""},
	{"http://b:1", "https://localhost:7000", "has another scheme than danube_service_url"},
	{"https://b:1", "http://localhost:7000", "has another scheme than danube_service_url"},
	{"http://b:1", "ftp://localhost:7000", `has the scheme "ftp"`},
	{"http://b:1", ":7000", "has no host, or a port that is not from 1 to 65535"},
	{"http://b:1", "user:secret-canary@localhost:7000", "holds a user or a password"},
	{"http://b:1", "localhost:7000/x", "has more than a host and a port"},
}

func TestConnectOverrides(t *testing.T) {
	t.Parallel()
	for _, tt := range overrides {
		c := Defaults()
		c.DanubeServiceURL, c.ConnectorName, c.Danube.ConnectOverride = tt.url, "orders", tt.override
		checkOne(t, tt.override, c, "danube.connect_override", tt.what)
	}
}

var connectorNames = []struct{ name, what string }{
	{"a", ""},
	{"orders", ""},
	{"Orders_2-eu", ""},
	{"-", ""},
	{strings.Repeat("x", 64), ""},
	{"", "is missing"},
	{strings.Repeat("x", 65), "is 65 characters long"},
	{"my source", `"my source" has other characters`},
	{"a/b", `"a/b" has other characters`},
	{"a.b", `"a.b" has other characters`},
	{"é", `"é" has other characters`},
	{"a\nb", `"a\nb" has other characters`},
}

func TestConnectorNames(t *testing.T) {
	t.Parallel()
	for _, tt := range connectorNames {
		c := Defaults()
		c.DanubeServiceURL, c.ConnectorName = "http://b:1", tt.name
		checkOne(t, tt.name, c, "connector_name", tt.what)
	}
}

var binds = []struct{ bind, what string }{
	{"127.0.0.1", ""},
	{"0.0.0.0", ""},
	{"::", ""},
	{"::1", ""},
	{"fe80::1%eth0", ""},
	{"localhost", ""},
	{"", `"" is not an address`},
	{"example.com", `"example.com" is not an address`},
	{"127.0.0.1:9090", `"127.0.0.1:9090" is not an address`},
	{"[::1]", `"[::1]" is not an address`},
	{"127.1", `"127.1" is not an address`},
}

func TestBinds(t *testing.T) {
	t.Parallel()
	for _, tt := range binds {
		c := Defaults()
		c.DanubeServiceURL, c.ConnectorName, c.HTTP.Bind = "http://b:1", "orders", tt.bind
		checkOne(t, tt.bind, c, "http.bind", tt.what)
	}
}

// A token, and what is for TLS alone, never goes without TLS.
func TestTokensNeedTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url  string
		set  func(*Connector)
		key  string
		what string
	}{
		{"https://b:1", func(c *Connector) { c.Danube.Token = NewSecret("t") }, "", ""},
		{"https://b:1", func(c *Connector) { c.Danube.TokenFile = "testdata/guide.toml" }, "", ""},
		{"https://b:1", func(c *Connector) { c.Danube.ServerName = "b" }, "", ""},
		{"http://b:1", func(c *Connector) { c.Danube.Token = NewSecret("t") }, "danube.token", "would travel in the clear"},
		{"http://localhost:1", func(c *Connector) { c.Danube.Token = NewSecret("t") }, "danube.token", "would travel in the clear"},
		{"http://b:1", func(c *Connector) { c.Danube.TokenFile = "testdata/guide.toml" }, "danube.token_file", "would travel in the clear"},
		{"http://b:1", func(c *Connector) { c.Danube.ServerName = "b" }, "danube.server_name", "is of use with TLS alone"},
		{"https://b:1", func(c *Connector) { c.Danube.TokenFile = "testdata" }, "danube.token_file", `"testdata" is a directory`},
		{"https://b:1", func(c *Connector) { c.Danube.CAFile = "testdata/none" }, "danube.ca_file", `"testdata/none" cannot be found: no such file or directory`},
		{"https://b:1", func(c *Connector) { c.Danube.CertFile = "testdata/guide.toml" }, "danube.cert_file", "has no danube.key_file beside it"},
		{"https://b:1", func(c *Connector) { c.Danube.KeyFile = "testdata/guide.toml" }, "danube.key_file", "has no danube.cert_file beside it"},
	} {
		c := Defaults()
		c.DanubeServiceURL, c.ConnectorName = tt.url, "orders"
		tt.set(&c)
		checkOne(t, tt.url+" "+tt.key, c, tt.key, tt.what)
	}
}

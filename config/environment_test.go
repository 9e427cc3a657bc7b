package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secretConfig keeps a secret in every place that may hold one.
type secretConfig struct {
	Connector `toml:",inline" koanf:",squash"`
	Password  Secret `toml:"password" env:"PASSWORD"`
	Own       struct {
		Host string `toml:"host"`
		Key  Secret `toml:"key" env:"API_KEY"`
		Deep *struct {
			Key Secret `toml:"key" env:"DEEP_KEY,only"`
		} `toml:"deep"`
		secretPart
		List []struct {
			Key Secret `toml:"key"`
		} `toml:"list"`
	} `toml:"own"`
}

type secretPart struct {
	Embedded Secret `toml:"embedded" env:"EMBEDDED"`
}

func TestEnvironmentOverridesTheCoreFields(t *testing.T) {
	t.Parallel()
	file := []byte("danube_service_url = \"http://file:1\"\nconnector_name = \"file\"\n")
	got, err := Parse[Connector]("c.toml", file, variables("DANUBE_SERVICE_URL=https://env:2", "CONNECTOR_NAME=env",
		"RETRY=9", "RETRY_MAX_RETRIES=9", "max_retries=9", "retry\x1fmax_retries=9", "DANUBE_TOKEN=", "no equals sign"))
	if err != nil {
		t.Fatal(err)
	}
	if got.DanubeServiceURL != "https://env:2" || got.ConnectorName != "env" || got.Retry.MaxRetries != 3 || !got.Danube.Token.IsZero() {
		t.Errorf("%+v", got)
	}
	if got, err = Parse[Connector]("c.toml", nil, variables("DANUBE_SERVICE_URL=http://env:2", "CONNECTOR_NAME=env")); err != nil || got.ConnectorName != "env" {
		t.Errorf("an empty file and both variables: %+v, %v", got, err)
	}
	if got, err = Parse[Connector]("c.toml", file, variables("DANUBE_SERVICE_URL=", "CONNECTOR_NAME=")); err != nil || got.ConnectorName != "file" {
		t.Errorf("empty variables: %+v, %v", got, err)
	}
}

func TestSecretsComeFromTheEnvironment(t *testing.T) {
	t.Parallel()
	file := []byte(strings.Replace(minimal, "http:", "https:", 1) +
		"password = \"file\"\n[own]\nhost = \"h\"\nkey = \"file\"\nembedded = \"file\"\n[[own.list]]\nkey = \"l\"\n")
	got, err := Parse[secretConfig]("c.toml", file, variables("API_KEY=a=b", "DEEP_KEY=deep", "EMBEDDED=embedded", "DANUBE_TOKEN=token", "PASSWORD="))
	if err != nil {
		t.Fatal(err)
	}
	revealed := map[string]string{
		"password": got.Password.Reveal(), "key": got.Own.Key.Reveal(), "deep": got.Own.Deep.Key.Reveal(),
		"embedded": got.Own.Embedded.Reveal(), "list": got.Own.List[0].Key.Reveal(), "token": got.Danube.Token.Reveal(),
	}
	want := map[string]string{"password": "file", "key": "a=b", "deep": "deep", "embedded": "embedded", "list": "l", "token": "token"}
	if diff := cmp.Diff(want, revealed); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesInTheEnvironmentNameTheVariable(t *testing.T) {
	t.Parallel()
	_, err := Parse[Connector]("c.toml", []byte("[retry]\nmax_retries = -1\n[danube]\ntoken_file = \"testdata/guide.toml\"\n"),
		variables("DANUBE_SERVICE_URL=http://user:hunter2@b:1", "CONNECTOR_NAME="+strings.Repeat("x", 65), "DANUBE_TOKEN=hunter3"))
	want := []string{
		`c.toml:2:1: retry.max_retries: -1 is out of range; must be an integer from 0 to 100 tries`,
		`c.toml:4:1: danube.token_file: is set, and so is DANUBE_TOKEN; must be one of them`,
		`environment variable DANUBE_SERVICE_URL: danube_service_url: holds a user or a password; must be "http://host:port", or "https://host:port" for TLS; a token goes into DANUBE_TOKEN or danube.token_file`,
		`environment variable CONNECTOR_NAME: connector_name: is 65 characters long; must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -`,
	}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
	_, err = Parse[Connector]("c.toml", []byte(minimal), variables("DANUBE_TOKEN=hunter3"))
	want = []string{`environment variable DANUBE_TOKEN: danube.token: would travel in the clear; must come with an https:// danube_service_url, or be left out`}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}

// A mistake in the file and one in the variable that overrides it are two.
func TestFileAndVariableBothWrong(t *testing.T) {
	t.Parallel()
	_, err := Parse[Connector]("c.toml", []byte(strings.Replace(minimal, `"orders"`, "5", 1)), variables("CONNECTOR_NAME=a b"))
	want := []string{
		`c.toml:2:1: connector_name: is an integer; must be a string`,
		`environment variable CONNECTOR_NAME: connector_name: "a b" has other characters; must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -`,
	}
	if diff := cmp.Diff(want, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
}

func TestMissingCoreFields(t *testing.T) {
	t.Parallel()
	_, err := Parse[Connector]("c.toml", []byte("conector_name = \"orders\"\n"), nil)
	lines := errorLines(t, err)
	if len(lines) != 2 || lines[0] != `c.toml:1:1: danube_service_url: is missing; must be "http://host:port", or "https://host:port" for TLS, here or in DANUBE_SERVICE_URL` &&
		lines[1] != `c.toml:1:1: danube_service_url: is missing; must be "http://host:port", or "https://host:port" for TLS, here or in DANUBE_SERVICE_URL` {
		t.Errorf("want the misspelled name and the missing URL, not a missing name:\n%v", err)
	}
}

func TestLoad(t *testing.T) { // not parallel: the environment is the process's
	dir := t.TempDir()
	path := filepath.Join(dir, "connector.toml")
	write := func(data string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(minimal)
	t.Setenv("CONNECTOR_NAME", "from-env")
	t.Setenv(pathVariable, "")
	if got, err := Load[Connector](path); err != nil || got.ConnectorName != "from-env" {
		t.Errorf("by argument: %+v, %v", got, err)
	}
	_, err := Load[Connector]("")
	if diff := cmp.Diff([]string{"environment variable CONNECTOR_CONFIG_PATH: is not set, and no path was given; must name the configuration file"}, errorLines(t, err)); diff != "" {
		t.Error(diff)
	}
	t.Setenv(pathVariable, path)
	if got, err := Load[Connector](""); err != nil || got.ConnectorName != "from-env" {
		t.Errorf("by variable: %+v, %v", got, err)
	}
	write("= 1\n")
	if _, err := Load[Connector](""); err == nil || !strings.HasPrefix(err.Error(), path+":1:1: is not TOML") {
		t.Errorf("a broken file: %v", err)
	}
	write(strings.Repeat("#", maxFileBytes+1))
	for name, want := range map[string]string{
		path:                       path + ": cannot be read: more than 4194304 bytes; must be a TOML file of at most 4 MiB",
		dir:                        dir + ": cannot be read: is a directory; must be a TOML file of at most 4 MiB",
		filepath.Join(dir, "none"): filepath.Join(dir, "none") + ": cannot be read: no such file or directory; must be a TOML file of at most 4 MiB",
	} {
		_, err := Load[Connector](name)
		if diff := cmp.Diff([]string{want}, errorLines(t, err)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRelativePathsBeginAtTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"ca.pem", "cert.pem", "key.pem", "schema.json", "more.json"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := `danube_service_url = "https://b"
connector_name = "orders"
[danube]
ca_file = "ca.pem"
cert_file = "./cert.pem"
key_file = "` + filepath.Join(dir, "key.pem") + `"
server_name = "b"
[[schemas]]
topic = "/a/b"
schema_type = "json_schema"
subject = "s"
schema_file = "schema.json"
refs = ["more.json", "` + filepath.Join(dir, "more.json") + `"]
`
	c, err := Parse[Connector](filepath.Join(dir, "c.toml"), []byte(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []string{c.Danube.CAFile, c.Danube.CertFile, c.Danube.KeyFile, c.Schemas[0].SchemaFile, c.Schemas[0].Refs[0]} {
		if want := filepath.Join(dir, names[i]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := c.Schemas[0].Refs[1]; got != filepath.Join(dir, "more.json") {
		t.Errorf("an absolute path became %s", got)
	}
	_, err = Parse[Connector](filepath.Join(dir, "c.toml"), []byte(strings.Replace(file, "cert_file = \"./cert.pem\"\n", "", 1)), nil)
	if lines := errorLines(t, err); len(lines) != 1 || !strings.HasSuffix(lines[0], "c.toml:5:1: danube.key_file: has no danube.cert_file beside it; must be set together") {
		t.Errorf("%v", err)
	}
	_, err = Parse[Connector](filepath.Join(dir, "c.toml"), []byte(strings.Replace(file, "key_file", "token_file", 1)), nil)
	if lines := errorLines(t, err); len(lines) != 1 || !strings.HasSuffix(lines[0], "c.toml:5:1: danube.cert_file: has no danube.key_file beside it; must be set together") {
		t.Errorf("%v", err)
	}
}

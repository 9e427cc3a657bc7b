package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shared is a file with tables, lists and keys of a connector's own between those
// that every connector shares.
const shared = `
own_key = { inline = 1 }
danube_service_url = "http://127.0.0.1:6650"
connector_name = "shared"

[my_source]
external_host = "system.example.com"

[[my_source.routes]]
from = "input/*"
to = "/data/events"

[[schemas]]
topic = "/data/events"
schema_type = "string"

[[schema]] # misspelled
topic = "/data/more"
`

func TestTheSharedPartOfAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "connector.toml")
	if err := os.WriteFile(file, []byte(shared), 0o600); err != nil {
		t.Fatal(err)
	}
	c, others, err := LoadShared(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"own_key", "my_source", "schema"}; !slices.Equal(others, want) {
		t.Errorf("left alone is %q, want %q", others, want)
	}
	if len(c.Schemas) != 1 || c.Schemas[0].Place != file+":13" || c.ConnectorName != "shared" {
		t.Errorf("the shared part is %+v", c)
	}
	if _, err := Load[Connector](file); err == nil || strings.Count(err.Error(), "unknown key") != 3 {
		t.Errorf("a connector that has no tables of its own takes them: %v", err)
	}
}

func TestTheSharedPartIsStrict(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "connector.toml")
	wrong := shared + "[[schemas]]\ntopic = \"/data/more\"\nschema_typ = \"string\"\n"
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadShared(file); err == nil || !strings.Contains(err.Error(), `:21:1: schemas[1].schema_typ: unknown key`) || strings.Contains(err.Error(), "my_source") {
		t.Errorf("got %v", err)
	}
}

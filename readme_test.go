package connect_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/danube-messaging/danube-connect-go/config"
)

// fences are the blocks of the README in one language.
var fences = map[string]*regexp.Regexp{
	"go":   regexp.MustCompile("(?ms)^```go\n(.*?)^```$"),
	"toml": regexp.MustCompile("(?ms)^```toml\n(.*?)^```$"),
}

// printed returns the one block of the README in a language.
func printed(t *testing.T, language string) []byte {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := fences[language].FindAllSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("README.md has %d blocks of %s, want 1", len(found), language)
	}
	return found[0][1]
}

// The connector that people copy builds as it is printed, in this module.
func TestTheConnectorOfTheReadmeBuilds(t *testing.T) {
	t.Parallel()
	code := printed(t, "go")
	formatted, err := format.Source(code)
	if err != nil {
		t.Fatal(err)
	}
	if string(formatted) != string(code) {
		t.Errorf("gofmt would print it as\n%s", formatted)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, code, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vet", file}, {"build", "-buildvcs=false", "-o", filepath.Join(dir, "ticks"), file}} {
		if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
}

func TestTheConfigurationOfTheReadmeIsRight(t *testing.T) {
	t.Parallel()
	if _, err := config.Parse[config.Connector]("README.md", printed(t, "toml"), nil); err != nil {
		t.Error(err)
	}
}

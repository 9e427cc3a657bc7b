package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const canary = "hunter2-canary"

// holder keeps a secret where printers do and do not reach methods.
type holder struct {
	Exported Secret
	hidden   Secret
	Pointer  *Secret
	List     []Secret
	Map      map[string]Secret
	Any      any
}

func newHolder() holder {
	s := NewSecret(canary)
	return holder{s, s, &s, []Secret{s}, map[string]Secret{"k": s}, s}
}

func TestSecretPrintsInNoVerb(t *testing.T) {
	t.Parallel()
	s := NewSecret(canary)
	for verb := range strings.SplitSeq("v +v #v T t b c d o O q x X U e E f F g G s p 10.3s -20v +q #x #q w", " ") {
		for _, value := range []any{s, &s, newHolder(), new(newHolder()), []Secret{s}, map[string]any{"k": s}, struct{ s Secret }{s}} {
			text := fmt.Sprintf("%"+verb, value) //nolint:govet // wrong verbs are the point
			if leaks(text) {
				t.Errorf("%%%s of %T: %s", verb, value, text)
			}
		}
	}
	for verb, want := range map[string]string{"%v": redacted, "%s": redacted, "%x": redacted, "%#x": redacted, "%+v": redacted, "%#v": `config.Secret("[redacted]")`} {
		if got := fmt.Sprintf(verb, s); got != want {
			t.Errorf("%s prints %s, want %s", verb, got, want)
		}
	}
}

// leaks looks for the canary as text and as hexadecimal digits.
func leaks(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, canary) || strings.Contains(lower, fmt.Sprintf("%x", canary)) || strings.Contains(lower, "104 117 110")
}

func TestSecretPrintsInNoLogAndNoDump(t *testing.T) {
	t.Parallel()
	s, h := NewSecret(canary), newHolder()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler).With("with", s, "holder", h)
		log.Info("one", "secret", s, "pointer", &s, slog.Any("holder", &h), slog.Group("g", "s", s))
		log.Error(fmt.Sprint("two ", s), "err", fmt.Errorf("failed with %v and %w", s, errors.New(s.String())))
	}
	for _, v := range []any{s, &s, h, map[string]any{"k": s}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	text, err := toml.Marshal(map[string]any{"secret": s})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	if leaks(out.String()) || !strings.Contains(out.String(), redacted) {
		t.Error(out.String())
	}
}

// TestSecretPrintsInNoPanic runs itself once more and lets that run panic.
func TestSecretPrintsInNoPanic(t *testing.T) {
	t.Parallel()
	const variable = "CONFIG_TEST_PANIC"
	switch os.Getenv(variable) {
	case "value":
		panic(NewSecret(canary))
	case "struct":
		panic(newHolder())
	case "error":
		panic(fmt.Errorf("with %v", newHolder()))
	}
	for _, how := range []string{"value", "struct", "error"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSecretPrintsInNoPanic$")
		cmd.Env = append(os.Environ(), variable+"="+how)
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("panic: ")) || leaks(string(out)) {
			t.Errorf("panic with a %s: %v\n%s", how, err, out)
		}
	}
}

func TestSecretHoldsItsValue(t *testing.T) {
	t.Parallel()
	var empty, read Secret
	if err := read.UnmarshalText([]byte(canary)); err != nil {
		t.Fatal(err)
	}
	if read.Reveal() != canary || read.IsZero() || !read.Equal(NewSecret(canary)) || read.Equal(NewSecret("other")) || read.Equal(empty) {
		t.Errorf("a secret of %q reveals %q", canary, read.Reveal())
	}
	if empty.Reveal() != "" || !empty.IsZero() || !empty.Equal(NewSecret("")) || fmt.Sprintf("%s%v%x", empty, empty, empty) != "" {
		t.Errorf("an empty secret prints %q", empty)
	}
	if text, err := json.Marshal(empty); err != nil || string(text) != `""` {
		t.Errorf("an empty secret is %s, %v", text, err)
	}
}

// No mistake that can be made around a secret shows it.
func TestMistakesDoNotShowSecrets(t *testing.T) {
	t.Parallel()
	files := []string{
		"[own]\nkey = " + canary,
		"[own]\nkey = \"" + canary,
		"[own]\nkey = '''" + canary,
		"[own]\nkey = \"" + canary + "\" x",
		"[own]\nkey = \"\\" + canary + "\"",
		"[own]\nkey = [\"" + canary + "\"]",
		"[own]\nkey = { a = \"" + canary + "\" }",
		"[own]\nkey = \"a\"\nkey = \"" + canary + "\"",
		"[own]\nkye = \"" + canary + "\"",
		"[own]\nhost = 5\nkey = \"" + canary + "\"",
		"[own.deep]\nkey = \"" + canary + "\"",
		"[danube]\ntoken = \"" + canary + "\"",
		"[danube]\nseeds = [\"http://u:" + canary + "@h:1\", \"http://" + canary + "@h\", \"http://u:" + canary + "/x@h\"]",
		"[own.key]\nx = \"" + canary + "\"",
		"own = \"" + canary + "\"",
		"own.key = \"" + canary + "\"\nown.key.x = 1",
	}
	for _, file := range files {
		_, err := Parse[secretConfig]("c.toml", []byte(minimal+file), nil)
		if len(errorLines(t, err)) == 0 || leaks(fmt.Sprintf("%v %#v", err, err)) {
			t.Errorf("%s\n%v", file, err)
		}
	}
}

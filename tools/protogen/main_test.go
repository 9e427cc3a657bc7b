package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const definition = `syntax = "proto3";
package test;
option go_package = "example.com/test";

// Caller asks.
service Caller { rpc Ask(Question) returns (Question); }

// Question is what is asked.
message Question { uint64 id = 1; }
`

// workshop is a directory with one definition.
func workshop(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "test.proto"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	dir := workshop(t, definition)
	if err := run(dir, true); err == nil {
		t.Error("a file that is not there is up to date")
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "test.pb.go")
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(code); !strings.Contains(text, "// Question is what is asked.\ntype Question struct") {
		t.Error("the message or its comment is missing")
	} else if strings.Contains(text, "Caller") {
		t.Error("the service was generated")
	}
	if !strings.Contains(string(code), "source: danubeconnect/wire/test.proto") {
		t.Error("the definition is registered under another path")
	}
	if err := run(dir, true); err != nil {
		t.Errorf("what was just generated is out of date: %v", err)
	}
	if err := os.WriteFile(file, append(code, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a changed file is up to date: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, names string }{
		"syntax":  {"syntax = \"proto3\";\nmessage {", "test.proto:2"},
		"package": {strings.Replace(definition, "option go_package", "// option go_package", 1), "go_package"},
	} {
		if err := run(workshop(t, tc.text), false); err == nil || !strings.Contains(err.Error(), tc.names) {
			t.Errorf("%s: error %v does not name %q", name, err, tc.names)
		}
	}
	if err := run(t.TempDir(), false); err == nil || !strings.Contains(err.Error(), "no *.proto") {
		t.Errorf("an empty directory: %v", err)
	}
}

// TestWireIsUpToDate is what continuous integration asks as well.
func TestWireIsUpToDate(t *testing.T) {
	t.Parallel()
	if err := run(filepath.Join("..", "..", "internal", "wire"), true); err != nil {
		t.Error(err)
	}
}

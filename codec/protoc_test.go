package codec

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Debian's protoc reads what is written from the same files, to the last field.
func TestProtobufIsReadByProtoc(t *testing.T) {
	t.Parallel()
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("protoc is not installed (Debian: protobuf-compiler, libprotobuf-dev):", err)
	}
	s := sensorSettings()
	dir := t.TempDir()
	for name, text := range map[string][]byte{s.Name: s.Schema, s.Refs[0].Name: s.Refs[0].Schema} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(input []byte, args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), protoc, append([]string{"-I", dir}, args...)...)
		var stderr strings.Builder
		cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
		output, err := cmd.Output()
		if err != nil {
			t.Fatalf("protoc: %v: %s", err, stderr.String())
		}
		return output
	}
	c := protobufOf(t, s)
	payload, err := c.Encode(connect.RawJSON("t", []byte(fullReading)))
	if err != nil {
		t.Fatal(err)
	}
	text := string(run(payload, "--decode", s.Message, s.Name))
	for _, want := range []string{
		`device_id: "d"`, "seq: 9007199254740993", "big: 18446744073709551615", "small: -1", "value: 0.1", `raw: "\000\377"`, "mode: ON",
		"lat: 48.5", "nanos: 123456789", `type_url: "type.googleapis.com/iot.Place"`, "port: 5", `key: "home"`, `device_id: "e"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("protoc reads no %s in\n%s", want, text)
		}
	}
	// What protoc writes of that is the same message, by protoc's own order of maps.
	again, err := c.Decode(run([]byte(text), "--encode", s.Message, "--deterministic_output", s.Name))
	if err != nil || string(again) != fullReading {
		t.Errorf("%s, %v; want\n%s", again, err, fullReading)
	}
	set := filepath.Join(dir, "set")
	run(nil, "--include_imports", "--descriptor_set_out", set, s.Name)
	if s.Schema, err = os.ReadFile(set); err != nil {
		t.Fatal(err)
	}
	s.Refs = nil
	if got, err := protobufOf(t, s).Encode(connect.RawJSON("t", []byte(fullReading))); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("by protoc's descriptor set %x, %v; want %x", got, err, payload)
	}
}

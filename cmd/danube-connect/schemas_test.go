package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

const (
	readings     = `{"type": "object", "properties": {"device": {"type": "string"}}, "required": ["device"]}`
	moreReadings = `{"type": "object", "properties": {"device": {"type": "string"}, "celsius": {"type": "number"}}, "required": ["device"]}`
	otherReading = `{"type": "object", "properties": {"device": {"type": "integer"}, "celsius": {"type": "number"}}, "required": ["device"]}`
)

// schemasOf writes a configuration with tables of the connector's own, and the
// files beside it. It returns the configuration's name.
func schemasOf(t *testing.T, url, entries string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["connector.toml"] = "danube_service_url = \"" + url + "\"\nconnector_name = \"iot\"\n\n" + entries + "\n[iot]\nhost = \"system.example.com\"\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "connector.toml")
}

func entry(topic, subject, schemaType, more string) string {
	return "[[schemas]]\ntopic = \"" + topic + "\"\nsubject = \"" + subject + "\"\nschema_type = \"" + schemaType + "\"\n" + more + "\n"
}

// register registers versions of a subject.
func register(ctx context.Context, t *testing.T, url, subject, schemaType string, versions ...string) {
	t.Helper()
	client, err := danube.New(danube.Settings{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, definition := range versions {
		if _, err := client.RegisterSchema(ctx, registry.Schema{Subject: subject, Type: schemaType, Definition: []byte(definition)}, "test"); err != nil {
			t.Fatal(err)
		}
	}
}

// lookAt runs danube-connect schemas with a configuration. What it prints is
// without the configuration's directory.
func lookAt(ctx context.Context, file string, args ...string) ran {
	var stdout, stderr strings.Builder
	code := run(ctx, append(append([]string{"schemas"}, args...), "-config", file), func(string) string { return "" }, &stdout, &stderr)
	clean := func(s string) string { return strings.ReplaceAll(s, filepath.Dir(file)+"/", "") }
	return ran{code, clean(stdout.String()), clean(stderr.String())}
}

func TestSchemasThatAreRight(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	register(ctx, t, b.URL(), "there", "json_schema", readings)
	register(ctx, t, b.URL(), "ahead", "json_schema", readings, moreReadings)
	file := schemasOf(t, b.URL(), entry("/iot/there", "there", "json_schema", `schema_file = "same.json"`)+
		entry("/iot/absent", "absent", "json_schema", "schema_file = \"same.json\"\nauto_register = true")+
		entry("/iot/changed", "there", "json_schema", "schema_file = \"more.json\"\nauto_register = true")+
		entry("/iot/ahead", "ahead", "json_schema", `schema_file = "same.json"`)+
		"[[schemas]]\ntopic = \"/iot/logs\"\nschema_type = \"string\"\n",
		map[string]string{"same.json": readings, "more.json": moreReadings})
	got := lookAt(ctx, file, "check")
	const want = `TOPIC         SUBJECT  TYPE         FILE       REGISTRY   ACTION
/iot/there    there    json_schema  same.json  version 1  would use version 1
/iot/absent   absent   json_schema  same.json  -          would register version 1
/iot/changed  there    json_schema  more.json  version 1  would register version 2
/iot/ahead    ahead    json_schema  same.json  version 2  would use version 1
/iot/logs     -        string       -          -          would register nothing: no subject

note: /iot/changed: from version 1 to the file: added celsius (number)

note: /iot/ahead: keeping the file's: from version 1 (the file) to version 2 (the registry's latest): added celsius (number)
`
	// The columns are as wide as the directory needs, which is another each time.
	if squeezed(got.stdout) != squeezed(want) || got.code != done || got.stderr != "not looked at, as the connector's own: iot\n" {
		t.Errorf("exit code %d, saying %s, printed\n%s\nwant\n%s", got.code, got.stderr, got.stdout, want)
	}
	if again := lookAt(ctx, file, "check"); again.stdout != got.stdout {
		t.Errorf("a check changed something: then\n%s", again.stdout)
	}
	const differences = `/iot/there: subject there: version 1 is what same.json says
/iot/absent: subject absent: is not in the registry
/iot/changed: subject there: from version 1 to more.json:
  added celsius (number)
/iot/ahead: subject ahead: from version 2 to same.json:
  removed celsius (number)
`
	if got := lookAt(ctx, file, "diff"); got.stdout != differences || got.code != done {
		t.Errorf("exit code %d, printed\n%s\nwant\n%s", got.code, got.stdout, differences)
	}
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"schemas", "list"}, func(name string) string { return map[string]string{"DANUBE_SERVICE_URL": b.URL()}[name] }, &stdout, &stderr)
	const subjects = "SUBJECT  TYPE         LATEST  COMPATIBILITY  ID\n" +
		"ahead    json_schema  2       backward       2\n" +
		"there    json_schema  1       backward       1\n"
	if code != done || stdout.String() != subjects {
		t.Errorf("exit code %d, printed\n%swant\n%s", code, &stdout, subjects)
	}
}

// squeezed is s with one space for every run of them.
func squeezed(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestSchemasThatAreWrong(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	register(ctx, t, b.URL(), "there", "json_schema", readings)
	register(ctx, t, b.URL(), "text", "string", "")
	file := schemasOf(t, b.URL(), entry("/iot/right", "there", "json_schema", `schema_file = "same.json"`)+
		entry("/iot/other", "there", "json_schema", "schema_file = \"other.json\"\nauto_register = true")+
		entry("/iot/pinned", "there", "json_schema", "schema_file = \"same.json\"\nversion_strategy = { pinned = 7 }")+
		entry("/iot/text", "text", "json_schema", `schema_file = "same.json"`)+
		entry("/iot/broken", "broken", "json_schema", `schema_file = "broken.json"`),
		map[string]string{"same.json": readings, "other.json": otherReading, "broken.json": "{\n  \"type\": objct\n}\n"})
	got := lookAt(ctx, file, "check")
	if got.code != misuse || got.stderr != "not looked at, as the connector's own: iot\ndanube-connect schemas: 4 of 5 [[schemas]] would keep the connector from starting\n" {
		t.Errorf("exit code %d, saying %s", got.code, got.stderr)
	}
	if strings.Count(got.stdout, "error, see below") != 4 || strings.Count(got.stdout, "would use version 1") != 1 || strings.Count(got.stdout, "\nerror: ") != 4 {
		t.Errorf("printed\n%s", got.stdout)
	}
	for _, want := range []string{
		"connector.toml:9: [[schemas]] of /iot/other: subject there, file other.json: is not compatible (backward) with version 1 of the registry, and cannot become version 2: ",
		"changed device: type from string to integer",
		"connector.toml:15: [[schemas]] of /iot/pinned: subject there, file same.json: has no version 7, which version_strategy asks for;\n  the latest is version 1",
		"connector.toml:21: [[schemas]] of /iot/text: subject text, file same.json: is of schema_type \"string\" in the registry since version 1, and of \"json_schema\" here",
		"connector.toml:26: [[schemas]] of /iot/broken: subject broken, file broken.json: broken.json:2: is not JSON",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, got.stdout)
		}
	}
	got = lookAt(ctx, file, "diff")
	if got.code != misuse || !strings.Contains(got.stdout, "/iot/other: subject there: from version 1 to other.json:\n  added celsius (number)\n  changed device: type from string to integer\n") ||
		!strings.Contains(got.stdout, "/iot/broken: subject broken: not compared: ") || !strings.Contains(got.stderr, "1 of 5 [[schemas]] could not be compared") {
		t.Errorf("diff: exit code %d, saying %s, printed\n%s", got.code, got.stderr, got.stdout)
	}
}

// Whoever cannot ask the registry says so in time, and tells what is wrong without
// it all the same.
func TestSchemasWithoutARegistry(t *testing.T) {
	t.Parallel()
	address, err := free()
	if err != nil {
		t.Fatal(err)
	}
	right := entry("/iot/right", "there", "json_schema", `schema_file = "same.json"`)
	files := map[string]string{"same.json": readings}
	got := lookAt(limited(t), schemasOf(t, "http://"+address, right, files), "check", "-timeout", "700ms")
	if got.code != failed || !strings.Contains(got.stdout, "registry not asked") || !strings.Contains(got.stderr, "http://"+address+" could not be asked within 700ms: ") ||
		!strings.Contains(got.stderr, "connection refused") {
		t.Errorf("exit code %d, saying %s, printed\n%s", got.code, got.stderr, got.stdout)
	}
	file := schemasOf(t, "http://"+address, right+entry("/iot/broken", "broken", "json_schema", `schema_file = "no.json"`), files)
	// What is wrong already does not wait for a registry to find more.
	ctx := limited(t)
	if got := lookAt(ctx, file, "check", "-timeout", "1h"); ctx.Err() != nil || got.code != misuse || !strings.Contains(got.stdout+got.stderr, "no.json") {
		t.Errorf("exit code %d, saying %s, printed\n%s", got.code, got.stderr, got.stdout)
	}
}

func TestAConfigurationWithoutSchemas(t *testing.T) {
	t.Parallel()
	got := lookAt(limited(t), schemasOf(t, "http://127.0.0.1:1", "", map[string]string{}), "check")
	if got.code != done || got.stdout != "" || !strings.Contains(got.stderr, "has no [[schemas]]") {
		t.Errorf("exit code %d, saying %s, printed\n%s", got.code, got.stderr, got.stdout)
	}
}

// A form that the broker of a topic would refuse is wrong, and which would pass is
// said; a topic that does not exist stays away.
func TestSchemasThatTheBrokerWouldRefuse(t *testing.T) {
	t.Parallel()
	ctx, b := limited(t), start(t, devbroker.Settings{})
	publish(ctx, t, b.URL(), 1, func(c *config.Connector) {
		c.Schemas = []config.Schema{{Topic: topic, Subject: "numbers", SchemaType: "number", AutoRegister: true}}
	})
	enforce(ctx, t, b.URL(), topic, "numbers")
	file := schemasOf(t, b.URL(), entry(topic, "numbers", "number", "")+entry("/iot/none", "numbers", "number", ""), map[string]string{})
	got := lookAt(ctx, file, "check")
	if got.code != misuse || strings.Count(got.stdout, "error, see below") != 1 || strings.Count(got.stdout, "would use version 1") != 1 ||
		!strings.Contains(got.stdout, "connector.toml:4: [[schemas]] of "+topic+", whose broker has the policy \"enforce\": ") || !strings.Contains(got.stdout, `must be "binary"`) {
		t.Errorf("exit code %d, saying %s, printed\n%s", got.code, got.stderr, got.stdout)
	}
	if again := lookAt(ctx, file, "check"); again.stdout != got.stdout {
		t.Errorf("a check changed something: then\n%s", again.stdout)
	}
	file = schemasOf(t, b.URL(), entry(topic, "numbers", "number", `encoding = "binary"`), map[string]string{})
	if got := lookAt(ctx, file, "check"); got.code != done {
		t.Errorf("in the right form: exit code %d, printed\n%s", got.code, got.stdout)
	}
}

// enforce makes the broker check the payloads of a topic that exists.
func enforce(ctx context.Context, t *testing.T, url, topic, subject string) {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///"+strings.TrimPrefix(url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	question := &wire.ConfigureTopicSchemaRequest{TopicName: topic, SchemaSubject: subject, ValidationPolicy: "enforce", EnablePayloadValidation: true}
	if err := cc.Invoke(ctx, wire.ConfigureTopicSchema, question, new(wire.ConfigureTopicSchemaResponse)); err != nil {
		t.Fatal(err)
	}
}

package schemas

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/devbroker"
)

// Every type is registered when it is absent, and found when it is there.
func TestEveryType(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		definitions := map[string]string{
			"json_schema": oneField, "avro": `{"type":"record","name":"r","fields":[{"name":"a","type":"string"}]}`,
			"protobuf": "syntax = \"proto3\";\nmessage M { string a = 1; }\n", "string": "", "number": "", "bytes": "",
		}
		var entries []config.Schema
		for schemaType, definition := range definitions {
			entries = append(entries, r.entry(schemaType, definition, both(auto, func(s *config.Schema) { s.SchemaType = schemaType })))
		}
		for _, which := range []string{"first", "second"} {
			a := r.start(entries...)
			a.ready()
			for schemaType, definition := range definitions {
				latest := r.latest(schemaType)
				got, _ := a.uses(schemaType)
				if latest.Version != 1 || !got.Is(latest) || latest.Type != schemaType || string(latest.Definition) != definition {
					t.Errorf("%s start: the registry has %+v, in use is %+v", which, latest, got)
				}
			}
			a.cancel()
		}
	})
}

// Entries without a subject need no registry.
func TestFormsNeedNoRegistry(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		a := r.start(config.Schema{Topic: "/default/n", SchemaType: "number", Encoding: "binary"})
		a.ready()
		if u, ok := a.Use("/default/n"); !ok || !u.Schema.IsZero() || u.Codec == nil {
			t.Errorf("%+v, %t", u, ok)
		}
		if _, ok := a.Use("/default/other"); ok {
			t.Error("a topic without an entry has one")
		}
		<-a.ended // nothing is left to watch, and a bubble would deadlock
		if a.err != nil {
			t.Error(a.err)
		}
	})
}

func TestStrategies(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		for _, name := range []string{"latest", "pinned", "elsewhere", "minimum", "behind", "ahead", "changed"} {
			r.register(name, oneField)
			r.register(name, twoFields)
		}
		a := r.start(
			r.entry("latest", "  "+twoFields, nil),
			r.entry("pinned", oneField, pinnedTo(1)),
			r.entry("elsewhere", threeFields, pinnedTo(1)),
			r.entry("minimum", twoFields, atLeast(2)),
			r.entry("behind", oneField, nil),
			r.entry("ahead", oneField, follows),
			r.entry("changed", threeFields, both(auto, atLeast(3))),
		)
		a.ready()
		a.wants("latest", 2, "  "+twoFields)
		a.wants("pinned", 1, oneField)
		a.wants("elsewhere", 1, oneField)
		a.wants("minimum", 2, twoFields)
		a.wants("behind", 1, oneField)
		a.wants("ahead", 2, twoFields)
		a.wants("changed", 3, threeFields)
		if got := r.latest("changed"); got.Version != 3 || string(got.Definition) != threeFields {
			t.Errorf("the registry has %+v", got)
		}
		for _, what := range []string{"keeping the file's", "following the registry", "which is pinned and used"} {
			a.until(what)
		}
	})
}

// What an Avro schema takes from other files is in the registry too, and a file
// that is written so is known again.
func TestFilesReferredTo(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		place := r.entry("place", `{"type":"record","name":"Place","fields":[{"name":"lat","type":"double"}]}`, nil)
		s := r.entry("avro", `{"type":"record","name":"Reading","fields":[{"name":"at","type":"Place"}]}`, both(auto, func(s *config.Schema) {
			s.SchemaType, s.Refs = "avro", []string{place.SchemaFile}
		}))
		for range 2 {
			a := r.start(s)
			a.ready()
			if got := r.latest("avro"); got.Version != 1 || !strings.Contains(string(got.Definition), `"lat"`) {
				t.Errorf("the registry has version %d: %s", got.Version, got.Definition)
			}
			a.cancel()
		}
	})
}

// Everything that is wrong is said at once, each with its entry.
func TestMistakes(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		r.register("incompatible", oneField)
		r.register("unlike", oneField)
		r.register("unpinned", oneField)
		r.registerAs("typed", "string", "")
		bad := r.entry("gone", oneField, auto)
		bad.SchemaFile += ".not"
		err := r.start(
			r.entry("incompatible", `{"type":"object","properties":{"a":{"type":"integer"}}}`, auto),
			r.entry("unlike", twoFields, nil),
			r.entry("unpinned", oneField, pinnedTo(4)),
			r.entry("typed", oneField, auto),
			r.entry("absent", oneField, nil),
			r.entry("unparsed", `{"broken":`, auto),
			r.entry("fine", oneField, auto),
			bad,
		).fails()
		if connect.ClassOf(err) != connect.ClassConfig {
			t.Fatalf("%v, of %v", err, connect.ClassOf(err))
		}
		lines := strings.Split(err.Error(), "\n")
		for _, want := range [][]string{
			{"incompatible", "not compatible (backward) with version 1", "version 2", "from version 1 to the file: changed a: type from string to integer"},
			{"unlike", "auto_register is false", "from version 1 to the file: added b (integer)"},
			{"unpinned", "has no version 4", "the latest is version 1"},
			{"typed", `of schema_type "string" in the registry since version 1`, `"json_schema" here`},
			{"absent", "is not in the registry, and auto_register is false"},
			{"unparsed", "does not compile"},
			{"gone", "no such file"},
		} {
			if !hasLine(lines, r.subject(want[0]), want[0]+".json", want) {
				t.Errorf("nothing says %q:\n%v", want, err)
			}
		}
		if len(lines) != 7 {
			t.Errorf("%d lines:\n%v", len(lines), err)
		}
		if got := r.latest("incompatible"); got.Version != 1 {
			t.Errorf("registered all the same: %+v", got)
		}
		if got := r.latest("fine"); !got.IsZero() {
			t.Errorf("registered before a start that fails: %+v", got)
		}
	})
}

// A file that no broker would take is not read to its end, which it may not have.
func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	s := config.Schema{Topic: "/default/orders", Subject: "orders", SchemaType: "json_schema", SchemaFile: filepath.Join(t.TempDir(), "orders.json")}
	for size, fits := range map[int]bool{mostBytes: true, mostBytes + 1: false} {
		if err := os.WriteFile(s.SchemaFile, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := load(s, compile)
		if fits == (err != nil && strings.Contains(err.Error(), "orders.json has more than 4194304 bytes")) || !fits && connect.ClassOf(err) != connect.ClassConfig {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// hasLine reports whether a line has a subject, a file, a place and all of the texts.
func hasLine(lines []string, subject, file string, texts []string) bool {
	for _, line := range lines {
		all := strings.HasPrefix(line, "c.toml:") && strings.Contains(line, subject) && strings.Contains(line, file)
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			return true
		}
	}
	return false
}

// A registry that is down is waited for, and it is said; mistakes in the files
// are not kept back until it is there.
func TestRegistryDownAtTheStart(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		a := r.start(r.entry("orders", oneField, auto))
		time.Sleep(time.Hour)
		if got := a.says(); !strings.Contains(got, "ready false, trouble waiting for the schema registry: ") || !strings.Contains(got, "refused") {
			t.Errorf("it says %s", got)
		}
		err := r.start(r.entry("broken", `{"broken":`, auto), r.entry("other", oneField, auto)).fails()
		if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "does not compile") {
			t.Errorf("with a file that does not parse: %v", err)
		}
		if err := r.broker.Refuse(0, false); err != nil {
			t.Fatal(err)
		}
		a.ready()
		synctest.Wait()
		a.wants("orders", 1, oneField)
		if got := a.says(); !strings.Contains(got, "ready true, trouble <nil>") {
			t.Errorf("it says %s", got)
		}
	})
}

// A registry that denies is not waited for.
func TestRegistryDeniesAtTheStart(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.broker.Script(devbroker.Fault{Method: "GetLatestSchema", Code: codes.PermissionDenied, Text: "no binding grants ManageSchema", Times: devbroker.Keep})
		err := r.start(r.entry("orders", oneField, auto)).fails()
		if connect.ClassOf(err) != connect.ClassFatal || !strings.Contains(err.Error(), "ManageSchema") {
			t.Errorf("%v, of %v", err, connect.ClassOf(err))
		}
	})
}

// A registry that cannot write yet is waited for; one that refuses the definition
// is a mistake.
func TestRegisteringFails(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		r.broker.Script(devbroker.Fault{Method: "RegisterSchema", Code: codes.Internal, Text: "Failed to register schema: no leader", Times: 3})
		a := r.start(r.entry("orders", oneField, auto))
		a.ready()
		a.wants("orders", 1, oneField)
		err := r.start(r.entry("nonsense", `{"type":"nonsense"}`, auto)).fails()
		if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%v, of %v", err, connect.ClassOf(err))
		}
	})
}

// A stop while the registry is waited for ends the wait.
func TestStopWhileWaiting(t *testing.T) {
	scripted(t, func(t *testing.T, r *rig) {
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		a := r.start(r.entry("orders", oneField, auto))
		time.Sleep(time.Minute)
		a.cancel()
		<-a.ended
		if a.err != nil {
			t.Errorf("Serve = %v", a.err)
		}
	})
}

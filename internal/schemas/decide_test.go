package schemas

import (
	"errors"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Three definitions, each compatible with the one before.
const (
	oneField    = `{"type":"object","properties":{"a":{"type":"string"}}}`
	twoFields   = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}`
	threeFields = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"}}}`
)

// version is a version of the subject of the tests.
func version(n uint32, definition string) registry.Schema {
	return registry.Schema{ID: 7, Version: n, Subject: "orders-v1", Type: "json_schema", Definition: []byte(definition), Fingerprint: definition, Compatibility: "backward"}
}

func entryOf(file string, change func(*config.Schema)) *entry {
	s := config.Schema{Topic: "/default/orders", Subject: "orders-v1", SchemaType: "json_schema", SchemaFile: "orders.json", Place: "c.toml:9"}
	if change != nil {
		change(&s)
	}
	return &entry{Schema: s.WithDefaults(), text: []byte(file)}
}

func auto(s *config.Schema)    { s.AutoRegister = true }
func follows(s *config.Schema) { s.OnChange = "follow" }
func halts(s *config.Schema)   { s.OnChange = "halt" }
func pinnedTo(n uint32) func(*config.Schema) {
	return func(s *config.Schema) { s.VersionStrategy.Pinned = n }
}

func atLeast(n uint32) func(*config.Schema) {
	return func(s *config.Schema) { s.VersionStrategy.Minimum = n }
}

func both(f ...func(*config.Schema)) func(*config.Schema) {
	return func(s *config.Schema) {
		for _, each := range f {
			each(s)
		}
	}
}

var one, two, three = version(1, oneField), version(2, twoFields), version(3, threeFields)

var decisions = []struct {
	name   string
	file   string
	entry  func(*config.Schema)
	view   view
	action action
	uses   uint32 // the version
	says   string // in the note, or in the error
}{
	{"nobody has registered it", oneField, auto, view{}, register, 0, ""},
	{"nobody has and nobody may", oneField, nil, view{}, refuse, 0, "is not in the registry, and auto_register is false"},
	{"nobody has, and version 1 is pinned", oneField, both(auto, pinnedTo(1)), view{}, register, 0, ""},
	{"nobody has, and version 2 is pinned", oneField, both(auto, pinnedTo(2)), view{}, refuse, 0, "version 2 of it does not exist"},
	{"nobody has, and version 2 is the least", oneField, both(auto, atLeast(2)), view{}, refuse, 0, "version 2 of it does not exist"},

	{"another type", oneField, both(auto, func(s *config.Schema) { s.SchemaType = "avro" }), view{latest: one}, refuse, 0, `is of schema_type "json_schema" in the registry since version 1, and of "avro" here`},

	{"the latest", twoFields, nil, view{latest: two, own: two}, use, 2, ""},
	{"the latest, and young enough", twoFields, atLeast(2), view{latest: two, own: two}, use, 2, ""},
	{"the latest, and too old", twoFields, atLeast(3), view{latest: two, own: two}, refuse, 0, "is at version 2, and version_strategy asks for 3 or later"},

	{"behind, keep", oneField, nil, view{latest: two, own: one}, use, 1, "keeping the file's: from version 1 (the file) to version 2 (the registry's latest): added b (integer)"},
	{"behind, keep, auto_register", oneField, auto, view{latest: two, own: one}, use, 1, "keeping"},
	{"behind, keep, too old", oneField, atLeast(2), view{latest: two, own: one}, refuse, 0, "is at version 1, and version_strategy asks for 2 or later"},
	{"behind, follow", oneField, follows, view{latest: two, own: one}, use, 2, "following the registry: from version 1 (the file) to version 2"},
	{"behind, follow, young enough", oneField, both(follows, atLeast(2)), view{latest: two, own: one}, use, 2, "following"},
	{"behind, halt", oneField, halts, view{latest: two, own: one}, refuse, 0, `on_change is "halt", and the registry has changed: from version 1 (the file) to version 2 (the registry's latest): added b (integer)`},

	{"new, may be registered", threeFields, auto, view{latest: two}, register, 0, ""},
	{"new, and will be young enough", threeFields, both(auto, atLeast(3)), view{latest: two}, register, 0, ""},
	{"new, and will be too old", threeFields, both(auto, atLeast(4)), view{latest: two}, refuse, 0, "is at version 2, and version_strategy asks for 4 or later"},
	{"new, may be registered, and follows", threeFields, both(auto, follows), view{latest: two}, register, 0, ""},
	{"new, may not", threeFields, nil, view{latest: two}, refuse, 0, "is not what the registry has, and auto_register is false; from version 2 to the file: added c (boolean)"},
	{"new, may not, halt", threeFields, halts, view{latest: two}, refuse, 0, "auto_register is false"},
	{"new, may not, follow", threeFields, follows, view{latest: two}, use, 2, "following the registry, which does not have the file: from the file to version 2: removed c (boolean)"},

	{"pinned to what the file says", oneField, pinnedTo(1), view{latest: three, pinned: one}, use, 1, ""},
	{"pinned to something else", threeFields, both(auto, pinnedTo(1)), view{latest: two, pinned: one}, use, 1, "from the file to version 1, which is pinned and used: removed b (integer); removed c (boolean)"},
	{"pinned to what does not exist", oneField, both(auto, pinnedTo(9)), view{latest: three}, refuse, 0, "has no version 9, which version_strategy asks for; the latest is version 3"},
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range decisions {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := entryOf(tt.file, tt.entry)
			got := e.decide(tt.view)
			if got.action != tt.action || got.schema.Version != tt.uses {
				t.Errorf("action %d with version %d, want %d with %d", got.action, got.schema.Version, tt.action, tt.uses)
			}
			if (got.err != nil) != (tt.action == refuse) {
				t.Errorf("error %v", got.err)
			}
			said := got.note
			if got.err != nil {
				said = got.err.Error()
				if connect.ClassOf(got.err) != connect.ClassConfig || !strings.HasPrefix(said, "c.toml:9: [[schemas]] of /default/orders: subject orders-v1, file orders.json: ") {
					t.Errorf("%q, of %v, does not say where the mistake is", said, connect.ClassOf(got.err))
				}
			}
			if !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
				t.Errorf("it says %q, want %q", said, tt.says)
			}
			if got.latest.Version != tt.view.latest.Version {
				t.Errorf("the latest is version %d, was shown %d", got.latest.Version, tt.view.latest.Version)
			}
		})
	}
}

func TestIncompatible(t *testing.T) {
	t.Parallel()
	e := entryOf(threeFields, auto)
	got := e.incompatible(two, []string{"first", "second"})
	const want = "is not compatible (backward) with version 2 of the registry, and cannot become version 3: first; second; from version 2 to the file: added c (boolean)"
	if got.action != refuse || !strings.Contains(got.err.Error(), want) {
		t.Errorf("%v, want %q", got.err, want)
	}
}

var drifts = []struct {
	name  string
	inUse registry.Schema
	seen  registry.Schema
	entry func(*config.Schema)
	view  view
	to    move
	next  uint32
	says  string
}{
	{"nothing new", one, two, nil, view{latest: two}, stay, 1, "as before"},
	{"keep", one, one, nil, view{latest: two}, stay, 1, "keeping version 1: from version 1 to version 2: added b (integer)"},
	{"follow", one, one, follows, view{latest: three}, follow, 3, "following the registry: from version 1 to version 3: added b (integer); added c (boolean)"},
	{"halt", one, one, halts, view{latest: two}, halt, 1, "from version 1 to version 2: added b (integer)"},
	{"back to what is in use", one, two, nil, view{latest: one}, stay, 1, ""},
	{"follow what became another type", one, one, follows, view{latest: registry.Schema{ID: 7, Version: 2, Type: "avro"}}, stay, 1, "version 2 of the registry is of schema_type avro"},
	{"the same definition under another id", one, one, halts, view{latest: registry.Schema{ID: 9, Version: 1, Type: "json_schema", Definition: []byte(" " + oneField)}}, adopt, 1, ""},
	{"gone", one, one, halts, view{}, missing, 1, "is no longer in the registry"},

	{"pinned, and another version", one, one, both(pinnedTo(1), halts), view{latest: two}, stay, 1, "as before"},
	{"pinned, under another id", one, one, pinnedTo(1), view{latest: version2of(9), pinned: registry.Schema{ID: 9, Version: 1, Type: "json_schema", Definition: []byte(oneField)}}, adopt, 1, "as before"},
	{"pinned, gone under another id", one, one, pinnedTo(1), view{latest: version2of(9)}, missing, 1, "no longer has version 1"},
	{"pinned, another definition under another id", one, one, pinnedTo(1), view{latest: version2of(9), pinned: version2of(9)}, stay, 1, "the registry has another subject of that name now: from the one in use to version 2"},
}

func version2of(id uint64) registry.Schema {
	s := two
	s.ID, s.Fingerprint = id, "other"
	return s
}

func TestDrift(t *testing.T) {
	t.Parallel()
	for _, tt := range drifts {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &watched{entry: entryOf(oneField, tt.entry), inUse: tt.inUse, seen: tt.seen, note: "as before"}
			to, next, note := w.drift(tt.view)
			if to != tt.to || next.Version != tt.next {
				t.Errorf("move %d to version %d, want %d to %d", to, next.Version, tt.to, tt.next)
			}
			if to == adopt && next.ID != 9 {
				t.Errorf("adopts id %d", next.ID)
			}
			if !strings.Contains(note, tt.says) || tt.says == "" && note != "" {
				t.Errorf("note %q, want %q", note, tt.says)
			}
		})
	}
}

// The forms a broker would refuse, and those that would pass.
func TestFit(t *testing.T) {
	t.Parallel()
	deep := registry.Policy{Subject: "s", Validation: "enforce", Payloads: true}
	for _, tt := range []struct {
		name   string
		schema config.Schema
		policy registry.Policy
		says   string // empty: it passes
	}{
		{"avro as JSON", config.Schema{Subject: "s", SchemaType: "avro"}, deep, `encoding "json" of schema_type "avro"`},
		{"avro as a datum, warned of", config.Schema{Subject: "s", SchemaType: "avro", Encoding: "datum"}, registry.Policy{Validation: "warn", Payloads: true}, `must be "ocf"`},
		{"avro as a container", config.Schema{Subject: "s", SchemaType: "avro", Encoding: "ocf"}, deep, ""},
		{"avro unchecked", config.Schema{Subject: "s", SchemaType: "avro"}, registry.Policy{Validation: "enforce"}, ""},
		{"avro without a policy", config.Schema{Subject: "s", SchemaType: "avro"}, registry.Policy{Validation: "none", Payloads: true}, ""},
		{"a number as JSON", config.Schema{Subject: "s", SchemaType: "number", Encoding: "json"}, deep, `must be "binary"`},
		{"a number in binary", config.Schema{Subject: "s", SchemaType: "number", Encoding: "binary"}, deep, ""},
		{"protobuf", config.Schema{Subject: "s", SchemaType: "protobuf"}, deep, "must be a topic without it"},
		{"json_schema", config.Schema{Subject: "s", SchemaType: "json_schema"}, deep, ""},
		{"string", config.Schema{Subject: "s", SchemaType: "string"}, deep, ""},
		{"no subject", config.Schema{SchemaType: "string"}, deep, "the entry has no subject"},
		{"no subject, warned of", config.Schema{SchemaType: "number"}, registry.Policy{Validation: "warn", Payloads: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.schema.Topic, tt.schema.Place = "/default/t", "c.toml:3"
			err := Fit(tt.schema, tt.policy)
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "c.toml:3: [[schemas]] of /default/t, ")):
				t.Errorf("%v, want %q and where", err, tt.says)
			}
		})
	}
}

// text stands in for a codec: what these tests are about is which one is used.
type text struct {
	codec.Codec
	definition string
}

var errBroken = errors.New("does not compile")

// compile makes codecs of any type, and none of a definition that says so.
func compile(s codec.Settings) (codec.Codec, error) {
	if strings.Contains(string(s.Schema), "broken") {
		return nil, connect.ConfigError("%s: %w", s.Name, errBroken)
	}
	return text{definition: string(s.Schema)}, nil
}

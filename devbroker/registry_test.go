package devbroker_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

func TestSubjectsHaveIdsAndVersionsCount(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	for i, row := range []struct {
		subject, definition string
		id                  uint64
		version             uint32
		fresh               bool
	}{
		{"a", `{"type":"object"}`, 1, 1, true},
		{"b", `{"type":"object"}`, 2, 1, true},
		{"a", `{"type":"object","title":"second"}`, 1, 2, true},
		{"a", ` { "type" : "object" } `, 1, 1, false},
		{"a", `{"title":"second","type":"object"}`, 1, 2, false},
		{"a", `{"type":"object","title":"third"}`, 1, 3, true},
	} {
		out := c.register(t, row.subject, "json_schema", row.definition)
		if out.SchemaId != row.id || out.Version != row.version || out.IsNewVersion != row.fresh {
			t.Errorf("%d: got %v; want %+v", i, out, row)
		}
		if !strings.HasPrefix(out.Fingerprint, "sha256:") {
			t.Errorf("%d: fingerprint is %q", i, out.Fingerprint)
		}
	}
}

// registrations are definitions of each type and what becomes of them.
var registrations = map[string]struct {
	kind, definition string
	canonical        string // empty: refused
	wrapped          string // a piece of the JSON returned
}{
	"bytes":             {"bytes", "", "bytes", `"Bytes"`},
	"string":            {"String", "ignored", "string", `"String"`},
	"number":            {"int64", "", "number", `"Number"`},
	"json":              {"json", `{"type":"object"}`, "json_schema", `{"JsonSchema":{"fingerprint":"sha256:`},
	"json_schema":       {"JSON_SCHEMA", `true`, "json_schema", `"raw_schema":"true"`},
	"avro":              {"avro", `"string"`, "avro", `{"Avro":{"fingerprint":"sha256:`},
	"protobuf":          {"proto", `syntax = "nonsense`, "protobuf", `"raw_proto":"syntax = \"nonsense"`},
	"jsonschema":        {"jsonschema", `{}`, "", ""},
	"no type":           {"", `{}`, "", ""},
	"broken JSON":       {"json_schema", `{`, "", ""},
	"two JSON values":   {"json_schema", `{}{}`, "", ""},
	"schema is a list":  {"json_schema", `[]`, "", ""},
	"unknown JSON type": {"json_schema", `{"type":"text"}`, "", ""},
	"broken Avro":       {"avro", `{"type":"record"}`, "", ""},
	"empty Avro":        {"avro", ``, "", ""},
}

func TestRegisterAndRead(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	for name, row := range registrations {
		t.Run(name, func(t *testing.T) {
			out, err := c.tryRegister(name, row.kind, row.definition)
			if row.canonical == "" {
				wantStatus(t, err, codes.Internal, "Failed to register schema")
				_, err := c.latest(name)
				wantStatus(t, err, codes.NotFound, name)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			latest, err := c.latest(name)
			if err != nil {
				t.Fatal(err)
			}
			byID := must[wire.GetSchemaResponse](c, wire.GetSchema, &wire.GetSchemaRequest{SchemaId: out.SchemaId, Version: proto.Uint32(1)})
			if !proto.Equal(latest, byID) {
				t.Errorf("latest is %v, by id %v", latest, byID)
			}
			if latest.SchemaType != row.canonical || latest.Subject != name || latest.CompatibilityMode != "backward" ||
				latest.Fingerprint != out.Fingerprint || latest.Description != "about "+name || latest.CreatedBy != "test" {
				t.Errorf("got %v", latest)
			}
			if text := string(latest.SchemaDefinition); !strings.Contains(text, row.wrapped) || !json.Valid(latest.SchemaDefinition) {
				t.Errorf("definition is %s; want JSON with %s", text, row.wrapped)
			}
			wantEqual(t, "tags", latest.Tags, []string{"tag"})
		})
	}
}

func TestWrappedDefinitionHoldsTheTextRegistered(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	const text = ` { "type": "object", "x": "<&>" } `
	c.register(t, "s", "json_schema", text)
	latest, err := c.latest("s")
	if err != nil {
		t.Fatal(err)
	}
	var wrapper struct {
		JsonSchema struct {
			Raw         string `json:"raw_schema"`
			Fingerprint string `json:"fingerprint"`
		}
	}
	if err := json.Unmarshal(latest.SchemaDefinition, &wrapper); err != nil {
		t.Fatal(err)
	}
	if wrapper.JsonSchema.Raw != text || wrapper.JsonSchema.Fingerprint != latest.Fingerprint {
		t.Errorf("wrapper holds %+v; want the text registered and %s", wrapper, latest.Fingerprint)
	}
}

func TestVersionsAreListedAndDeleted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := start(t, devbroker.Settings{}).client(0)
		began := uint64(time.Now().Unix())
		first := c.register(t, "s", "json_schema", `{"title":"1"}`)
		time.Sleep(time.Minute)
		c.register(t, "s", "json_schema", `{"title":"2"}`)
		list := func() *wire.ListVersionsResponse {
			return must[wire.ListVersionsResponse](c, wire.ListVersions, &wire.ListVersionsRequest{Subject: "s"})
		}
		versions := list().Versions
		if len(versions) != 2 || versions[0].CreatedAt != began || versions[1].CreatedAt != began+60 {
			t.Fatalf("versions are %v; want two, a minute apart", versions)
		}
		if v := versions[0]; v.Version != 1 || v.SchemaId != first.SchemaId || v.Fingerprint != first.Fingerprint || v.CreatedBy != "test" {
			t.Errorf("first version is %v", v)
		}
		for _, in := range []*wire.DeleteSchemaVersionRequest{{Subject: "s", Version: 1}, {Subject: "s", Version: 1}, {Subject: "none", Version: 1}} {
			if out := must[wire.DeleteSchemaVersionResponse](c, wire.DeleteSchemaVersion, in); !out.Success {
				t.Errorf("deleting %v: %v", in, out)
			}
		}
		if got := list().Versions; len(got) != 1 || got[0].Version != 2 {
			t.Errorf("versions are %v; want the second", got)
		}
		_, err := try[wire.GetSchemaResponse](c, wire.GetSchema, &wire.GetSchemaRequest{SchemaId: first.SchemaId, Version: proto.Uint32(1)})
		wantStatus(t, err, codes.NotFound, "no version 1")
		// A deleted version still counts against duplicates.
		if out := c.register(t, "s", "json_schema", `{"title":"1"}`); out.IsNewVersion || out.Version != 1 {
			t.Errorf("registering it again: %v", out)
		}
	})
}

func TestUnknownSchemas(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	c.register(t, "s", "string", "")
	_, err := try[wire.GetSchemaResponse](c, wire.GetSchema, &wire.GetSchemaRequest{SchemaId: 2})
	wantStatus(t, err, codes.NotFound, "schema id 2")
	_, err = try[wire.GetSchemaResponse](c, wire.GetSchema, &wire.GetSchemaRequest{SchemaId: 1, Version: proto.Uint32(0)})
	wantStatus(t, err, codes.NotFound, "no version 0")
	_, err = try[wire.ListVersionsResponse](c, wire.ListVersions, &wire.ListVersionsRequest{Subject: "x"})
	wantStatus(t, err, codes.NotFound, "subject x")
	_, err = try[wire.SetCompatibilityModeResponse](c, wire.SetCompatibilityMode, &wire.SetCompatibilityModeRequest{Subject: "x", CompatibilityMode: "full"})
	wantStatus(t, err, codes.Internal, "subject x")
	_, err = try[wire.SetCompatibilityModeResponse](c, wire.SetCompatibilityMode, &wire.SetCompatibilityModeRequest{Subject: "s", CompatibilityMode: "sideways"})
	wantStatus(t, err, codes.InvalidArgument, "sideways")
	for _, in := range []*wire.CheckCompatibilityRequest{
		{Subject: "x", SchemaType: "string"},
		{Subject: "s", SchemaType: "nonsense"},
	} {
		_, err = try[wire.CheckCompatibilityResponse](c, wire.CheckCompatibility, in)
		wantStatus(t, err, codes.Internal, "unable to check")
	}
}

const (
	loose  = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]}`
	strict = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a","b"]}`
)

func TestCompatibilityModeDecides(t *testing.T) {
	t.Parallel()
	c := start(t, devbroker.Settings{}).client(0)
	c.register(t, "s", "json_schema", loose)
	_, err := c.tryRegister("s", "json_schema", strict)
	wantStatus(t, err, codes.Internal, "not compatible with subject")
	_, err = c.tryRegister("s", "string", "")
	wantStatus(t, err, codes.Internal, "not compatible with subject")

	check := func(mode *string) *wire.CheckCompatibilityResponse {
		return must[wire.CheckCompatibilityResponse](c, wire.CheckCompatibility, &wire.CheckCompatibilityRequest{
			Subject: "s", SchemaType: "json_schema", NewSchemaDefinition: []byte(strict), CompatibilityMode: mode,
		})
	}
	for _, row := range []struct {
		mode *string
		want bool
	}{
		{nil, false},
		{new("none"), true},
		{new("FORWARD"), true},
		{new("full"), false},
		{new("nonsense"), false}, // ignored: the subject's own
	} {
		if got := check(row.mode); got.IsCompatible != row.want || got.IsCompatible != (len(got.Errors) == 0) {
			t.Errorf("mode %v: %v; want %v", row.mode, got, row.want)
		}
	}
	out := must[wire.SetCompatibilityModeResponse](c, wire.SetCompatibilityMode, &wire.SetCompatibilityModeRequest{Subject: "s", CompatibilityMode: "None"})
	if !out.Success {
		t.Errorf("answer is %v", out)
	}
	if got := c.register(t, "s", "json_schema", strict); got.Version != 2 {
		t.Errorf("got %v; want version 2", got)
	}
	list := must[wire.ListSubjectsResponse](c, wire.ListSubjects, &wire.ListSubjectsRequest{})
	want := &wire.SubjectSummary{Subject: "s", SchemaType: "json_schema", LatestVersion: 2, CompatibilityMode: "none", SchemaId: 1, Tags: []string{"tag"}}
	if len(list.Subjects) != 1 || !proto.Equal(list.Subjects[0], want) {
		t.Errorf("subjects are %v; want %v", list.Subjects, want)
	}
}

func TestRegistryOutlivesRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := start(t, devbroker.Settings{Flush: time.Hour})
		c := w.client(0)
		c.register(t, "s", "string", "")
		w.Crash()
		synctest.Wait()
		if _, err := c.latest("s"); err != nil {
			t.Error(err)
		}
	})
}

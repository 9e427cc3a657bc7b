package danube_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// subject returns a name nobody used before.
func subject() string { return "danube-test-" + strconv.FormatUint(rand.Uint64(), 36) }

const (
	withA  = `{"type": "object", "properties": {"a": {"type": "string"}}}`
	withB  = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}`
	needsA = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`
)

func jsonSchema(name, definition string) registry.Schema {
	return registry.Schema{Subject: name, Type: "json_schema", Definition: []byte(definition)}
}

func TestRegistry(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		ctx, name := t.Context(), subject()
		if _, err := r.LatestSchema(ctx, name); !errors.Is(err, registry.ErrAbsent) || !strings.Contains(err.Error(), name) {
			t.Fatalf("a subject nobody registered: %v", err)
		}
		if _, err := r.SchemaVersions(ctx, name); !errors.Is(err, registry.ErrAbsent) {
			t.Errorf("versions of a subject nobody registered: %v", err)
		}
		first, err := r.RegisterSchema(ctx, jsonSchema(name, withA), "test")
		if err != nil || first.Version != 1 || first.ID == 0 || first.Fingerprint == "" {
			t.Fatalf("registered %+v, %v", first, err)
		}
		second, err := r.RegisterSchema(ctx, jsonSchema(name, withB), "test")
		if err != nil || second.Version != 2 || second.ID != first.ID {
			t.Fatalf("registered %+v, %v", second, err)
		}
		again, err := r.RegisterSchema(ctx, jsonSchema(name, "  "+withA), "test")
		if err != nil || !again.Is(first) {
			t.Errorf("registered again: %+v, %v; want %+v", again, err, first)
		}
		latest, err := r.LatestSchema(ctx, name)
		if err != nil || !latest.Is(second) || string(latest.Definition) != withB || latest.Type != "json_schema" || latest.Compatibility != "backward" {
			t.Errorf("latest: %+v, %v", latest, err)
		}
		one, err := r.Schema(ctx, first.ID, 1)
		if err != nil || !one.Is(first) || string(one.Definition) != withA || one.Subject != name {
			t.Errorf("version 1: %+v, %v", one, err)
		}
		if _, err := r.Schema(ctx, first.ID, 9); !errors.Is(err, registry.ErrAbsent) {
			t.Errorf("version 9: %v", err)
		}
		all, err := r.SchemaVersions(ctx, name)
		if err != nil || len(all) != 2 || !all[0].Is(first) || !all[1].Is(second) {
			t.Errorf("versions: %+v, %v", all, err)
		}
		subjects, err := r.Subjects(ctx)
		if err != nil || !holds(subjects, name, 2) {
			t.Errorf("subjects: %+v, %v", subjects, err)
		}
	})
}

func holds(all []registry.Schema, name string, version uint32) bool {
	for _, s := range all {
		if s.Subject == name {
			return s.Version == version && s.Type == "json_schema"
		}
	}
	return false
}

func TestCompatibility(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		ctx, name := t.Context(), subject()
		if _, err := r.RegisterSchema(ctx, jsonSchema(name, withA), "test"); err != nil {
			t.Fatal(err)
		}
		if against, err := r.CheckCompatibility(ctx, jsonSchema(name, withB)); err != nil || len(against) > 0 {
			t.Errorf("a new optional field: %q, %v", against, err)
		}
		if against, err := r.CheckCompatibility(ctx, jsonSchema(name, needsA)); err != nil || len(against) == 0 {
			t.Errorf("a field made required: %q, %v", against, err)
		}
		for what, s := range map[string]registry.Schema{
			"incompatible": jsonSchema(name, needsA),
			"not JSON":     jsonSchema(subject(), "{"),
			"no schema":    jsonSchema(subject(), `{"type":"nonsense"}`),
			"unknown type": {Subject: subject(), Type: "cobol"},
			"not Avro":     {Subject: subject(), Type: "avro", Definition: []byte(`{"type":"record"}`)},
		} {
			_, err := r.RegisterSchema(ctx, s, "test")
			if connect.ClassOf(err) != connect.ClassConfig || !strings.Contains(err.Error(), s.Subject) {
				t.Errorf("%s: %v, of %v", what, err, connect.ClassOf(err))
			}
		}
	})
}

// Types without a text are registered without one.
func TestRegistryOfPlainTypes(t *testing.T) {
	anyBroker(t, func(t *testing.T, r *rig) {
		for _, schemaType := range []string{"string", "number", "bytes"} {
			name := subject()
			made, err := r.RegisterSchema(t.Context(), registry.Schema{Subject: name, Type: schemaType}, "test")
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.LatestSchema(t.Context(), name)
			if err != nil || !got.Is(made) || got.Type != schemaType || got.Definition != nil {
				t.Errorf("%s: %+v, %v", schemaType, got, err)
			}
		}
	})
}

// What a registry says decides whether to wait, to give up, or to fix the file.
func TestRegistryFailures(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault devbroker.Fault
		want  connect.Class
	}{
		{"metadata cannot be written", devbroker.Fault{Code: codes.Internal, Text: "Failed to register schema: no Raft leader"}, connect.ClassRetryable},
		{"cut", devbroker.Fault{Disconnect: true}, connect.ClassRetryable},
		{"hangs", devbroker.Fault{Stall: true}, connect.ClassRetryable},
		{"no registry", devbroker.Fault{Code: codes.Unimplemented}, connect.ClassRetryable},
		{"reset", devbroker.Fault{Reset: true}, connect.ClassRetryable},
		{"no permission", devbroker.Fault{Code: codes.PermissionDenied, Text: "no binding grants ManageSchema"}, connect.ClassFatal},
		{"no token", devbroker.Fault{Code: codes.Unauthenticated}, connect.ClassFatal},
		{"tokens unknown", devbroker.Fault{Code: codes.FailedPrecondition, Text: "JWT support"}, connect.ClassConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
				tt.fault.Method, tt.fault.Times = "RegisterSchema", devbroker.Keep
				r.broker.Script(tt.fault)
				_, err := r.RegisterSchema(t.Context(), jsonSchema(subject(), withA), "test")
				if err == nil || connect.ClassOf(err) != tt.want {
					t.Errorf("%v is of %v, want %v", err, connect.ClassOf(err), tt.want)
				}
			})
		})
	}
}

// A denial is believed the second time: the token is read again before.
func TestRegistryDeniedOnce(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		r.broker.Script(devbroker.Fault{Method: "RegisterSchema", Code: codes.Unauthenticated})
		if _, err := r.RegisterSchema(t.Context(), jsonSchema(subject(), withA), "test"); err != nil {
			t.Error(err)
		}
	})
}

// Any broker answers: the next one does when the first cannot be reached.
func TestRegistryAsksTheNextBroker(t *testing.T) {
	network := devbroker.Settings{Listen: []string{"a:6650", "b:6650"}}
	bubble(t, network, danube.Settings{URL: "http://a:6650", Seeds: []string{"http://b:6650"}}, func(t *testing.T, r *rig) {
		if err := r.broker.Refuse(0, true); err != nil {
			t.Fatal(err)
		}
		name := subject()
		if _, err := r.RegisterSchema(t.Context(), jsonSchema(name, withA), "test"); err != nil {
			t.Fatal(err)
		}
		if err := r.broker.Refuse(1, true); err != nil {
			t.Fatal(err)
		}
		_, err := r.LatestSchema(t.Context(), name)
		if connect.ClassOf(err) != connect.ClassRetryable || !strings.Contains(err.Error(), "a:6650") || !strings.Contains(err.Error(), "b:6650") {
			t.Errorf("with nobody there: %v", err)
		}
	})
}

// A call ends with its context.
func TestRegistryCallEnds(t *testing.T) {
	bubble(t, devbroker.Settings{}, danube.Settings{}, func(t *testing.T, r *rig) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.LatestSchema(ctx, "s"); err == nil {
			t.Error("answered although the context had ended")
		}
	})
}

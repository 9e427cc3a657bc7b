package wire_test

import (
	"testing"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// TestPrivateRegistration keeps the registry of protobuf names free for the
// official client: nothing under the broker's own package names, no services.
func TestPrivateRegistration(t *testing.T) {
	t.Parallel()
	for path, pkg := range map[string]protoreflect.FullName{
		"danubeconnect/wire/danube.proto":        "danubeconnect.wire.danube",
		"danubeconnect/wire/danube_schema.proto": "danubeconnect.wire.danube_schema",
	} {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if file.Package() != pkg {
			t.Errorf("%s is in package %s, want %s", path, file.Package(), pkg)
		}
		if n := file.Services().Len(); n != 0 {
			t.Errorf("%s registers %d services", path, n)
		}
	}
	for _, name := range []protoreflect.FullName{"danube", "danube_schema"} {
		if n := protoregistry.GlobalFiles.NumFilesByPackage(name); n != 0 {
			t.Errorf("package %s has %d files, which the official client would collide with", name, n)
		}
	}
}

// TestPaths spells out the paths that brokers know.
func TestPaths(t *testing.T) {
	t.Parallel()
	for have, want := range map[string]string{
		wire.TopicLookup:     "/danube.Discovery/TopicLookup",
		wire.TopicPartitions: "/danube.Discovery/TopicPartitions",
		wire.CreateProducer:  "/danube.ProducerService/CreateProducer",
		wire.SendMessage:     "/danube.ProducerService/SendMessage",
		wire.Subscribe:       "/danube.ConsumerService/Subscribe",
		wire.ReceiveMessages: "/danube.ConsumerService/ReceiveMessages",
		wire.Ack:             "/danube.ConsumerService/Ack",
		wire.Nack:            "/danube.ConsumerService/Nack",
		wire.CheckHealth:     "/danube.HealthCheck/HealthCheck",
		wire.RegisterSchema:  "/danube_schema.SchemaRegistry/RegisterSchema",
		wire.ListSubjects:    "/danube_schema.SchemaRegistry/ListSubjects",
	} {
		if have != want {
			t.Errorf("path %q, want %q", have, want)
		}
	}
}

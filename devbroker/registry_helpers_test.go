package devbroker_test

import (
	"testing"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// latest is GetLatestSchema.
func (c *client) latest(subject string) (*wire.GetSchemaResponse, error) {
	return try[wire.GetSchemaResponse](c, wire.GetLatestSchema, &wire.GetLatestSchemaRequest{Subject: subject})
}

// tryRegister is RegisterSchema.
func (c *client) tryRegister(subject, kind, definition string) (*wire.RegisterSchemaResponse, error) {
	return try[wire.RegisterSchemaResponse](c, wire.RegisterSchema, &wire.RegisterSchemaRequest{
		Subject: subject, SchemaType: kind, SchemaDefinition: []byte(definition),
		Description: "about " + subject, CreatedBy: "test", Tags: []string{"tag"},
	})
}

// register is tryRegister that must succeed.
func (c *client) register(t testing.TB, subject, kind, definition string) *wire.RegisterSchemaResponse {
	t.Helper()
	out, err := c.tryRegister(subject, kind, definition)
	if err != nil {
		t.Fatalf("RegisterSchema of %s: %v", subject, err)
	}
	return out
}

func withSubject(in *wire.ProducerRequest, subject string) *wire.ProducerRequest {
	in.SchemaRef = &wire.SchemaReference{Subject: subject}
	return in
}

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
)

// decoder returns what makes a message ready to be printed: its payload the JSON
// that the schema it names makes of it. What cannot be decoded stays as it is, and
// stderr hears why.
func (o order) decoder(client *danube.Client, stderr io.Writer) func(context.Context, danube.Message) danube.Message {
	if o.raw {
		return func(_ context.Context, m danube.Message) danube.Message { return m }
	}
	reader := schemas.NewReader(client, o.form)
	return func(ctx context.Context, m danube.Message) danube.Message {
		if m.SchemaID == 0 {
			return m
		}
		text, schema, err := reader.Decode(ctx, m.SchemaID, m.SchemaVersion, m.Payload)
		m.SchemaSubject = schema.Subject
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "topic %s: offset %d is printed as it is: %v\n", m.Topic, m.Offset, err)
			return m
		}
		m.Payload = text
		return m
	}
}

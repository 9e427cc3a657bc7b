package danube

import (
	"context"
	"errors"
	"fmt"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/protobuf/proto"
)

// What is asked of the schema registry. Any broker answers, so each call goes to
// the configured ones in turn until one does. Errors answer to
// registry.ErrAbsent where there is no such subject or version; they are of
// ClassConfig when the registry refuses the definition, of ClassFatal when it
// denies the call, and else of ClassRetryable.

// RegisterSchema registers a definition under a subject and returns the version
// it has, which may be one that was there. The real registry takes no lock:
// another registrant may have overwritten it meanwhile (docs: protocol, 6.3), so
// it must be read again before it is relied upon.
func (c *Client) RegisterSchema(ctx context.Context, s registry.Schema, createdBy string) (registry.Schema, error) {
	question := &wire.RegisterSchemaRequest{
		Subject: s.Subject, SchemaType: s.Type, SchemaDefinition: s.Definition, CreatedBy: createdBy,
	}
	var answer wire.RegisterSchemaResponse
	if err := c.askRegistry(ctx, "register schema", s.Subject, wire.RegisterSchema, question, &answer); err != nil {
		return registry.Schema{}, err
	}
	s.ID, s.Version, s.Fingerprint = answer.GetSchemaId(), answer.GetVersion(), answer.GetFingerprint()
	return s, nil
}

// LatestSchema returns the latest version of a subject.
func (c *Client) LatestSchema(ctx context.Context, subject string) (registry.Schema, error) {
	var answer wire.GetSchemaResponse
	question := &wire.GetLatestSchemaRequest{Subject: subject}
	if err := c.askRegistry(ctx, "latest schema", subject, wire.GetLatestSchema, question, &answer); err != nil {
		return registry.Schema{}, err
	}
	return schemaOf(&answer), nil
}

// Schema returns one version of the subject with an id.
func (c *Client) Schema(ctx context.Context, id uint64, version uint32) (registry.Schema, error) {
	var answer wire.GetSchemaResponse
	question := &wire.GetSchemaRequest{SchemaId: id, Version: &version}
	what := fmt.Sprintf("id %d version %d", id, version)
	if err := c.askRegistry(ctx, "schema", what, wire.GetSchema, question, &answer); err != nil {
		return registry.Schema{}, err
	}
	return schemaOf(&answer), nil
}

// SchemaVersions returns what versions a subject has, without their definitions,
// oldest first.
func (c *Client) SchemaVersions(ctx context.Context, subject string) ([]registry.Schema, error) {
	var answer wire.ListVersionsResponse
	question := &wire.ListVersionsRequest{Subject: subject}
	if err := c.askRegistry(ctx, "schema versions", subject, wire.ListVersions, question, &answer); err != nil {
		return nil, err
	}
	var all []registry.Schema
	for _, v := range answer.GetVersions() {
		all = append(all, registry.Schema{ID: v.GetSchemaId(), Version: v.GetVersion(), Subject: subject, Fingerprint: v.GetFingerprint()})
	}
	return all, nil
}

// CheckCompatibility asks whether a definition could be registered under a
// subject that exists. It returns what is against it; nothing means that it
// could.
func (c *Client) CheckCompatibility(ctx context.Context, s registry.Schema) ([]string, error) {
	var answer wire.CheckCompatibilityResponse
	question := &wire.CheckCompatibilityRequest{Subject: s.Subject, NewSchemaDefinition: s.Definition, SchemaType: s.Type}
	if err := c.askRegistry(ctx, "check compatibility", s.Subject, wire.CheckCompatibility, question, &answer); err != nil {
		return nil, err
	}
	switch {
	case answer.GetIsCompatible():
		return nil, nil
	case len(answer.GetErrors()) == 0:
		return []string{"the registry does not say why"}, nil
	}
	return answer.GetErrors(), nil
}

// Subjects returns the latest version of every subject, without definitions.
func (c *Client) Subjects(ctx context.Context) ([]registry.Schema, error) {
	var answer wire.ListSubjectsResponse
	if err := c.askRegistry(ctx, "list subjects", "", wire.ListSubjects, &wire.ListSubjectsRequest{}, &answer); err != nil {
		return nil, err
	}
	var all []registry.Schema
	for _, s := range answer.GetSubjects() {
		all = append(all, registry.Schema{
			ID: s.GetSchemaId(), Version: s.GetLatestVersion(), Subject: s.GetSubject(),
			Type: s.GetSchemaType(), Compatibility: s.GetCompatibilityMode(),
		})
	}
	return all, nil
}

// schemaOf reads the answer of GetSchema and GetLatestSchema.
func schemaOf(a *wire.GetSchemaResponse) registry.Schema {
	return registry.Schema{
		ID: a.GetSchemaId(), Version: a.GetVersion(), Subject: a.GetSubject(), Type: a.GetSchemaType(),
		Definition:  registry.Unwrap(a.GetSchemaType(), a.GetSchemaDefinition()),
		Fingerprint: a.GetFingerprint(), Compatibility: a.GetCompatibilityMode(),
	}
}

// askRegistry makes one call to the first configured broker that answers, and
// once more when it is denied: the token is then read again.
func (c *Client) askRegistry(ctx context.Context, op, subject, method string, in, out proto.Message) error {
	var silent []error
	for _, seed := range c.net.seeds {
		err := c.ask(ctx, op, "", at(seed), method, in, out)
		if err != nil && schemaVerdict(err) == denied {
			err = c.ask(ctx, op, "", at(seed), method, in, out)
		}
		if err == nil {
			return nil
		}
		if subject != "" {
			err = fmt.Errorf("subject %s: %w", subject, err)
		}
		if schemaVerdict(err) != transient || answered(err) {
			return classified(err)
		}
		silent = append(silent, err)
	}
	return connect.Retryable(errors.Join(silent...))
}

// classified marks the failure of a registry call with what it means.
func classified(err error) error {
	switch schemaVerdict(err) {
	case absent:
		return fmt.Errorf("%w: %w", registry.ErrAbsent, err)
	case misconfigured:
		return connect.ConfigError("%w", err)
	case denied:
		return connect.Fatal(fmt.Errorf("%w; every call to the schema registry needs the permission ManageSchema", err))
	}
	return connect.Retryable(err)
}

package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// registerSchema adds a version to a subject, or finds the one with the same
// definition. Whatever goes wrong is INTERNAL. (The real registry may lose or
// double versions when several clients register at once; this one does not.)
func registerSchema(s *state, c *call, in *wire.RegisterSchemaRequest) (*wire.RegisterSchemaResponse, error) {
	d, err := define(in.SchemaType, in.SchemaDefinition)
	if err != nil {
		return nil, internal("Failed to register schema: %v", err)
	}
	u, v, fresh, err := s.registry.add(in.Subject, &version{
		schema:      d,
		description: in.Description,
		createdBy:   in.CreatedBy,
		createdAt:   c.now,
		tags:        in.Tags,
	})
	if err != nil {
		return nil, internal("Failed to register schema: %v", err)
	}
	return &wire.RegisterSchemaResponse{
		SchemaId:     u.id,
		Version:      v.number,
		IsNewVersion: fresh,
		Fingerprint:  v.schema.fingerprint,
	}, nil
}

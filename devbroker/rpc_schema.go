package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// schemaByID is GetSchema: a version of the subject with an id, or the latest.
func schemaByID(s *state, _ *call, in *wire.GetSchemaRequest) (*wire.GetSchemaResponse, error) {
	u := s.registry.byID[in.SchemaId]
	if u == nil {
		return nil, notFound("schema id %d not found", in.SchemaId)
	}
	number := u.latest().number
	if in.Version != nil {
		number = *in.Version
	}
	v := u.version(number)
	if v == nil {
		return nil, notFound("schema id %d has no version %d", in.SchemaId, number)
	}
	return u.describe(v), nil
}

// latestSchema is GetLatestSchema.
func latestSchema(s *state, _ *call, in *wire.GetLatestSchemaRequest) (*wire.GetSchemaResponse, error) {
	u := s.registry.subjects[in.Subject]
	if u == nil {
		return nil, notFound("subject %s not found", in.Subject)
	}
	return u.describe(u.latest()), nil
}

func (u *subject) describe(v *version) *wire.GetSchemaResponse {
	return &wire.GetSchemaResponse{
		SchemaId:          u.id,
		Version:           v.number,
		Subject:           u.name,
		SchemaType:        v.schema.kind,
		SchemaDefinition:  v.schema.wrapped(),
		Description:       v.description,
		CreatedAt:         uint64(v.createdAt.Unix()),
		CreatedBy:         v.createdBy,
		Tags:              v.tags,
		Fingerprint:       v.schema.fingerprint,
		CompatibilityMode: string(u.mode),
	}
}

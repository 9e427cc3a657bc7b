package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// listVersions lists the versions of a subject.
func listVersions(s *state, _ *call, in *wire.ListVersionsRequest) (*wire.ListVersionsResponse, error) {
	u := s.registry.subjects[in.Subject]
	if u == nil {
		return nil, notFound("subject %s not found", in.Subject)
	}
	out := &wire.ListVersionsResponse{}
	for _, v := range u.versions {
		if v.deleted {
			continue
		}
		out.Versions = append(out.Versions, &wire.SchemaVersionInfo{
			Version:     v.number,
			CreatedAt:   uint64(v.createdAt.Unix()),
			CreatedBy:   v.createdBy,
			Description: v.description,
			Fingerprint: v.schema.fingerprint,
			SchemaId:    u.id,
		})
	}
	return out, nil
}

// deleteSchemaVersion takes a version away from those who ask for it by number;
// as in the real broker the latest stays the latest. Success even when there is
// no such version.
func deleteSchemaVersion(s *state, _ *call, in *wire.DeleteSchemaVersionRequest) (*wire.DeleteSchemaVersionResponse, error) {
	if u := s.registry.subjects[in.Subject]; u != nil {
		if v := u.version(in.Version); v != nil {
			v.deleted = true
		}
	}
	return &wire.DeleteSchemaVersionResponse{Success: true, Message: "deleted"}, nil
}

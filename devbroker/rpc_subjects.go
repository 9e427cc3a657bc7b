package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// listSubjects lists the registry.
func listSubjects(s *state, _ *call, _ *wire.ListSubjectsRequest) (*wire.ListSubjectsResponse, error) {
	out := &wire.ListSubjectsResponse{}
	for _, u := range s.registry.sorted() {
		v := u.latest()
		out.Subjects = append(out.Subjects, &wire.SubjectSummary{
			Subject:           u.name,
			SchemaType:        v.schema.kind,
			LatestVersion:     v.number,
			CompatibilityMode: string(u.mode),
			SchemaId:          u.id,
			Tags:              v.tags,
		})
	}
	return out, nil
}

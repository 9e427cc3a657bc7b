package devbroker

import (
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// registerSchema adds a version to a subject, or finds the one with the same
// definition. Whatever goes wrong is INTERNAL.
func registerSchema(s *state, c *call, in *wire.RegisterSchemaRequest) (*wire.RegisterSchemaResponse, error) {
	d, err := define(in.SchemaType, in.SchemaDefinition)
	if err != nil {
		return nil, internal("Failed to register schema: %v", err)
	}
	u, v, fresh, err := s.registry.revise(in.Subject, &version{
		schema:      d,
		description: in.Description,
		createdBy:   in.CreatedBy,
		createdAt:   c.now,
		tags:        in.Tags,
	})
	if err != nil {
		return nil, internal("Failed to register schema: %v", err)
	}
	switch {
	case !fresh:
	case s.settings.Quirks.UnlockedRegistry:
		c.hold = s.putLater(u, c.now)
	default:
		s.registry.put(u)
	}
	return &wire.RegisterSchemaResponse{
		SchemaId:     u.id,
		Version:      v.number,
		IsNewVersion: fresh,
		Fingerprint:  v.schema.fingerprint,
	}, nil
}

// unlocked is how long the registry takes from reading a subject to writing it.
const unlocked = 10 * time.Millisecond

// putLater writes what was read before, over whatever was written since; the
// channel is closed then.
func (s *state) putLater(u *subject, now time.Time) <-chan struct{} {
	written := make(chan struct{})
	s.agenda.at(now.Add(unlocked), func(s *state, _ time.Time) {
		s.registry.put(u)
		close(written)
	})
	return written
}

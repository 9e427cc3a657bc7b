package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// checkCompatibility says whether RegisterSchema would take a definition.
// Incompatible is an answer, not an error; a mode that is not one is ignored.
func checkCompatibility(s *state, _ *call, in *wire.CheckCompatibilityRequest) (*wire.CheckCompatibilityResponse, error) {
	u := s.registry.subjects[in.Subject]
	if u == nil {
		return nil, internal("unable to check compatibility: subject %s not found", in.Subject)
	}
	d, err := define(in.SchemaType, in.NewSchemaDefinition)
	if err != nil {
		return nil, internal("unable to check compatibility: %v", err)
	}
	mode := u.mode
	if asked, ok := modeOf(in.GetCompatibilityMode()); ok {
		mode = asked
	}
	problems := mode.check(u.latest().schema, d)
	return &wire.CheckCompatibilityResponse{IsCompatible: len(problems) == 0, Errors: problems}, nil
}

// setCompatibilityMode changes what later versions of a subject are held to.
func setCompatibilityMode(s *state, _ *call, in *wire.SetCompatibilityModeRequest) (*wire.SetCompatibilityModeResponse, error) {
	mode, ok := modeOf(in.CompatibilityMode)
	if !ok {
		return nil, invalid("compatibility mode %q is none of none, backward, forward, full", in.CompatibilityMode)
	}
	u := s.registry.subjects[in.Subject]
	if u == nil {
		return nil, internal("unable to set the compatibility mode: subject %s not found", in.Subject)
	}
	u.mode = mode
	return &wire.SetCompatibilityModeResponse{Success: true, Message: "compatibility mode is " + string(mode)}, nil
}

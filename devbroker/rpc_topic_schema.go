package devbroker

import "github.com/danube-messaging/danube-connect-go/internal/wire"

// The calls of an administrator about one topic go to its owner, and only while
// the topic is loaded there.

func configureRequest(_ *state, in *wire.ConfigureTopicSchemaRequest) Request {
	return Request{Topic: in.TopicName}
}

// configureTopicSchema binds a topic to a subject and says how strict it is.
func configureTopicSchema(s *state, c *call, in *wire.ConfigureTopicSchemaRequest) (*wire.ConfigureTopicSchemaResponse, error) {
	p, ok := policyOf(in.ValidationPolicy)
	if !ok {
		return nil, badPolicy(in.ValidationPolicy)
	}
	if s.registry.subjects[in.SchemaSubject] == nil {
		return nil, notFound("Schema subject '%s' not found in registry", in.SchemaSubject)
	}
	t := s.on(c.host, in.TopicName)
	if t == nil {
		return nil, notFound("Topic '%s' not found on this broker", in.TopicName)
	}
	t.checks = checks{subject: in.SchemaSubject, stored: true, policy: p, payload: in.EnablePayloadValidation}
	return &wire.ConfigureTopicSchemaResponse{Success: true, Message: "Topic schema configured"}, nil
}

func policyRequest(_ *state, in *wire.UpdateTopicValidationPolicyRequest) Request {
	return Request{Topic: in.TopicName}
}

// updateTopicValidationPolicy changes how strict a topic is. On a topic without a
// subject it fails, and has changed it all the same, as the real broker has.
func updateTopicValidationPolicy(s *state, c *call, in *wire.UpdateTopicValidationPolicyRequest) (*wire.UpdateTopicValidationPolicyResponse, error) {
	p, ok := policyOf(in.ValidationPolicy)
	if !ok {
		return nil, badPolicy(in.ValidationPolicy)
	}
	t := s.on(c.host, in.TopicName)
	if t == nil {
		return nil, notFound("Topic '%s' not found on this broker", in.TopicName)
	}
	t.checks.policy, t.checks.payload = p, in.EnablePayloadValidation
	if t.checks.subject == "" {
		return nil, precondition("Topic '%s' has no schema subject configured", in.TopicName)
	}
	return &wire.UpdateTopicValidationPolicyResponse{Success: true, Message: "Validation policy updated"}, nil
}

func configRequest(_ *state, in *wire.GetTopicSchemaConfigRequest) Request {
	return Request{Topic: in.TopicName}
}

// topicSchemaConfig is GetTopicSchemaConfig. The id is 0, as in the real broker,
// which looks for it under a key that is never written.
func topicSchemaConfig(s *state, c *call, in *wire.GetTopicSchemaConfigRequest) (*wire.GetTopicSchemaConfigResponse, error) {
	t := s.on(c.host, in.TopicName)
	if t == nil {
		return nil, notFound("Topic '%s' not found on this broker", in.TopicName)
	}
	return &wire.GetTopicSchemaConfigResponse{
		SchemaSubject:           t.checks.subject,
		ValidationPolicy:        string(t.checks.of()),
		EnablePayloadValidation: t.checks.payload,
	}, nil
}

func badPolicy(text string) error {
	return invalid("Invalid validation policy: '%s'. Must be 'none', 'warn', or 'enforce'", text)
}

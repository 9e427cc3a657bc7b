package danube

import (
	"context"
	"fmt"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// SchemaRef is the subject a topic's messages follow, and which of its versions
// are asked for: at most one of Pinned and Minimum, else the latest. The broker
// reads the subject alone; it must be registered before a session is opened.
type SchemaRef struct {
	Subject         string
	Pinned, Minimum uint32
}

// reference is how CreateProducer says it.
func (s *SchemaRef) reference() *wire.SchemaReference {
	made := &wire.SchemaReference{Subject: s.Subject}
	switch {
	case s.Pinned != 0:
		made.VersionRef = &wire.SchemaReference_PinnedVersion{PinnedVersion: s.Pinned}
	case s.Minimum != 0:
		made.VersionRef = &wire.SchemaReference_MinVersion{MinVersion: s.Minimum}
	default:
		made.VersionRef = &wire.SchemaReference_UseLatest{UseLatest: true}
	}
	return made
}

// variant is the template for one schema, and those for others behind it.
type variant struct {
	schema   *flow.Schema
	template *wire.Template
	next     *variant
}

// templateFor returns the template for messages encoded by a schema, nil for
// none: what a message says of its schema costs it no more than this look.
func (s *session) templateFor(schema *flow.Schema) *wire.Template {
	first := s.templates.Load()
	for v := first; v != nil; v = v.next {
		if v.schema == schema {
			return v.template
		}
	}
	made := &variant{schema, s.template(schema), first}
	// Who is overtaken leaves its template to be made again.
	s.templates.CompareAndSwap(first, made)
	return made.template
}

// TopicPolicies returns what the brokers of a topic hold its messages to, one for each
// topic that exists under its name: none for one that does not exist, and none from a
// broker that does not say. It creates nothing.
func (c *Client) TopicPolicies(ctx context.Context, topic string) ([]registry.Policy, error) {
	asking := c.asking(nil)
	names, err := c.listPartitions(ctx, topic, asking)
	if err != nil {
		return nil, err
	}
	var all []registry.Policy
	for _, name := range names {
		where, err := c.find(ctx, name, asking)
		if where == (place{}) {
			return nil, err
		}
		var answer wire.GetTopicSchemaConfigResponse
		question := &wire.GetTopicSchemaConfigRequest{TopicName: name}
		if err := c.ask(ctx, "topic schema config", name, where, wire.GetTopicSchemaConfig, question, &answer); err != nil {
			c.settings.Logger.Debug("broker does not say what it holds the topic's messages to", "topic", name, "error", err)
			continue
		}
		all = append(all, policyOf(&answer))
	}
	return all, nil
}

// policyOf reads the answer of GetTopicSchemaConfig.
func policyOf(a *wire.GetTopicSchemaConfigResponse) registry.Policy {
	return registry.Policy{Subject: a.GetSchemaSubject(), Validation: a.GetValidationPolicy(), Payloads: a.GetEnablePayloadValidation()}
}

// judge asks the broker of a session just opened, which is the only one that
// knows, what it holds the topic's messages to.
func (t *Transport) judge(ctx context.Context, p *partition, s *session) error {
	if t.topic.Judge == nil {
		return nil
	}
	question := &wire.GetTopicSchemaConfigRequest{TopicName: p.topic}
	var answer wire.GetTopicSchemaConfigResponse
	if err := t.client.askOn(ctx, s.conn, "topic schema config", p.topic, s.at, wire.GetTopicSchemaConfig, question, &answer); err != nil {
		t.client.settings.Logger.Debug("broker does not say what it holds the topic's messages to", "topic", p.topic, "error", err)
		return nil
	}
	err := t.topic.Judge(policyOf(&answer))
	if err != nil {
		return &unfit{topic: p.topic, broker: s.at.url(), cause: err}
	}
	return nil
}

// unfit is what Topic.Judge says of a broker.
type unfit struct {
	topic, broker string
	cause         error
}

// Error names the topic and the broker.
func (u *unfit) Error() string {
	return fmt.Sprintf("topic %s at %s: %v", u.topic, u.broker, u.cause)
}

// Unwrap returns the cause.
func (u *unfit) Unwrap() error { return u.cause }

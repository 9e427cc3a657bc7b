package devbroker

import (
	"slices"
	"strings"
)

// policy is how strict a topic is about the schema of its messages.
type policy string

const (
	lax     policy = "none"
	warn    policy = "warn"
	enforce policy = "enforce"
)

// policyOf reads a policy in capitals or not.
func policyOf(text string) (policy, bool) {
	p := policy(strings.ToLower(text))
	return p, slices.Contains([]policy{lax, warn, enforce}, p)
}

// checks is what a topic asks of its messages. The zero checks ask what every
// topic asks by default: policy warn, no look at payloads.
type checks struct {
	// subject is what the topic is bound to; empty for none. An administrator's
	// binding is stored with the topic, a first producer's is not.
	subject string
	stored  bool
	policy  policy // "" is warn
	payload bool
	// seen is the version of the first message with a schema id since the topic
	// was loaded; see Quirks.FirstVersion.
	seen map[uint64]uint32
}

// of returns the policy, which is "warn" unless somebody chose another.
func (c *checks) of() policy {
	if c.policy == "" {
		return warn
	}
	return c.policy
}

// unload forgets what is in the broker's memory alone.
func (c *checks) unload() {
	c.seen = nil
	if !c.stored {
		*c = checks{}
	}
}

// checkSchema takes a message through the topic's policy. Warn lets pass what the
// real broker then writes to its log, but refuses an unknown id and, where
// payloads are looked at, a payload that is not of the schema.
func (s *state) checkSchema(t *topic, in *streamMessage) error {
	c := &t.checks
	strict := c.of() == enforce
	switch {
	case c.of() == lax:
		return nil
	case c.subject == "" && strict:
		return unpublished("Topic %s requires schema but none is configured", t.name)
	case c.subject == "":
		return nil
	case in.SchemaId == nil && strict:
		return unpublished("Message missing schema_id for topic %s (expected subject: %s)", t.name, c.subject)
	case in.SchemaId == nil:
		return nil
	}
	id := *in.SchemaId
	u := s.registry.byID[id]
	switch {
	case u == nil:
		return unpublished("Schema ID %d not found in registry", id)
	case u.name != c.subject && strict:
		return unpublished("Schema subject mismatch for topic %s: message schema_id=%d belongs to subject '%s', but topic requires '%s'",
			t.name, id, u.name, c.subject)
	case u.name != c.subject:
		return nil
	}
	number := s.versionChecked(c, id, in)
	if !c.payload {
		return nil
	}
	v := u.version(number)
	if v == nil {
		return unpublished("Schema version not found: %s/%d", u.name, number)
	}
	return v.schema.accepts(in.Payload)
}

// versionChecked is the version a message is held to: its own, 1 when it names
// none.
func (s *state) versionChecked(c *checks, id uint64, in *streamMessage) uint32 {
	number := uint32(1)
	if in.SchemaVersion != nil {
		number = *in.SchemaVersion
	}
	if !s.settings.Quirks.FirstVersion {
		return number
	}
	if first, ok := c.seen[id]; ok {
		return first
	}
	if c.seen == nil {
		c.seen = map[uint64]uint32{}
	}
	c.seen[id] = number
	return number
}

package schemas

import (
	"errors"
	"fmt"

	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Fit holds the messages of an entry against what the topic's broker holds them
// to, and returns what it would refuse about every one of them, with what would
// pass. What it would refuse only of some is for the codec to find.
func Fit(s config.Schema, p registry.Policy) error {
	var err error
	switch {
	case p.Validation != "warn" && p.Validation != "enforce":
	case s.Subject == "" && p.Validation == "enforce":
		err = errors.New("no message without a schema is taken, and the entry has no subject; must have one, or be of a topic with another policy")
	case s.Subject != "" && p.Payloads:
		err = codec.PassesValidation(codec.Settings{SchemaType: s.SchemaType, Encoding: s.Encoding})
	}
	if err == nil {
		return nil
	}
	place := ""
	if s.Place != "" {
		place = s.Place + ": "
	}
	return fmt.Errorf("%s[[schemas]] of %s, whose broker has the policy %q: %w", place, s.Topic, p.Validation, err)
}

// Package letters is what the runtime does with records that can never be delivered
// as they are: the policy, what a dead letter says about the record it stands for,
// and how many are too many. It moves nothing itself; a dead letter is a parcel for
// another topic (design law 7).
package letters

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Policy is what becomes of a record that can never be delivered as it is.
type Policy uint8

const (
	// Halt stops the runtime; the record stays a hole that no commit passes.
	Halt Policy = iota
	// Skip counts the record and passes it over.
	Skip
	// DeadLetter publishes it to the dead-letter topic.
	DeadLetter
)

var policies = [...]string{"halt", "skip", "dead_letter"}

// PolicyOf returns the policy of that name in a configuration, Halt for any other
// text.
func PolicyOf(name string) Policy {
	for i, p := range policies {
		if p == name {
			return Policy(i)
		}
	}
	return Halt
}

// String names the policy as the configuration does.
func (p Policy) String() string { return policies[p] }

// Rule is a policy, and where the letters of DeadLetter go.
type Rule struct {
	Policy Policy
	Topic  string
}

// Class says why a record can never be delivered: a closed list that consumers of a
// dead-letter topic may count by.
type Class string

// The classes.
const (
	// Bad: the connector itself could make no sense of it.
	Bad Class = "bad"
	// Undeclared: its topic is not one the source has declared.
	Undeclared Class = "undeclared"
	// Encoding: its payload is not what its topic carries, or encoding panicked.
	Encoding Class = "encoding"
	// Attributes: an attribute that belongs to the runtime, or text that is not
	// UTF-8.
	Attributes Class = "attributes"
	// Size: it measures more than a message may.
	Size Class = "size"
	// Refused: the broker said that it will never take it.
	Refused Class = "refused"
	// Reset: every attempt ended without a clear answer while other records passed,
	// as when the broker's handler panics on it.
	Reset Class = "reset"
)

// reserved begins the attributes that belong to the runtime; those of a dead letter
// begin with prefix.
const (
	reserved = "danube.connect."
	prefix   = reserved + "dlq."
)

// maxText bounds what a letter says about the error, in bytes.
const maxText = 1024

// Letter is what a dead letter says about the record it stands for.
type Letter struct {
	// Topic is the one the record was meant for; empty when it had none.
	Topic string
	Class Class
	Err   error
	// Attempts is how many attempts to send it ended in a way that blames it; 0 when
	// it never was sent.
	Attempts int
	// First and Last are when it failed first and last.
	First, Last time.Time
}

// Write returns the attributes of the letter for a record that had those given: its
// own, which keep their order and do not change, and what the letter says. What could
// not travel as it is does so in another form: an attribute that belongs to the
// runtime moves below "danube.connect.dlq.attribute.", and text that is not UTF-8 is
// quoted as Go quotes it.
func (l Letter) Write(own []connect.Attribute) []connect.Attribute {
	all := make([]connect.Attribute, 0, len(own)+6)
	for _, a := range own {
		if strings.HasPrefix(a.Key, reserved) {
			a.Key = prefix + "attribute." + a.Key
		}
		all = append(all, connect.Attribute{Key: Text(a.Key), Value: Text(a.Value)})
	}
	if l.Topic != "" {
		all = append(all, connect.Attribute{Key: prefix + "topic", Value: Text(l.Topic)})
	}
	return append(all,
		connect.Attribute{Key: prefix + "class", Value: string(l.Class)},
		connect.Attribute{Key: prefix + "error", Value: bounded(l.Err.Error())},
		connect.Attribute{Key: prefix + "attempts", Value: strconv.Itoa(l.Attempts)},
		connect.Attribute{Key: prefix + "first", Value: l.First.UTC().Format(time.RFC3339Nano)},
		connect.Attribute{Key: prefix + "last", Value: l.Last.UTC().Format(time.RFC3339Nano)},
	)
}

// Text returns s, quoted if it is not UTF-8.
func Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strconv.Quote(s)
}

// bounded cuts an error's text where a letter has no more room for it.
func bounded(s string) string {
	const more = "…"
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText-len(more)]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + more
}

// Halted says of an error that it stops the runtime because that is the policy.
func Halted(err error) error {
	return fmt.Errorf(`%w; on_invalid is "halt"; "skip" or "dead_letter" would go on without the record`, err)
}

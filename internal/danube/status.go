package danube

import (
	"errors"
	"fmt"
	"strings"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// This file is the one place where a gRPC status becomes a decision. Brokers put
// most of what matters into texts, which are no stable interface: an unknown text
// always falls to the side that loses nothing. Texts are compared in lower case.

// publishPrefix begins the text of every failure inside the broker's publish
// pipeline, all of which have the code PERMISSION_DENIED.
const publishPrefix = "unable to publish the message"

// publishFailures are the failures behind publishPrefix; the first that matches
// decides. The order matters for the two that are `not found in registry`.
var publishFailures = []struct {
	fragment string
	outcome  flow.Outcome
}{
	// The schema registry's "not found": of the record, and final.
	{"schema id", flow.Refused},
	{"schema subject", flow.Refused}, // mismatch
	{"missing schema_id", flow.Refused},
	{"requires schema but none", flow.Refused},
	{"schema version not found", flow.Refused},
	{"failed to create validator", flow.Refused},
	{"payload validation failed", flow.Refused},
	{"exceeds maximum allowed", flow.Refused},
	// The topic registry's "not found", and its like: the topic is elsewhere or
	// about to be. Nothing was stored.
	{"draining or closed", flow.Lost},
	{"not found in registry", flow.Lost},
	{"not attached to topic", flow.Lost},
	// Trouble with what the broker stores to. After a WAIT of the write buffer
	// that timed out the message is stored already; sending it again may
	// duplicate, not sending it may lose.
	{"wal writer", flow.Busy},
	{"wal error", flow.Busy},
	{"wal is not configured", flow.Busy},
	{"write buffer", flow.Busy},
	{"i/o error", flow.Busy},
	{"io error", flow.Busy},
	{"metadata store error", flow.Busy},
	{"cloud storage error", flow.Busy},
}

// Texts of grpc-go's own, for statuses that never came from a broker.
const (
	resetText = "stream terminated by rst_stream"
	httpText  = "unexpected http status code"
)

// neverSent are the texts of a deadline that ran out while there was no
// connection to send on.
var neverSent = []string{"while waiting for connections", "latest balancer error", "waiting for new lb policy"}

// transportTexts are those of a connection that broke in the middle of a call.
var transportTexts = []string{
	resetText, httpText, "transport:", "connection error", "connection reset", "connection closed", "connection is",
	"unexpected eof", "server closed the stream", "malformed header",
}

// unavailableTexts are those of a broker that says UNAVAILABLE itself: the topic
// is elsewhere, was just created, or cannot be.
var unavailableTexts = []string{"served by another broker", "metadata was created", namespaceText}

const namespaceText = "unable to find the namespace"

// sent classifies the answer to SendMessage.
func sent(err error) flow.Outcome {
	code, text := codeAndText(err)
	switch code {
	case codes.OK:
		return flow.OK
	case codes.NotFound:
		// The broker does not know the producer: it has restarted, or the topic
		// has moved or is gone. It looks this up before anything else.
		return flow.Lost
	case codes.PermissionDenied:
		return publishFailure(text)
	case codes.InvalidArgument, codes.OutOfRange:
		// A size limit of the topic's policy; the limit of one gRPC message.
		return flow.Refused
	case codes.Unauthenticated:
		return flow.Denied
	case codes.DeadlineExceeded:
		if contains(text, neverSent...) {
			return flow.Unknown
		}
		return flow.Stalled
	case codes.Canceled:
		// A handler that panics resets its stream. Anything else is the
		// connection or the client being closed.
		if contains(text, resetText) {
			return flow.Reset
		}
		return flow.Unknown
	case codes.Unavailable, codes.Unimplemented:
		// The broker's own logic has neither: the connection broke, or what
		// answers is not, or no longer, a broker.
		return flow.Unknown
	default:
		return oddAnswer(code, text)
	}
}

// publishFailure classifies PERMISSION_DENIED.
func publishFailure(text string) flow.Outcome {
	if contains(text, resetText) { // how grpc-go reports INADEQUATE_SECURITY
		return flow.Unknown
	}
	if !strings.HasPrefix(text, publishPrefix) {
		return flow.Denied // access control speaks without the prefix
	}
	for _, f := range publishFailures {
		if strings.Contains(text, f.fragment) {
			return f.outcome
		}
	}
	return flow.Unclear
}

// oddAnswer classifies the codes no broker's logic gives to SendMessage.
func oddAnswer(code codes.Code, text string) flow.Outcome {
	switch {
	case contains(text, "decode protobuf message", "failed to unmarshal", "error while marshaling", "larger than max"):
		// What the peer's gRPC library says of bytes it cannot take: text that
		// is not UTF-8, a message above its limit.
		return flow.Refused
	case contains(text, transportTexts...):
		return flow.Unknown
	case code == codes.ResourceExhausted:
		return flow.Busy // a limit of whatever stands in between
	case code == codes.FailedPrecondition && contains(text, "jwt support"):
		return flow.Denied // a token for a broker that has no tokens
	}
	return flow.Unclear
}

// verdict is what the failure of an attempt to open a session means.
type verdict uint8

const (
	// transient: try again, without end.
	transient verdict = iota + 1
	// race: somebody else created the topic meanwhile; once more at once.
	race
	// doubtful: most likely the configuration, but a cluster that is just
	// starting says it too; final after a grace.
	doubtful
	// absent: there is no such topic and the broker creates none. Final for a
	// topic never seen, doubtful for one that was open.
	absent
	// misconfigured: the broker will never take this producer as configured.
	misconfigured
	// denied: token or permission.
	denied
)

// opened classifies the failure of CreateProducer, of Subscribe, and of what
// comes before them.
func opened(err error) verdict {
	if _, ok := errors.AsType[*unfit](err); ok {
		return misconfigured
	}
	code, text := codeAndText(err)
	switch code {
	case codes.Unavailable:
		return unavailable(text)
	case codes.AlreadyExists:
		// Plain and partitioned topics of one name exclude each other.
		if contains(text, "partitioned topic") {
			return misconfigured
		}
		return race
	case codes.FailedPrecondition, codes.InvalidArgument:
		if contains(text, "failed to assign schema") {
			return doubtful // a subject the registry lost, which is registered again
		}
		// Another dispatch strategy or schema subject, a bad name, a token for a
		// broker without tokens.
		return misconfigured
	case codes.NotFound:
		return absent
	case codes.Unauthenticated:
		return denied
	case codes.PermissionDenied:
		// The broker could not write the registration to its metadata.
		if contains(text, "not able to create", resetText) {
			return transient
		}
		return denied
	case codes.Unimplemented:
		return doubtful // is this a Danube broker?
	default:
		// RESOURCE_EXHAUSTED (the topic's limit of producers), INTERNAL (no Raft
		// leader), our own deadline, a cut connection, words nobody knows.
		return transient
	}
}

// unavailable tells apart what UNAVAILABLE may mean to an opening.
func unavailable(text string) verdict {
	switch {
	case contains(text, namespaceText):
		// Looks temporary and is not: nothing creates a namespace by itself.
		return doubtful
	case contains(text, "handshake failed", "does not look like a tls handshake"):
		// A certificate nobody vouches for, or no TLS at all.
		return doubtful
	}
	return transient // owned elsewhere, just created, not reachable
}

// subscribed classifies the failure of Subscribe, which differs from that of
// CreateProducer in what PERMISSION_DENIED may mean.
func subscribed(err error) verdict {
	code, text := codeAndText(err)
	if code == codes.PermissionDenied && contains(text, "not able to subscribe", "not allowed to create the subscription", "exclusive subscription") {
		return misconfigured // somebody else has the subscription, or there are too many
	}
	return opened(err)
}

// answered reports whether a broker, and not the network, gave the answer.
func answered(err error) bool {
	switch code, text := codeAndText(err); code {
	case codes.DeadlineExceeded, codes.Canceled:
		return false
	case codes.Unavailable:
		return contains(text, unavailableTexts...)
	default:
		return !contains(text, transportTexts...)
	}
}

// codeAndText returns the status of err, its text in lower case.
func codeAndText(err error) (codes.Code, string) {
	s := status.Convert(unwrapped(err))
	return s.Code(), strings.ToLower(s.Message())
}

// unwrapped finds the call's own error below what was wrapped around it, whose
// words must not be taken for the broker's.
func unwrapped(err error) error {
	if e, ok := errors.AsType[*callError](err); ok {
		return e.cause
	}
	return err
}

func contains(text string, fragments ...string) bool {
	for _, f := range fragments {
		if strings.Contains(text, f) {
			return true
		}
	}
	return false
}

// callError is a call that failed: what was wanted of which broker for which
// topic, and its words.
type callError struct {
	topic, op, broker string
	cause             error
}

// Error names topic, call and broker, and gives the broker's words.
func (e *callError) Error() string {
	s := status.Convert(e.cause)
	text := fmt.Sprintf("%s at %s: %s (%s)", e.op, e.broker, s.Message(), s.Code())
	if e.topic == "" {
		return text
	}
	return "topic " + e.topic + ": " + text
}

// Unwrap returns the call's own error, from which status.Code reads.
func (e *callError) Unwrap() error { return e.cause }

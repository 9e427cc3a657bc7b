package danube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/danube-messaging/danube-connect-go/internal/flow"
)

const publish = "Unable to publish the message: "

// sends are the answers to SendMessage that were seen, by whom and in which
// words, and what they must come to.
var sends = []struct {
	code codes.Code
	text string
	want flow.Outcome
}{
	{codes.OK, "", flow.OK},

	// The broker's producer index.
	{codes.NotFound, "The producer with id 17 does not exist", flow.Lost},

	// The broker's topic registry and topic state.
	{codes.PermissionDenied, publish + "Topic /default/t is draining or closed; retry lookup/moved", flow.Lost},
	{codes.PermissionDenied, publish + "Topic /default/t not found in registry", flow.Lost},
	{codes.PermissionDenied, publish + "the producer with id 17 is not attached to topic name: /default/t", flow.Lost},

	// The schema registry, whose "not found in registry" is another one.
	{codes.PermissionDenied, publish + "Schema ID 99 not found in registry", flow.Refused},
	{codes.PermissionDenied, publish + "Schema ID 99 not found", flow.Refused},
	{codes.PermissionDenied, publish + "Message missing schema_id for topic /default/t (expected subject: s)", flow.Refused},
	{codes.PermissionDenied, publish + "Schema subject mismatch for topic /default/t: message schema_id=3 belongs to subject 'a', but topic requires 'b'", flow.Refused},
	{codes.PermissionDenied, publish + "Topic /default/t requires schema but none is configured", flow.Refused},
	{codes.PermissionDenied, publish + "Schema version not found: s/4 - gone", flow.Refused},
	{codes.PermissionDenied, publish + "Failed to create validator: bad schema", flow.Refused},
	{codes.PermissionDenied, publish + "Payload validation failed: \"a\" is a required property", flow.Refused},
	{codes.PermissionDenied, publish + "Message size 11 exceeds maximum allowed size 10", flow.Refused},

	// The broker's storage.
	{codes.PermissionDenied, publish + "Other: wal writer channel closed", flow.Busy},
	{codes.PermissionDenied, publish + "WAL error: wal writer channel closed before flush", flow.Busy},
	{codes.PermissionDenied, publish + "WAL error: short write", flow.Busy},
	{codes.PermissionDenied, publish + "WAL is not configured for a reliable topic", flow.Busy},
	{codes.PermissionDenied, publish + "write buffer WAIT timed out: 0 of 1 replicas", flow.Busy},
	{codes.PermissionDenied, publish + "I/O error: No space left on device", flow.Busy},
	{codes.PermissionDenied, publish + "IO error: broken pipe", flow.Busy},
	{codes.PermissionDenied, publish + "Metadata store error: no leader", flow.Busy},
	{codes.PermissionDenied, publish + "Cloud storage error: timeout", flow.Busy},

	// Words of the next version.
	{codes.PermissionDenied, publish + "the moon is in the wrong house", flow.Unclear},
	{codes.FailedPrecondition, "something new", flow.Unclear},
	{codes.Internal, "something new", flow.Unclear},
	{codes.Unknown, "something new", flow.Unclear},
	{codes.Aborted, "something new", flow.Unclear},
	{codes.AlreadyExists, "something new", flow.Unclear},
	{codes.DataLoss, "something new", flow.Unclear},

	// Limits.
	{codes.InvalidArgument, "Message size 11 exceeds maximum allowed size 10", flow.Refused},
	{codes.OutOfRange, "Error, decoded message length too large: found 4194400 bytes, the limit is: 4194304 bytes", flow.Refused},
	{codes.ResourceExhausted, "grpc: received message larger than max (4194400 vs. 4194304)", flow.Refused},
	{codes.ResourceExhausted, "too many requests", flow.Busy},
	{codes.Internal, "failed to decode Protobuf message: StreamMessage.routing_key: invalid string value: data is not UTF-8 encoded", flow.Refused},
	{codes.Internal, "grpc: failed to unmarshal the received message: string field contains invalid UTF-8", flow.Refused},
	{codes.Internal, "grpc: error while marshaling: too long", flow.Refused},

	// Access control.
	{codes.Unauthenticated, "Invalid token", flow.Denied},
	{codes.Unauthenticated, "Authentication credentials are missing", flow.Denied},
	{codes.Unauthenticated, "transport: per-RPC creds failed due to error: read the token: no such file", flow.Denied},
	{codes.PermissionDenied, "no binding grants Produce on topic /default/t", flow.Denied},
	{codes.PermissionDenied, "authorization check failed", flow.Denied},
	{codes.FailedPrecondition, "JWT support is not enabled", flow.Denied},

	// The connection, in grpc-go's words.
	{codes.Unavailable, "connection error: desc = \"transport: Error while dialing: connection refused\"", flow.Unknown},
	{codes.Unavailable, "error reading from server: EOF", flow.Unknown},
	{codes.Unavailable, "stream terminated by RST_STREAM with error code: REFUSED_STREAM", flow.Unknown},
	{codes.Unavailable, "closing transport due to: connection error: keepalive ping failed", flow.Unknown},
	{codes.Unavailable, "unexpected HTTP status code received from server: 503 (Service Unavailable)", flow.Unknown},
	{codes.Unimplemented, "unexpected HTTP status code received from server: 404 (Not Found)", flow.Unknown},
	{codes.Unknown, "unexpected HTTP status code received from server: 500 (Internal Server Error)", flow.Unknown},
	{codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR", flow.Unknown},
	{codes.Internal, "server closed the stream without sending trailers", flow.Unknown},
	{codes.Internal, "transport: transport: the stream is done or WriteHeader was already called", flow.Unknown},
	{codes.PermissionDenied, "stream terminated by RST_STREAM with error code: INADEQUATE_SECURITY", flow.Unknown},
	{codes.ResourceExhausted, "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM", flow.Unknown},
	{codes.Canceled, "grpc: the client connection is closing", flow.Unknown},
	{codes.Canceled, "context canceled", flow.Unknown},

	// A handler that panics.
	{codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL", flow.Reset},

	// Our own deadline: on a connection, and for want of one.
	{codes.DeadlineExceeded, "context deadline exceeded", flow.Stalled},
	{codes.DeadlineExceeded, "stream terminated by RST_STREAM with error code: CANCEL", flow.Stalled},
	{codes.DeadlineExceeded, "context deadline exceeded while waiting for connections to become ready", flow.Unknown},
	{codes.DeadlineExceeded, "latest balancer error: connection error: desc = \"transport: i/o timeout\"", flow.Unknown},
	{codes.DeadlineExceeded, "received context error while waiting for new LB policy update: context deadline exceeded", flow.Unknown},
}

func TestSendOutcomes(t *testing.T) {
	t.Parallel()
	for _, tc := range sends {
		err := status.Error(tc.code, tc.text)
		if have := sent(err); have != tc.want {
			t.Errorf("%s %q: %s, want %s", tc.code, tc.text, have, tc.want)
		}
		if err == nil {
			continue
		}
		// The words of what wraps it do not count.
		wrapped := fmt.Errorf("producer with id: %w", &callError{topic: "/default/rst_stream", op: "send", broker: "b", cause: err})
		if have := sent(wrapped); have != tc.want {
			t.Errorf("wrapped %s %q: %s, want %s", tc.code, tc.text, have, tc.want)
		}
	}
}

// TestEveryCodeIsDecided holds even for codes and texts never seen.
func TestEveryCodeIsDecided(t *testing.T) {
	t.Parallel()
	for code := codes.OK; code <= codes.Unauthenticated+1; code++ {
		if have := sent(status.Error(code, "")); have == 0 || (have == flow.OK) != (code == codes.OK) {
			t.Errorf("%s: outcome %s", code, have)
		}
		if have := opened(status.Error(code, "")); have == 0 {
			t.Errorf("%s: no verdict on an opening", code)
		}
	}
	if have := sent(errors.New("no status at all")); have != flow.Unclear {
		t.Errorf("an error without a status: %s", have)
	}
	if have := opened(context.Canceled); have != transient {
		t.Errorf("a context's error: verdict %d", have)
	}
}

// openings are the failures of CreateProducer and of what comes before it.
var openings = []struct {
	code     codes.Code
	text     string
	want     verdict
	answered bool
}{
	{codes.Unavailable, "The topic exists but is served by another broker, redo the Lookup request", transient, true},
	{codes.Unavailable, "The topic metadata was created, need to redo the lookup to find the correct broker", transient, true},
	{codes.Unavailable, "Unable to find the namespace default, the topic can be created only for an exisiting namespace", doubtful, true},
	{codes.Unavailable, "error reading from server: EOF", transient, false},
	{codes.Unavailable, "connection error: desc = \"transport: Error while dialing: dial tcp: connection refused\"", transient, false},
	{codes.Unavailable, "connection error: desc = \"transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority\"", doubtful, false},
	{codes.Unavailable, "connection error: desc = \"transport: authentication handshake failed: tls: first record does not look like a TLS handshake\"", doubtful, false},
	{codes.DeadlineExceeded, "context deadline exceeded", transient, false},
	{codes.Canceled, "stream terminated by RST_STREAM with error code: CANCEL", transient, false},
	{codes.ResourceExhausted, "Producer limit reached for topic /default/t. Current: 2, Limit: 2", transient, true},
	{codes.Internal, "unable to post the topic to the cluster: no leader", transient, true},
	{codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR", transient, false},
	{codes.PermissionDenied, "Not able to create the Producer: Metadata store error", transient, true},
	{codes.PermissionDenied, "no binding grants Produce on topic /default/t", denied, true},
	{codes.PermissionDenied, "authorization check failed", denied, true},
	{codes.Unauthenticated, "Invalid token", denied, true},
	{codes.FailedPrecondition, "Producer requested dispatch strategy does not match topic strategy", misconfigured, true},
	{codes.FailedPrecondition, "Topic '/default/t' uses schema subject 'a', cannot use 'b'. Only admin can change topic schema.", misconfigured, true},
	{codes.FailedPrecondition, "Failed to assign schema 'a' to topic '/default/t'", doubtful, true},
	{codes.FailedPrecondition, "JWT support is not enabled", misconfigured, true},
	{codes.InvalidArgument, "The topic: x has an invalid format, should be: /namespace_name/topic_name", misconfigured, true},
	{codes.InvalidArgument, "Dispatch strategy is missing", misconfigured, true},
	{codes.NotFound, "Unable to find the topic: /default/t", absent, true},
	{codes.AlreadyExists, "The topic /default/t already exists", race, true},
	{codes.AlreadyExists, "cannot create: a partitioned topic with this base name exists", misconfigured, true},
	{codes.Unimplemented, "unknown service danube.ProducerService", doubtful, true},
	{codes.Unimplemented, "unexpected HTTP status code received from server: 404 (Not Found)", doubtful, false},
	{codes.Unknown, "something new", transient, true},
}

func TestOpeningVerdicts(t *testing.T) {
	t.Parallel()
	for _, tc := range openings {
		err := &callError{topic: "/default/handshake failed", op: "create producer", broker: "b", cause: status.Error(tc.code, tc.text)}
		if have := opened(err); have != tc.want {
			t.Errorf("%s %q: verdict %d, want %d", tc.code, tc.text, have, tc.want)
		}
		if have := answered(err); have != tc.answered {
			t.Errorf("%s %q: answered by a broker = %v, want %v", tc.code, tc.text, have, tc.answered)
		}
	}
}

func TestSubscribeVerdicts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]verdict{
		"Not able to subscribe to the topic /default/t due to an exclusive consumer": misconfigured,
		"Not allowed to create the subscription for the topic: /default/t":           misconfigured,
		"no binding grants Consume on topic /default/t":                              denied,
	} {
		if have := subscribed(status.Error(codes.PermissionDenied, text)); have != want {
			t.Errorf("%q: verdict %d, want %d", text, have, want)
		}
	}
	if have := subscribed(status.Error(codes.NotFound, "")); have != absent {
		t.Errorf("NOT_FOUND: verdict %d", have)
	}
}

func TestCallErrorSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	cause := status.Error(codes.NotFound, "The producer with id 17 does not exist")
	err := &callError{topic: "/default/t", op: "send", broker: "http://b:6650", cause: cause}
	for _, part := range []string{"/default/t", "send", "http://b:6650", "id 17", "NotFound"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	if !errors.Is(err, cause) || status.Code(err) != codes.NotFound {
		t.Errorf("%v hides its cause", err)
	}
	if err.topic = ""; strings.Contains(err.Error(), "topic") {
		t.Errorf("%q names a topic", err)
	}
}

package devbroker

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The words below are what clients of the real broker look for; what stands
// around them is our own.

// errPanicked stands for a handler that panics: the stream is reset.
var errPanicked = errors.New("handler panicked")

// errGone answers requests that the end of a connection or of the broker
// overtook; their caller hears of it from the transport.
var errGone = status.Error(codes.Unavailable, "connection closed by the broker")

func notFound(format string, args ...any) error {
	return status.Errorf(codes.NotFound, format, args...)
}

func unavailable(format string, args ...any) error {
	return status.Errorf(codes.Unavailable, format, args...)
}

func denied(format string, args ...any) error {
	return status.Errorf(codes.PermissionDenied, format, args...)
}

// unpublished is how everything in the publish pipeline fails.
func unpublished(format string, args ...any) error {
	return denied("Unable to publish the message: "+format, args...)
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func precondition(format string, args ...any) error {
	return status.Errorf(codes.FailedPrecondition, format, args...)
}

func internal(format string, args ...any) error {
	return status.Errorf(codes.Internal, format, args...)
}

func exists(format string, args ...any) error {
	return status.Errorf(codes.AlreadyExists, format, args...)
}

func exhausted(format string, args ...any) error {
	return status.Errorf(codes.ResourceExhausted, format, args...)
}

func badName(name string) error {
	return invalid("topic name %q has an invalid format, should be: /namespace_name/topic_name", name)
}

func elsewhere(name string) error {
	return unavailable("the topic %s is served by another broker", name)
}

func oversize(size int) error {
	return status.Errorf(codes.OutOfRange, "decoded message length too large: found %d bytes, the limit is: %d bytes", size, maxRequest)
}

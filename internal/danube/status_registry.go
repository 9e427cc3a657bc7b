package danube

import "google.golang.org/grpc/codes"

// refusedSchemas are the failures behind INTERNAL of the registry that lie with
// the definition and stay; all its failures have that code.
var refusedSchemas = []string{
	"not compatible", "unknown schema type", "invalid utf-8", "invalid json", "invalid avro",
	"failed to parse", "failed to compile", "failed to serialize",
}

// schemaVerdict classifies the failure of a call to the schema registry: absent,
// misconfigured, denied or transient.
func schemaVerdict(err error) verdict {
	code, text := codeAndText(err)
	switch code {
	case codes.NotFound:
		return absent
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return misconfigured
	case codes.Unauthenticated:
		return denied
	case codes.PermissionDenied:
		if contains(text, resetText) {
			return transient
		}
		return denied
	case codes.Internal:
		// An unknown text may be that of a registry that cannot write just now.
		if contains(text, refusedSchemas...) {
			return misconfigured
		}
	}
	return transient
}

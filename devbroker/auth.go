package devbroker

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// digest is what is kept and compared of a token, so that neither its text nor
// its length is told by how long a comparison takes.
type digest = [sha256.Size]byte

// SetToken changes the token requests must carry from now on; empty asks for
// none. It is what expiry and rotation look like to a client.
func (b *Broker) SetToken(token string) {
	if token == "" {
		b.token.Store(nil)
		return
	}
	d := sha256.Sum256([]byte(token))
	b.token.Store(&d)
}

// authenticate checks the bearer token. The header that lets brokers of a real
// cluster pass for each other is not read.
func (b *Broker) authenticate(md metadata.MD) error {
	want := b.token.Load()
	if want == nil {
		return nil
	}
	values := md.Get("authorization")
	if len(values) == 0 {
		return status.Error(codes.Unauthenticated, "missing authorization header")
	}
	token, ok := strings.CutPrefix(values[0], "Bearer ")
	if !ok {
		token, ok = strings.CutPrefix(values[0], "bearer ")
	}
	have := sha256.Sum256([]byte(token))
	if !ok || subtle.ConstantTimeCompare(have[:], want[:]) != 1 {
		return status.Error(codes.Unauthenticated, "invalid or expired token")
	}
	return nil
}

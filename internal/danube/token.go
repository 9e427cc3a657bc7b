package danube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// token puts the token on every call. It asks its source each time and keeps the
// header of the last token only to save making it again.
type token struct {
	source func() (string, error)
	last   atomic.Pointer[bearer]
}

// bearer is a token and the metadata that carries it, which nobody changes.
type bearer struct {
	token  string
	header map[string]string
}

// errToken says no more than that; what is wrong with a token is a secret too.
var errToken = errors.New("token holds characters that no header can carry")

// GetRequestMetadata returns the header that carries the token, none when the
// token is empty. An error denies the call (Unauthenticated).
func (t *token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	text, err := t.source()
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	text = strings.TrimSpace(text)
	if last := t.last.Load(); last != nil && last.token == text {
		return last.header, nil
	}
	b := &bearer{token: text}
	if text != "" {
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errToken
		}
		b.header = map[string]string{"authorization": "Bearer " + text}
	}
	t.last.Store(b)
	return b.header, nil
}

// RequireTransportSecurity makes grpc refuse to send a token in the clear.
func (t *token) RequireTransportSecurity() bool { return true }

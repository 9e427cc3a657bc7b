package danube

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenHeader(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]string{
		"":            nil,
		" \n":         nil,
		"abc":         {"authorization": "Bearer abc"},
		"\tabc.d-e\n": {"authorization": "Bearer abc.d-e"},
	} {
		tok := &token{source: func() (string, error) { return text, nil }}
		for range 2 {
			have, err := tok.GetRequestMetadata(t.Context())
			if diff := cmp.Diff(want, have); err != nil || diff != "" {
				t.Errorf("token %q: %v (-want +have):\n%s", text, err, diff)
			}
		}
	}
}

func TestTokenIsNeverPrinted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"can ary", "can\nary", "canaryä", "can\x00ary"} {
		tok := &token{source: func() (string, error) { return text, nil }}
		header, err := tok.GetRequestMetadata(t.Context())
		if err == nil || header != nil || strings.Contains(err.Error(), "can") && strings.Contains(err.Error(), "ary") {
			t.Errorf("token %q: header %v, error %v", text, header, err)
		}
	}
}

func TestTokenIsReadForEveryCall(t *testing.T) {
	t.Parallel()
	n := 0
	tok := &token{source: func() (string, error) {
		if n++; n == 3 {
			return "", errors.New("gone")
		}
		return strings.Repeat("x", n), nil
	}}
	for i, want := range []string{"Bearer x", "Bearer xx", "", "Bearer xxxx"} {
		header, err := tok.GetRequestMetadata(t.Context())
		if header["authorization"] != want || (err != nil) != (want == "") {
			t.Errorf("call %d: %v, %v; want %q", i, header, err, want)
		}
	}
	if !tok.RequireTransportSecurity() {
		t.Error("a token may go in the clear")
	}
}

func TestTokenDoesNotAllocate(t *testing.T) {
	tok := &token{source: func() (string, error) { return "abc", nil }}
	_, _ = tok.GetRequestMetadata(t.Context())
	if n := testing.AllocsPerRun(100, func() { _, _ = tok.GetRequestMetadata(t.Context()) }); n > 0 {
		t.Errorf("%v allocations for a token that did not change", n)
	}
}

package supervisor

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// leaks returns the first form in which text shows the canary, or nothing.
func leaks(text string) string {
	lower := strings.ToLower(text)
	for _, form := range []string{canary, "hunter2", hex.EncodeToString([]byte(canary)), fmt.Sprint([]byte(canary))[1:40]} {
		if strings.Contains(lower, form) {
			return form
		}
	}
	for shift := range 3 { // base64 depends on what stands before
		form := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + canary))
		if form = form[4 : len(form)-4]; strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		right, "HUNTER2", fmt.Sprintf("%x", wrong), fmt.Sprint([]byte(canary)), fmt.Sprintf("%+v", struct{ s string }{rotated}),
		base64.StdEncoding.EncodeToString([]byte(wrong)), base64.StdEncoding.EncodeToString([]byte("Bearer " + right)),
	} {
		if leaks(text) == "" {
			t.Errorf("not found in %q", text)
		}
	}
	if form := leaks("a token that is not shown"); form != "" {
		t.Errorf("found %q in nothing", form)
	}
}

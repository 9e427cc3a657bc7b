package stage

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// Screen is a writer that keeps what a program prints and lets tests wait for it.
// The zero Screen is empty; its methods are safe for concurrent use.
type Screen struct {
	mu      sync.Mutex
	text    strings.Builder
	written chan struct{} // closed at the next write; nil while nobody waits
}

// Write keeps p.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written != nil {
		close(s.written)
		s.written = nil
	}
	return s.text.Write(p)
}

// String returns everything written so far.
func (s *Screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// LastLine returns the last line, without its newline.
func (s *Screen) LastLine() string {
	text := strings.TrimSuffix(s.String(), "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Until returns the text once seen says yes to it, or an error that quotes the
// text when ctx ends first.
func (s *Screen) Until(ctx context.Context, seen func(text string) bool) (string, error) {
	for {
		text, changed := s.look()
		if seen(text) {
			return text, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return text, fmt.Errorf("%w; the screen shows: %s", context.Cause(ctx), text)
		}
	}
}

func (s *Screen) look() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written == nil {
		s.written = make(chan struct{})
	}
	return s.text.String(), s.written
}

// After waits until a line has text in it, and returns what follows the text on
// that line.
func (s *Screen) After(ctx context.Context, text string) (string, error) {
	shown, err := s.Until(ctx, func(shown string) bool {
		_, rest, ok := strings.Cut(shown, text)
		return ok && strings.Contains(rest, "\n")
	})
	if err != nil {
		return "", fmt.Errorf("no line with %q: %w", text, err)
	}
	_, rest, _ := strings.Cut(shown, text)
	line, _, _ := strings.Cut(rest, "\n")
	return line, nil
}

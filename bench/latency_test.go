package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sleeper answers call i after i × 10 µs, and remembers when it was called.
type sleeper struct {
	mu    sync.Mutex
	calls []time.Time
	err   error
}

func (s *sleeper) deliver(_ context.Context, call int) error {
	s.mu.Lock()
	s.calls = append(s.calls, time.Now())
	s.mu.Unlock()
	time.Sleep(time.Duration(call) * 10 * time.Microsecond)
	return s.err
}

func (*sleeper) close() error { return nil }

// The loop is open: calls begin on time however long the ones before them take.
func TestLoopIsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sleeper{}
		p := loopPlan{every: time.Millisecond, length: 101 * time.Millisecond * 5}
		begun := time.Now()
		d, err := p.run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.calls) != 505 {
			t.Fatalf("%d calls, want 505", len(s.calls))
		}
		for i, at := range s.calls {
			if want := time.Duration(i+1) * p.every; at.Sub(begun) != want {
				t.Fatalf("call %d began after %v, want %v", i, at.Sub(begun), want)
			}
		}
		// The i-th of 505 took i × 10 µs: half-way is call 252, 99 % is call 498.96.
		if diff := cmp.Diff(delay{2520, 4989.6}, d, near); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestLoopThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := loopPlan{every: time.Millisecond, length: 10 * time.Millisecond}
		broken := errors.New("broken")
		if _, err := p.run(t.Context(), &sleeper{err: broken}); !errors.Is(err, broken) {
			t.Errorf("a loop whose calls fail returns %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Microsecond)
		defer cancel()
		s := &sleeper{}
		if _, err := p.run(ctx, s); !errors.Is(err, context.DeadlineExceeded) || len(s.calls) != 5 {
			t.Errorf("a loop cut after 5.5 ms returns %v after %d calls, want 5", err, len(s.calls))
		}
	})
}

func TestRunLatency(t *testing.T) {
	t.Parallel()
	l, err := runLatency(t.Context(), loopPlan{time.Millisecond, 50 * time.Millisecond, 2}, 3, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{nameRaw, nameAgain, nameDeliver} {
		if len(l.Delays[name]) != 2 {
			t.Errorf("%s: %d repeats, want 2 without the one to warm up", name, len(l.Delays[name]))
		}
		for _, d := range l.Delays[name] {
			if d.P50 <= 0 || d.P99 < d.P50 {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
	var b bytes.Buffer
	l.print(&b)
	if !strings.Contains(b.String(), nameDeliver) || strings.Contains(b.String(), "NaN") {
		t.Errorf("the table lacks something:\n%s", &b)
	}
}

func TestLatencyGates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		again, deliver delay
		want           map[string]verdict
	}{
		{"all is well", delay{100, 900}, delay{110, 600}, map[string]verdict{"a/a-p50": pass, "p50-of-raw": pass, "p99-of-raw": pass}},
		{"slow", delay{100, 500}, delay{120, 800}, map[string]verdict{"a/a-p50": pass, "p50-of-raw": fail, "p99-of-raw": fail}},
		{"noisy", delay{110, 500}, delay{120, 800}, map[string]verdict{"a/a-p50": inconclusive, "p50-of-raw": inconclusive, "p99-of-raw": inconclusive}},
	} {
		l := &latency{Delays: map[string][]delay{nameRaw: {{100, 500}}, nameAgain: {c.again}, nameDeliver: {c.deliver}}}
		want := map[string]verdict{}
		for name, v := range c.want {
			want["latency:"+name] = v
		}
		if diff := cmp.Diff(want, verdictsOf(l.gates())); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}

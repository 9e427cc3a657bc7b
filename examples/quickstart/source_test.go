package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/examples/internal/place"
)

// system writes a /proc of our own.
func system(t *testing.T, files map[string]string) string {
	t.Helper()
	proc := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(proc, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return proc
}

// source returns a machine that reads proc, with what it has said.
func source(t *testing.T, proc string, kept *place.File) (*machine, *strings.Builder) {
	t.Helper()
	var stderr strings.Builder
	m := newMachine(time.Second, kept, &stderr)
	m.gauges = gauges(proc)
	if err := m.Initialize(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return m, &stderr
}

func offsets(t *testing.T) *place.File {
	t.Helper()
	kept, err := place.Open(filepath.Join(t.TempDir(), "offsets.json"))
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func poll(t *testing.T, m *machine) []connect.Envelope {
	t.Helper()
	envelopes, err := m.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return envelopes
}

// keys returns topic and key of each envelope.
func keys(envelopes []connect.Envelope) string {
	var all []string
	for _, e := range envelopes {
		key, _ := e.Record.Key()
		all = append(all, strings.TrimPrefix(e.Record.Topic(), "/default/")+":"+key)
	}
	return strings.Join(all, " ")
}

func TestASampleIsOnePosition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proc := system(t, map[string]string{"meminfo": meminfo, "loadavg": "1 2 3 4/5 6\n", "net/dev": netdev})
		kept := offsets(t)
		m, stderr := source(t, proc, kept)
		for want := uint64(1); want <= 3; want++ {
			began := time.Now()
			envelopes := poll(t, m)
			if took := time.Since(began); want > 1 && took != time.Second {
				t.Errorf("sample %d came after %v, want 1 s", want, took)
			}
			if got := keys(envelopes); got != "machine:memory machine:load machine:program network:eth0 network:lo" {
				t.Errorf("sample %d has %s", want, got)
			}
			for _, e := range envelopes {
				if e.Offset != (connect.Offset{Partition: "samples", Value: want}) {
					t.Errorf("sample %d stands at %v", want, e.Offset)
				}
				if got := e.Record.Value().(map[string]any)["sample"]; got != want {
					t.Errorf("sample %d says it is %v", want, got)
				}
			}
			if err := m.Commit(t.Context(), []connect.Offset{envelopes[0].Offset}); err != nil {
				t.Fatal(err)
			}
		}
		if stderr.Len() > 0 {
			t.Errorf("a machine with everything has something to say: %s", stderr)
		}

		again, stderr := source(t, proc, kept)
		if got := poll(t, again)[0].Offset.Value; got != 4 || !strings.Contains(stderr.String(), "counting on from sample 3") {
			t.Errorf("the next run begins with sample %d, saying %q; want 4", got, stderr)
		}
	})
}

func TestASystemWithoutProc(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, stderr := source(t, t.TempDir(), offsets(t))
		for range 3 {
			got := keys(poll(t, m))
			if !strings.HasPrefix(got, "machine:program") || strings.Contains(got, "memory") || strings.Contains(got, "load") {
				t.Errorf("a sample has %s", got)
			}
		}
		for _, name := range []string{"no memory here", "no load here", "no network counters here"} {
			if n := strings.Count(stderr.String(), name); n != 1 {
				t.Errorf("%q is said %d times, want once: %s", name, n, stderr)
			}
		}
	})
}

func TestWithoutCountersThereAreInterfaces(t *testing.T) {
	t.Parallel()
	readings, err := network(t.TempDir())
	if err == nil {
		t.Error("nothing is said about the counters")
	}
	for name, values := range readings {
		if values["mtu"] == nil || values["flags"] == nil {
			t.Errorf("interface %s has %v", name, values)
		}
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := source(t, t.TempDir(), offsets(t))
		poll(t, m)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if envelopes, err := m.Poll(ctx); len(envelopes) > 0 || err != nil {
			t.Errorf("got %v, %v; want nothing", envelopes, err)
		}
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Error("it did not wait for the next sample")
		}
	})
}

func TestBothTopicsAreDeclared(t *testing.T) {
	t.Parallel()
	var declared []string
	for _, p := range new(machine).Producers() {
		if err := p.Validate(); err != nil || !p.Reliable {
			t.Errorf("%+v: %v", p, err)
		}
		declared = append(declared, p.Topic)
	}
	if strings.Join(declared, " ") != strings.Join(topics, " ") {
		t.Errorf("declared are %v, the broker is told of %v", declared, topics)
	}
}

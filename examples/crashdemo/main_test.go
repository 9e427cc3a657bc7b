package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danube-messaging/danube-connect-go/devbroker"
	"github.com/danube-messaging/danube-connect-go/examples/internal/stage"
)

func TestMain(m *testing.M) { stage.Main(m.Run, main) }

// TestPlays: "acknowledged" loses what the broker forgot and nothing else, "settled"
// reads it again. In fake time, with what Danube has by default.
func TestPlays(t *testing.T) {
	t.Parallel()
	for _, commitAfter := range []string{"acknowledged", "settled"} {
		for _, flush := range []time.Duration{200 * time.Millisecond, 5 * time.Second, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				p := &play{commitAfter: commitAfter, flush: flush, records: 2500, network: devbroker.NewNetwork()}
				if err := p.run(t.Context(), io.Discard); err != nil {
					t.Fatal(err)
				}
				if p.committed != p.records || p.forgotten == 0 || p.forgotten >= p.acknowledged || p.held-p.duplicates+p.missing != p.records {
					t.Errorf("%+v: want all committed, and some of what was acknowledged forgotten", p)
				}
				if commitAfter == "acknowledged" {
					// Those whose OK was on its way when the broker died were sent again.
					if p.missing == 0 || p.missing > p.forgotten || p.again != 0 || p.forgotten-p.missing > 2*batch {
						t.Errorf("%+v: want missing what was forgotten, and nothing read again", p)
					}
					return
				}
				if p.missing != 0 || p.again < p.forgotten || p.duplicates > p.again {
					t.Errorf("%+v: want nothing missing, and all that was forgotten read again", p)
				}
			})
		}
	}
}

var rows = map[string]*regexp.Regexp{
	"forgotten": regexp.MustCompile(`(?m)^forgotten by it +(\d+) +(\d+) `),
	"again":     regexp.MustCompile(`(?m)^read again from the last commit +(\d+) +(\d+) `),
	"committed": regexp.MustCompile(`(?m)^committed by the source in the end +(\d+) +(\d+)$`),
	"lost":      regexp.MustCompile(`(?m)^committed, and nowhere any more +(\d+) +(\d+) `),
}

// TestDemo runs the program as a reader would, on the real clock.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, err := stage.Play(nil, "-flush", "500ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, p.Stderr)
	}
	got := map[string][2]int{}
	for name, row := range rows {
		m := row.FindStringSubmatch(p.Stdout.String())
		if m == nil {
			t.Fatalf("nothing is said of what is %s:\n%s", name, p.Stdout)
		}
		left, _ := strconv.Atoi(m[1])
		right, _ := strconv.Atoi(m[2])
		got[name] = [2]int{left, right}
	}
	if got["committed"] != [2]int{2500, 2500} || got["lost"][0] == 0 || got["lost"][0] > got["forgotten"][0] ||
		got["lost"][1] != 0 || got["again"][0] != 0 || got["again"][1] < got["forgotten"][1] {
		t.Errorf("stdout shows\n%s", p.Stdout)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-flush", "1ms"}, {"-flush", "2h"}, {"-flush"}, {"now"}} {
		var stdout, stderr stage.Screen
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || stdout.String() != "" || stderr.String() == "" {
			t.Errorf("%q: exit code %d, %q, %q", args, code, stdout.String(), stderr.String())
		}
	}
	var stdout, stderr stage.Screen
	if code := run(t.Context(), []string{"-help"}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "-flush") {
		t.Errorf("-help: exit code %d, %s", code, stdout.String())
	}
}

// TestInterrupted: Ctrl-C ends it, and it says why nothing is shown.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := stage.Play(nil, "-flush", "1m")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if _, err := p.Stderr.After(ctx, "two brokers that write every "); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(ctx); code != 1 || err != nil || p.Stdout.String() != "" {
		t.Errorf("exit code %d, %v; stdout %q, stderr %q", code, err, p.Stdout, p.Stderr)
	}
}

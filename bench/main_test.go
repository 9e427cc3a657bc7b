package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be the broker and the cells it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "broker" || os.Args[1] == "cell") {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

var gateLine = regexp.MustCompile(`^gate \S+ +\S+ \S+ +(PASS|FAIL|INCONCLUSIVE)$`)

// A whole run, of two contestants: tables and gates on stdout, everything
// measured in the file, and a code that agrees with the gates.
func TestWholeRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "out.json")
	var stdout, stderr bytes.Buffer
	o, err := parseOptions([]string{"-quick", "-contestants", "raw,runtime", "-seed", "7", "-json", file}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	o.brief = brief{20 * time.Millisecond, 256}
	code := run(t.Context(), o, &stdout, &stderr)

	failed := 0
	gates := map[string]string{}
	for line := range strings.Lines(stdout.String()) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "gate ") {
			continue
		}
		if !gateLine.MatchString(line) {
			t.Errorf("not of the form gate NAME VALUE TARGET VERDICT: %q", line)
		}
		parts := strings.Fields(line)
		gates[parts[1]] = parts[4]
		if parts[4] == string(fail) {
			failed++
		}
	}
	if want := map[bool]int{true: exitFailed, false: exitDone}[failed > 0]; code != want {
		t.Errorf("exit code %d with %d gates failed; want %d\n%s%s", code, failed, want, &stdout, &stderr)
	}
	for _, name := range []string{"inversions", "duplicates", "lost"} {
		if gates[name] != string(pass) {
			t.Errorf("gate %s: %q, want PASS", name, gates[name])
		}
	}
	if v := gates["rate-of-raw"]; v != string(inconclusive) {
		t.Errorf("rate-of-raw without a control is %q, want INCONCLUSIVE", v)
	}
	if v, ok := gates["rate-of-seq"]; ok {
		t.Errorf("rate-of-seq is %q although seq did not run", v)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var saved struct {
		Series []struct {
			Samples map[string][]sample `json:"samples"`
			Rows    []struct {
				Name string  `json:"name"`
				Of   *spread `json:"rate_of_raw"`
			} `json:"rows"`
		} `json:"series"`
		Gates []gate `json:"gates"`
	}
	if err := json.Unmarshal(text, &saved); err != nil {
		t.Fatal(err)
	}
	if len(saved.Series) != 1 || len(saved.Series[0].Samples[nameRuntime]) != 5 || len(saved.Series[0].Rows) != 2 || len(saved.Gates) != len(gates) {
		t.Errorf("the file holds something else than 1 series of 5 rounds, 2 rows and %d gates:\n%s", len(gates), text)
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-h"}, exitDone, "-contestants"},
		{[]string{"-quick", "-full"}, exitUsage, "choose one"},
		{[]string{"fast"}, exitUsage, `argument "fast"`},
		{[]string{"-contestants", "raw,kafka"}, exitUsage, `no contestant "kafka"; must be some of raw, raw-again`},
		{[]string{"-payload", "10"}, exitFailed, "must be at least"},
	} {
		var stdout, stderr bytes.Buffer
		if code := benchMain(t.Context(), c.args, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("bench %q: exit code %d, says %q; want %d and %q", c.args, code, &stderr, c.code, c.says)
		}
	}
}

// A run that is interrupted ends with the cause, and leaves no broker behind: the
// wait for it is in runPlan.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := benchMain(ctx, []string{"-contestants", "raw"}, &stdout, &stderr); code != exitFailed || !strings.Contains(stderr.String(), context.Canceled.Error()) {
		t.Errorf("exit code %d, says %q; want %d and the cause", code, &stderr, exitFailed)
	}
}

func TestProfiles(t *testing.T) {
	dir := t.TempDir()
	o := options{cpuTo: filepath.Join(dir, "cpu"), heapTo: filepath.Join(dir, "heap")}
	stop, err := profiles(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{o.cpuTo, o.heapTo} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v; want a profile", name, info, err)
		}
	}
	if _, err := profiles(options{cpuTo: filepath.Join(dir, "no", "cpu")}); err == nil {
		t.Error("a profile in a directory that is not there was begun")
	}
}

// Command bench measures the runtime against a bare grpc-go client, in one run on
// one machine, and prints what came of it as gates. docs/benchmarks.md says how to
// read them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitDone   = 0 // every gate passed, or could not be judged
	exitFailed = 1 // a gate failed, or the run did
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := mainOf(os.Args)(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// mainOf picks what this process is: the program starts itself again, as a broker
// and as a cell, with that word as its first argument.
func mainOf(args []string) func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) > 1 && args[1] == "broker":
		return part("broker", func(_ context.Context, args []string, stdout io.Writer) error {
			return runBroker(args, os.Stdin, stdout) // it ends with its input, and with nothing else
		})
	case len(args) > 1 && args[1] == "cell":
		return part("cell", runCell)
	}
	return benchMain
}

// part is the main of a process that another one has started.
func part(name string, run func(context.Context, []string, io.Writer) error) func(context.Context, []string, io.Writer, io.Writer) int {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		if err := run(ctx, args[1:], stdout); err != nil {
			fmt.Fprintf(stderr, "bench %s: %v\n", name, err)
			return exitFailed
		}
		return exitDone
	}
}

// benchMain is everything else: results on stdout, progress and errors on stderr.
func benchMain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintln(stderr, "bench:", err)
		return exitUsage
	}
	return run(ctx, o, stdout, stderr)
}

// run turns what came of a run into an exit code.
func run(ctx context.Context, o options, stdout, stderr io.Writer) int {
	ok, err := bench(ctx, o, stdout, stderr)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "bench:", err)
		return exitFailed
	case !ok:
		return exitFailed
	}
	return exitDone
}

// record is what -json writes.
type record struct {
	Go      string    `json:"go"`
	OS      string    `json:"os"`
	Arch    string    `json:"arch"`
	CPUs    int       `json:"cpus"`
	Begun   time.Time `json:"begun"`
	Series  []results `json:"series,omitempty"`
	Scale   *scale    `json:"scale,omitempty"`
	Latency *latency  `json:"latency,omitempty"`
	Gates   []gate    `json:"gates"`
}

// results is one series.
type results struct {
	*outcome
	Rows []row `json:"rows"`
}

// bench runs what is asked for and reports whether no gate failed.
func bench(ctx context.Context, o options, stdout, stderr io.Writer) (ok bool, err error) {
	r := &record{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Begun: time.Now()}
	fmt.Fprintf(stdout, "%s %s/%s, %d CPUs, seed %d\n", r.Go, r.OS, r.Arch, r.CPUs, o.seed)
	stopProfile, err := profiles(o)
	if err != nil {
		return false, err
	}
	told := func(s string) { fmt.Fprintln(stderr, s) }
	if err := errors.Join(r.measure(ctx, o, stdout, told), stopProfile()); err != nil {
		return false, err
	}
	fmt.Fprintln(stdout)
	return printGates(stdout, r.Gates), r.save(o.jsonTo)
}

// measure runs the parts, printing the table of each when it is done.
func (r *record) measure(ctx context.Context, o options, stdout io.Writer, told func(string)) (err error) {
	for _, p := range o.plans() {
		out, err := runPlan(ctx, p, told)
		if err != nil {
			return err
		}
		printOutcome(stdout, out)
		r.Series = append(r.Series, results{out, out.rows()})
		r.Gates = append(r.Gates, out.gates()...)
	}
	if o.scale {
		if r.Scale, err = runScale(ctx, scaleCells(o.quick), scaleRepeats, o.seed, told); err != nil {
			return err
		}
		r.Scale.print(stdout)
		r.Gates = append(r.Gates, r.Scale.gates()...)
	}
	if o.latency {
		if r.Latency, err = runLatency(ctx, usualLoop(), o.seed, told); err != nil {
			return err
		}
		r.Latency.print(stdout)
		r.Gates = append(r.Gates, r.Latency.gates()...)
	}
	return nil
}

// save writes r as JSON, unless to is empty.
func (r *record) save(to string) error {
	if to == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(text, '\n'), 0o644)
}

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
	if len(os.Args) > 1 && os.Args[1] == "broker" {
		signal.Ignore(os.Interrupt) // it ends with its input
		os.Exit(brokerMain())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := benchMain(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// brokerMain is the broker's process; see runBroker.
func brokerMain() int {
	if err := runBroker(os.Args[2:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench broker:", err)
		return exitFailed
	}
	return exitDone
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
	Go     string    `json:"go"`
	OS     string    `json:"os"`
	Arch   string    `json:"arch"`
	CPUs   int       `json:"cpus"`
	Begun  time.Time `json:"begun"`
	Series []results `json:"series"`
}

// results is one series.
type results struct {
	*outcome
	Rows  []row  `json:"rows"`
	Gates []gate `json:"gates"`
}

// bench runs every series and reports whether no gate failed.
func bench(ctx context.Context, o options, stdout, stderr io.Writer) (ok bool, err error) {
	r := record{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Begun: time.Now()}
	fmt.Fprintf(stdout, "%s %s/%s, %d CPUs, seed %d\n", r.Go, r.OS, r.Arch, r.CPUs, o.seed)
	stopProfile, err := profiles(o)
	if err != nil {
		return false, err
	}
	for _, p := range o.plans() {
		out, err := runPlan(ctx, p, func(s string) { fmt.Fprintln(stderr, s) })
		if err != nil {
			return false, errors.Join(err, stopProfile())
		}
		printOutcome(stdout, out)
		r.Series = append(r.Series, results{out, out.rows(), out.gates()})
	}
	if err := stopProfile(); err != nil {
		return false, err
	}
	ok = true
	for _, s := range r.Series {
		ok = printGates(stdout, s.Gates) && ok
	}
	return ok, save(o.jsonTo, r)
}

// save writes r as JSON, unless to is empty.
func save(to string, r record) error {
	if to == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(text, '\n'), 0o644)
}

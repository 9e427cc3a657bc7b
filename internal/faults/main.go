// Command faults runs the tests that show what is promised under which fault, and
// prints them as a table of faults by invariants (docs/guarantees.md):
//
//	make faults
//
// A cell counts the tests that have passed; seeds are the runs of internal/chaos in
// which the fault happened. The exit code is 0 if everything has passed, 1 if not,
// 2 for wrong use.
//
//	-seeds 1000    how many seeds internal/chaos plays
//	-cores 100000  how many seeds connecttest simulates
//	-kills 200     how often a process is killed
//	-paper         print the table of docs/guarantees.md, and run nothing
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, argv []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(stderr)
	seeds := flags.Int("seeds", 1000, "how many `seeds` internal/chaos plays")
	cores := flags.Int("cores", 100_000, "how many `seeds` connecttest simulates")
	kills := flags.Int("kills", 200, "how often a process is killed, `times`")
	onPaper := flags.Bool("paper", false, "print the table of docs/guarantees.md, and run nothing")
	if err := flags.Parse(argv); err != nil || flags.NArg() > 0 || *seeds < 0 || *cores < 0 || *kills < 0 {
		return 2
	}
	if *onPaper {
		_, _ = io.WriteString(stdout, paper(matrix))
		return 0
	}
	began := time.Now()
	t := newTally()
	packages, pattern := selection(matrix)
	args := append([]string{"-run", pattern}, packages...)
	ended, err := t.test(ctx, args, stderr, "CHAOS_SEEDS="+strconv.Itoa(*seeds), "CHAOS_KILLS="+strconv.Itoa(*kills))
	if err == nil {
		// By itself: it takes all processors for a while, and has flags of its own.
		args = []string{"./" + simulated.dir, "-run", "^" + simulated.test + "$", "-seeds=" + strconv.Itoa(*cores)}
		cause, wrong := t.test(ctx, args, stderr)
		ended, err = errors.Join(ended, cause), wrong
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	_, _ = io.WriteString(stdout, report(matrix, t))
	_, _ = fmt.Fprintf(stdout, "\n%d tests passed, %d failed, %d skipped, in %v\n", t.count(passed), t.count(failed), t.count(skipped), time.Since(began).Round(time.Second))
	if ended != nil || t.count(failed) > 0 || len(t.missing(matrix)) > 0 {
		return 1
	}
	return 0
}

// test runs go test and reads what the tests say. ended is how go test ended.
func (t *tally) test(ctx context.Context, args []string, stderr io.Writer, env ...string) (ended, err error) {
	c := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1", "-timeout=60m"}, args...)...) //nolint:gosec // made of the table
	c.Env = append(os.Environ(), env...)
	c.Stderr = stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	if err := t.read(out, stderr); err != nil {
		return nil, err
	}
	return c.Wait(), nil
}

// seeded and simulated are the tests whose seeds the rows count.
var (
	seeded    = proof{dir: "internal/chaos", test: "TestSeeds"}
	simulated = proof{dir: "connecttest", test: "TestSimulate"}
)

// selection is what go test is asked for: the packages, and the tests in them.
func selection(rows []row) (packages []string, pattern string) {
	packages, names := []string{"./" + seeded.dir}, []string{seeded.test}
	for _, r := range rows {
		for _, p := range r.proofs {
			packages = append(packages, "./"+p.dir)
			names = append(names, p.top())
		}
	}
	slices.Sort(packages)
	slices.Sort(names)
	return slices.Compact(packages), "^(" + strings.Join(slices.Compact(names), "|") + ")$"
}

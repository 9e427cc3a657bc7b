package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

const schemasUsage = `usage: danube-connect schemas ACTION [flags]

  check   print what a start would make of the [[schemas]] of a configuration, and
          what is wrong with them; nothing is started and nothing registered
  diff    print how their files differ from the registry's latest versions
  list    print the subjects of the registry

danube-connect help schemas ACTION lists the flags.
`

// compareSchemas looks at a configuration's schemas and at the registry's.
func compareSchemas(ctx context.Context, args []string, e environment) error {
	actions := map[string]func(context.Context, []string, environment) error{
		"check": checkSchemas, "diff": diffSchemas, "list": listSubjects,
	}
	if len(args) == 0 {
		return connect.ConfigError("an action is missing: check, diff or list")
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		_, err := io.WriteString(e.stdout, schemasUsage)
		return err
	}
	act, ok := actions[args[0]]
	if !ok {
		return connect.ConfigError("%q is no action; there are check, diff and list", args[0])
	}
	return act(ctx, args[1:], e)
}

// checkSchemas prints a table of what a start would do, and below it what is to be
// said about its lines.
func checkSchemas(ctx context.Context, args []string, e environment) error {
	found, err := findSchemas(ctx, "schemas check", args, e)
	if err != nil || len(found.entries) == 0 {
		return err
	}
	if err := found.table(e.stdout); err != nil {
		return err
	}
	for _, r := range found.entries {
		switch {
		case connect.ClassOf(r.Err) == connect.ClassConfig:
			_, err = fmt.Fprintf(e.stdout, "\nerror: %s\n", indented(r.Err.Error()))
		case r.Err == nil && r.Note != "":
			_, err = fmt.Fprintf(e.stdout, "\nnote: %s: %s\n", r.Topic, indented(r.Note))
		}
		if err != nil {
			return err
		}
	}
	return found.verdict()
}

// diffSchemas prints, entry by entry, how to get from the registry to the file.
func diffSchemas(ctx context.Context, args []string, e environment) error {
	found, err := findSchemas(ctx, "schemas diff", args, e)
	if err != nil {
		return err
	}
	missed := 0
	for _, r := range found.entries {
		if r.Subject == "" {
			continue
		}
		if r.Latest == 0 && connect.ClassOf(r.Err) == connect.ClassConfig {
			missed++
		}
		if _, err := fmt.Fprintf(e.stdout, "%s: subject %s: %s\n", plain(r.Topic), plain(r.Subject), difference(r)); err != nil {
			return err
		}
	}
	if missed > 0 {
		return connect.ConfigError("%d of %d [[schemas]] could not be compared", missed, len(found.entries))
	}
	return found.unread()
}

// difference words how an entry's file differs from the registry's latest.
func difference(r supervisor.SchemaCheck) string {
	switch {
	case r.Latest == 0 && r.Err != nil:
		return "not compared: " + indented(r.Err.Error())
	case r.Latest == 0:
		return "is not in the registry"
	case len(r.Difference) > 0:
		return fmt.Sprintf("from version %d to %s:\n  %s", r.Latest, r.File, strings.Join(r.Difference, "\n  "))
	case r.File == "":
		return fmt.Sprintf("version %d, which has no definition", r.Latest)
	}
	return fmt.Sprintf("version %d is what %s says", r.Latest, r.File)
}

// listSubjects prints a table of the registry's subjects.
func listSubjects(ctx context.Context, args []string, e environment) error {
	var s danube.Settings
	var timeout time.Duration
	flags := flag.NewFlagSet("schemas list", flag.ContinueOnError)
	s.URL = e.getenv("DANUBE_SERVICE_URL")
	flags.StringVar(&s.URL, "danube", s.URL, "`URL` of the broker, $DANUBE_SERVICE_URL if not given; $DANUBE_TOKEN is the token for it")
	flags.StringVar(&s.CAFile, "ca-file", "", "`file` of certificates that vouch for the broker, when its URL is https; empty means those of the system")
	timeoutFlag(flags, &timeout)
	if err := e.parse(flags, args); err != nil {
		return err
	}
	if s.URL == "" {
		return connect.ConfigError("-danube is missing; it must be the URL of a broker, such as http://127.0.0.1:6650")
	}
	if token := config.NewSecret(e.getenv("DANUBE_TOKEN")); !token.IsZero() {
		s.Token = func() (string, error) { return token.Reveal(), nil }
	}
	s.Logger = slog.New(slog.NewTextHandler(e.stderr, nil))
	client, err := danube.New(s)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	subjects, err := client.Subjects(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(subjects, func(a, b registry.Schema) int { return cmp.Compare(a.Subject, b.Subject) })
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SUBJECT\tTYPE\tLATEST\tCOMPATIBILITY\tID")
	for _, s := range subjects {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\n", plain(s.Subject), plain(s.Type), s.Version, plain(s.Compatibility), s.ID)
	}
	return w.Flush()
}

// indented breaks what an error lists into lines.
func indented(s string) string { return strings.ReplaceAll(s, "; ", ";\n  ") }

func timeoutFlag(flags *flag.FlagSet, timeout *time.Duration) {
	*timeout = 10 * time.Second
	flags.Func("timeout", "how long the registry may take to be there and to answer, a `time` (default 10s)", func(text string) (err error) {
		*timeout, err = time.ParseDuration(text)
		if err == nil && *timeout <= 0 {
			err = errors.New("must be more than 0")
		}
		return err
	})
}

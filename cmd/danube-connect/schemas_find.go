package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/supervisor"
)

// findings is what a start would make of the entries of a file.
type findings struct {
	entries []supervisor.SchemaCheck
	timeout time.Duration
	url     string
}

// findSchemas does what an action's flags say: it reads the configuration and asks
// the registry, which may take a while to be there.
func findSchemas(ctx context.Context, action string, args []string, e environment) (f findings, err error) {
	var file string
	flags := flag.NewFlagSet(action, flag.ContinueOnError)
	flags.StringVar(&file, "config", "", "configuration `file` of the connector, $CONNECTOR_CONFIG_PATH if not given")
	timeoutFlag(flags, &f.timeout)
	if err := e.parse(flags, args); err != nil {
		return f, err
	}
	cfg, others, err := config.LoadShared(file)
	if err != nil {
		return f, err
	}
	if len(others) > 0 {
		_, _ = fmt.Fprintf(e.stderr, "not looked at, as the connector's own: %s\n", plain(strings.Join(others, ", ")))
	}
	if len(cfg.Schemas) == 0 {
		_, _ = fmt.Fprintln(e.stderr, "the configuration has no [[schemas]]")
		return f, nil
	}
	f.url = cfg.DanubeServiceURL
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	options := supervisor.Options{Logger: slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for {
		found, err := supervisor.CheckSchemas(ctx, cfg, options)
		// What the last try says is about the time alone.
		if err != nil || ctx.Err() == nil || f.entries == nil {
			f.entries = found
		}
		if err != nil || !f.mayComeRight() || !pause(ctx, time.Second/2) {
			return f, err
		}
	}
}

// mayComeRight reports whether the registry could not be asked, and nothing is
// wrong whatever it says.
func (f findings) mayComeRight() bool {
	silent := false
	for _, r := range f.entries {
		switch connect.ClassOf(r.Err) {
		case connect.ClassConfig, connect.ClassFatal:
			return false
		}
		silent = silent || r.Err != nil
	}
	return silent
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f findings) table(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TOPIC\tSUBJECT\tTYPE\tFILE\tREGISTRY\tACTION")
	for _, r := range f.entries {
		latest := "-"
		if r.Latest > 0 {
			latest = fmt.Sprintf("version %d", r.Latest)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", plain(r.Topic), cmp.Or(plain(r.Subject), "-"), r.Type,
			cmp.Or(plain(r.File), "-"), latest, actionOf(r))
	}
	return w.Flush()
}

// actionOf words what a start would do about an entry.
func actionOf(r supervisor.SchemaCheck) string {
	switch {
	case connect.ClassOf(r.Err) == connect.ClassConfig:
		return "error, see below"
	case r.Err != nil:
		return "registry not asked"
	case r.Action == "register":
		return fmt.Sprintf("would register version %d", r.Latest+1)
	case r.Action == "form":
		return "would register nothing: no subject"
	}
	return fmt.Sprintf("would use version %d", r.Version)
}

// verdict counts what is wrong.
func (f findings) verdict() error {
	wrong := 0
	for _, r := range f.entries {
		if connect.ClassOf(r.Err) == connect.ClassConfig {
			wrong++
		}
	}
	if wrong > 0 {
		return connect.ConfigError("%d of %d [[schemas]] would keep the connector from starting", wrong, len(f.entries))
	}
	return f.unread()
}

// unread returns why the registry could not be asked, which is the same for all
// entries.
func (f findings) unread() error {
	for _, r := range f.entries {
		switch connect.ClassOf(r.Err) {
		case connect.ClassRetryable:
			return fmt.Errorf("the schema registry at %s could not be asked within %v: %w", f.url, f.timeout, r.Err)
		case connect.ClassFatal:
			return fmt.Errorf("the schema registry at %s: %w", f.url, r.Err)
		}
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/offset"
)

const offsetsUsage = `usage: danube-connect offsets ACTION [flags]

  list      print the offsets of a connector
  export    print them as JSON
  set       put a partition of the source where reading should resume
  reset     forget partitions, so that the source begins there anew

The connector must be stopped. danube-connect help offsets ACTION lists the flags.
`

// offsets shows and changes what a stopped connector has kept.
func offsets(ctx context.Context, args []string, e environment) error {
	actions := map[string]func(context.Context, []string, environment) error{
		"list": listOffsets, "export": exportOffsets, "set": setOffset, "reset": resetOffsets,
	}
	if len(args) == 0 {
		return connect.ConfigError("an action is missing: list, export, set or reset")
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		_, err := io.WriteString(e.stdout, offsetsUsage)
		return err
	}
	act, ok := actions[args[0]]
	if !ok {
		return connect.ConfigError("%q is no action; there are list, export, set and reset", args[0])
	}
	return act(ctx, args[1:], e)
}

// place says which offsets are meant, and what the caller knows of them.
type place struct {
	path, connector string
	generation      *uint64
}

// flags returns the flags that every action has.
func (p *place) flags(action string) *flag.FlagSet {
	flags := flag.NewFlagSet("offsets "+action, flag.ContinueOnError)
	flags.StringVar(&p.path, "path", "", "`file` the connector keeps its offsets in")
	flags.StringVar(&p.connector, "connector", "", "`name` of the connector; a file of another one is refused")
	return flags
}

// generationFlag is for the actions that change something.
func (p *place) generationFlag(flags *flag.FlagSet) {
	flags.Func("generation", "`number` that list or export has printed: nothing is changed if it is no longer true", number(&p.generation))
}

// number parses the value of a flag that has no default.
func number(to **uint64) func(string) error {
	return func(s string) error {
		n, err := strconv.ParseUint(s, 10, 64)
		*to = &n
		return err
	}
}

// open opens the file in order to change it. It may be made by naming the
// connector and generation 0, which is that of a new file.
func (p *place) open() (*offset.Store, error) {
	if p.generation == nil {
		return nil, connect.ConfigError("-generation is missing; it must be what danube-connect offsets list says, or 0 for a new file")
	}
	return offset.Open(p.path, offset.Settings{Connector: p.connector, Existing: p.connector == "" || *p.generation != 0})
}

// inspect reads the file without changing it.
func (p *place) inspect() (offset.Snapshot, error) {
	shot, err := offset.Inspect(p.path)
	if err == nil && p.connector != "" && shot.Connector != p.connector {
		err = connect.ConfigError("-connector %q: the offsets in %s belong to %q", p.connector, p.path, shot.Connector)
	}
	return shot, err
}

// listOffsets prints a table.
func listOffsets(_ context.Context, args []string, e environment) error {
	var p place
	if err := e.parse(p.flags("list"), args); err != nil {
		return err
	}
	shot, err := p.inspect()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "connector\t%s\nepoch\t%d\ngeneration\t%d\n\n", plain(shot.Connector), shot.Epoch, shot.Generation)
	_, _ = fmt.Fprintln(w, "PARTITION\tVALUE\tEPOCH\tGENERATION\tTIME\tMETADATA")
	for _, at := range shot.Positions {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\n", plain(at.Offset.Partition), at.Offset.Value,
			at.Epoch, at.Generation, at.Time.Format(time.RFC3339), plain(at.Offset.Metadata))
	}
	return w.Flush()
}

// plain returns text as it is, or quoted if it could be taken for something else:
// nothing that is printed may speak to the terminal.
func plain(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == '"' || r == utf8.RuneError }
	if strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

// exportOffsets prints one JSON document.
func exportOffsets(_ context.Context, args []string, e environment) error {
	var p place
	if err := e.parse(p.flags("export"), args); err != nil {
		return err
	}
	shot, err := p.inspect()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(e.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(shot)
}

// setOffset moves one partition and prints the new generation.
func setOffset(ctx context.Context, args []string, e environment) error {
	var p place
	var to connect.Offset
	var value *uint64
	flags := p.flags("set")
	p.generationFlag(flags)
	flags.StringVar(&to.Partition, "partition", "", "`partition` of the source")
	flags.Func("value", "`position`: the source resumes after it", number(&value))
	flags.StringVar(&to.Metadata, "metadata", "", "`text` that the source keeps beside the position")
	if err := e.parse(flags, args); err != nil {
		return err
	}
	if to.IsZero() || value == nil {
		return connect.ConfigError("-partition or -value is missing; both must be given")
	}
	to.Value = *value
	return p.change(e, func(s *offset.Store) error { return s.Set(ctx, *p.generation, to) })
}

// resetOffsets forgets partitions and prints the new generation.
func resetOffsets(ctx context.Context, args []string, e environment) error {
	var p place
	var names []string
	var all bool
	flags := p.flags("reset")
	p.generationFlag(flags)
	flags.Func("partition", "`partition` to forget; may be given again", func(s string) error { names = append(names, s); return nil })
	flags.BoolVar(&all, "all", false, "forget all partitions")
	if err := e.parse(flags, args); err != nil {
		return err
	}
	if all == (len(names) > 0) {
		return connect.ConfigError("-partition or -all must be given, and not both")
	}
	return p.change(e, func(s *offset.Store) error { return s.Reset(ctx, *p.generation, names...) })
}

// change opens the store, does what is asked for and says how it is now.
func (p *place) change(e environment, do func(*offset.Store) error) (err error) {
	store, err := p.open()
	if err != nil {
		return err
	}
	err = do(store)
	generation := store.Snapshot().Generation
	if closed := store.Close(); err == nil {
		err = closed
	}
	if err == nil {
		_, err = fmt.Fprintf(e.stdout, "generation %d\n", generation)
	}
	return err
}

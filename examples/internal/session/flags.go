package session

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// Parse parses the flags of an example, which takes nothing else. What is wrong is
// an error of connect.ClassConfig. -help lists the flags on help and is
// flag.ErrHelp, which Exit takes for what it is.
func Parse(flags *flag.FlagSet, args []string, help io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(help)
		_, _ = fmt.Fprintf(help, "%s takes these flags:\n", flags.Name())
		flags.PrintDefaults()
		return err
	case err != nil:
		return connect.ConfigError("%w; %s -help lists the flags", err, flags.Name())
	case flags.NArg() > 0:
		return connect.ConfigError("%q is not a flag; %s -help lists those there are", strings.Join(flags.Args(), " "), flags.Name())
	}
	return nil
}

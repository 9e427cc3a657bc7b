package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

func usage(w io.Writer) {
	var b strings.Builder
	b.WriteString("usage: danube-connect VERB [flags]\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(&b, "  %-11s %s\n", v.name, v.does)
	}
	b.WriteString("\ndanube-connect help VERB lists the flags of a verb.\n" +
		"Exit codes: 0 done, 1 failed, 2 wrong use.\n")
	_, _ = io.WriteString(w, b.String())
}

// help says how to use the command, or the verb it is given.
func help(ctx context.Context, args []string, e environment) error {
	all := verbs()
	switch {
	case len(args) == 0, args[0] == "help":
		usage(e.stdout)
		return nil
	case len(args) > 1 && !slices.Contains([]string{"offsets", "deadletters", "schemas"}, args[0]): // whose actions have flags of their own
		return connect.ConfigError("takes one verb, not %q", strings.Join(args, " "))
	}
	i := slices.IndexFunc(all, func(v verb) bool { return v.name == args[0] })
	if i < 0 {
		return connect.ConfigError("%q is no verb; danube-connect help lists them", args[0])
	}
	return all[i].run(ctx, append(args[1:len(args):len(args)], "-help"), e)
}

package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

const deadLettersUsage = `usage: danube-connect deadletters ACTION [flags]

  list   print a line for each dead letter: what it is about and what was wrong
  show   print each as a line of JSON, with its key, attributes and payload

Both read a dead-letter topic from a subscription, whose place the broker keeps; a new
one begins with what is sent after it. They leave the letters there for the next
reader, unless -ack says otherwise. Without it the broker hands out only so many
letters (10, by its defaults) and those again after a while (30 s), which is the end
of what can be seen. danube-connect help deadletters ACTION lists the flags.
`

// deadLetters reads a dead-letter topic.
func deadLetters(ctx context.Context, args []string, e environment) error {
	actions := map[string]func(danube.Message) []byte{"list": listLetter, "show": showLetter}
	if len(args) == 0 {
		return connect.ConfigError("an action is missing: list or show")
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		_, err := io.WriteString(e.stdout, deadLettersUsage)
		return err
	}
	render, ok := actions[args[0]]
	if !ok {
		return connect.ConfigError("%q is no action; there are list and show", args[0])
	}
	o := order{render: render, raw: true}
	flags := flag.NewFlagSet("deadletters "+args[0], flag.ContinueOnError)
	ack := flags.Bool("ack", false, "acknowledge what is printed: the subscription goes on behind it; without, nothing is taken, and it ends when the broker hands out again what was printed")
	if err := o.parse(flags, args[1:], e); err != nil {
		return err
	}
	o.keep = !*ack
	if args[0] == "list" {
		if _, err := fmt.Fprintln(e.stdout, "LAST\tCLASS\tTOPIC\tPARTITION\tPOSITION\tATTEMPTS\tERROR"); err != nil {
			return err
		}
	}
	return o.run(ctx, e)
}

// The attributes of a dead letter begin with letterPrefix, those of its source with
// stampPrefix.
const (
	stampPrefix  = "danube.connect."
	letterPrefix = stampPrefix + "dlq."
)

// listLetter returns the line of a letter. A message that is none has no class.
func listLetter(m danube.Message) []byte {
	var fields []string
	for _, name := range []string{"dlq.last", "dlq.class", "dlq.topic", "partition", "position", "dlq.attempts", "dlq.error"} {
		fields = append(fields, cmp.Or(plain(m.Attributes[stampPrefix+name]), "-"))
	}
	return []byte(strings.Join(fields, "\t") + "\n")
}

// letter is a dead letter as show prints it.
type letter struct {
	Topic      string            `json:"topic,omitempty"`
	Class      string            `json:"class"`
	Error      string            `json:"error"`
	Attempts   string            `json:"attempts"`
	First      string            `json:"first"`
	Last       string            `json:"last"`
	Source     map[string]string `json:"source"`        // the stamp: connector, epoch, partition, …
	Key        *string           `json:"key,omitempty"` // an empty key is a key
	Attributes map[string]string `json:"attributes,omitempty"`
	Payload    any               `json:"payload"`
}

// showLetter returns a letter as one line of JSON, and a message that is none as
// consume prints it.
func showLetter(m danube.Message) []byte {
	says := func(name string) string { return m.Attributes[letterPrefix+name] }
	if says("class") == "" {
		return render(m)
	}
	l := letter{
		Topic: says("topic"), Class: says("class"), Error: says("error"), Attempts: says("attempts"), First: says("first"), Last: says("last"),
		Source: map[string]string{}, Attributes: map[string]string{}, Payload: payload(m.Payload),
	}
	for key, value := range m.Attributes {
		own, isSaid := strings.CutPrefix(key, letterPrefix)
		stamp, isStamp := strings.CutPrefix(key, stampPrefix)
		switch {
		case isSaid && !strings.HasPrefix(own, "attribute."):
		case isSaid:
			l.Attributes[strings.TrimPrefix(own, "attribute.")] = value
		case isStamp:
			l.Source[stamp] = value
		default:
			l.Attributes[key] = value
		}
	}
	if m.Keyed {
		l.Key = &m.Key
	}
	return line(&l, func() { l.Payload = inBase64(m.Payload) })
}

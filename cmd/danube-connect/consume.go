package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
)

// order is what consume is asked to do, and the verbs that read as it does.
type order struct {
	client   danube.Settings
	sub      danube.Subscription
	count    int
	duration time.Duration
	keep     bool         // acknowledge nothing, and print nothing twice
	raw      bool         // leave payloads as they are
	form     schemas.Form // of those that are decoded
	render   func(danube.Message) []byte
}

// consume prints the messages of a subscription, one line of JSON each, and
// acknowledges those it has printed. It ends when ctx or its time does, and after
// as many messages as it was asked for: fewer in that time is a failure.
func consume(ctx context.Context, args []string, e environment) error {
	o := order{render: render}
	flags := flag.NewFlagSet("consume", flag.ContinueOnError)
	flags.BoolVar(&o.raw, "raw", false, "print payloads as they are, without asking the registry for the schema that a message names")
	flags.StringVar(&o.form.Encoding, "encoding", "", "wire `form` of avro (json, datum, ocf, single_object) and number (json, binary), which the registry does not know; empty means to try them")
	flags.StringVar(&o.form.Message, "message", "", "`name` of the message in a protobuf schema that has several")
	if err := o.parse(flags, args, e); err != nil {
		return err
	}
	return o.run(ctx, e)
}

// run does what is asked for.
func (o order) run(ctx context.Context, e environment) error {
	client, err := danube.New(o.client)
	if err != nil {
		return err
	}
	defer client.Close()
	timed, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.duration > 0 {
		timed, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	n, err := o.print(timed, client, e)
	if timed.Err() == nil {
		return err
	}
	// It was asked to end, by whom decides.
	if o.count > 0 && ctx.Err() == nil {
		return fmt.Errorf("%d of %d messages in %v", n, o.count, o.duration)
	}
	return nil
}

// parse reads the flags of an order, beside those that there are already.
func (o *order) parse(flags *flag.FlagSet, args []string, e environment) error {
	flags.StringVar(&o.client.URL, "danube", e.getenv("DANUBE_SERVICE_URL"), "`URL` of the broker, $DANUBE_SERVICE_URL if not given; $DANUBE_TOKEN is the token for it")
	flags.StringVar(&o.client.CAFile, "ca-file", "", "`file` of certificates that vouch for the broker, when its URL is https; empty means those of the system")
	flags.StringVar(&o.sub.Topic, "topic", "", "`topic` to read, with all its partitions; one that does not exist yet is waited for")
	flags.StringVar(&o.sub.Name, "subscription", "", "`name` of the subscription; the broker keeps its place, and a new one begins with what is sent after it")
	flags.IntVar(&o.count, "count", 0, "end after so `many` messages; 0 means never")
	flags.DurationVar(&o.duration, "for", 0, "end after this `time`; 0 means never")
	if err := e.parse(flags, args); err != nil {
		return err
	}
	if token := config.NewSecret(e.getenv("DANUBE_TOKEN")); !token.IsZero() {
		o.client.Token = func() (string, error) { return token.Reveal(), nil }
	}
	o.client.Logger = slog.New(slog.NewTextHandler(e.stderr, nil))
	o.sub.Wait = true
	return o.check()
}

// check returns everything that is wrong.
func (o order) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, connect.ConfigError(format, args...)) }
	if o.client.URL == "" {
		wrong("-danube is missing; it must be the URL of a broker, such as http://127.0.0.1:6650")
	}
	if err := connect.CheckTopic(o.sub.Topic); err != nil {
		wrong("-topic: %w", err)
	}
	if o.sub.Name == "" {
		wrong("-subscription is missing; it must be a name")
	}
	if o.count < 0 {
		wrong("-count %d: must not be negative", o.count)
	}
	if o.duration < 0 {
		wrong("-for %v: must not be negative", o.duration)
	}
	return errors.Join(errs...)
}

// print prints until it has printed enough or ctx ends, and counts.
func (o order) print(ctx context.Context, client *danube.Client, e environment) (n int, err error) {
	consumer, err := client.Subscribe(ctx, o.sub)
	if err != nil {
		return 0, err
	}
	_, _ = fmt.Fprintf(e.stderr, "subscribed to %s\n", o.sub.Topic)
	decode, seen := o.decoder(client, e.stderr), sightings{}
	for o.count == 0 || n < o.count {
		if ctx.Err() != nil {
			return n, ctx.Err() // although there may be messages
		}
		m, err := consumer.Receive(ctx)
		if err != nil {
			return n, err
		}
		if o.keep && seen.again(m) {
			return n, o.exhausted(n, e)
		}
		if _, err := e.stdout.Write(o.render(decode(ctx, m))); err != nil {
			return n, err
		}
		n++
		if o.keep {
			continue
		}
		// The message counts as printed, so it is acknowledged also when ctx has ended.
		if err := consumer.Ack(context.WithoutCancel(ctx), m); err != nil {
			_, _ = fmt.Fprintf(e.stderr, "%v; it may be printed again\n", err)
		}
	}
	return n, nil
}

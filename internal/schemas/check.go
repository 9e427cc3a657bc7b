package schemas

import (
	"context"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Result is what the start would make of one [[schemas]] entry.
type Result struct {
	// Place is where the entry stands, file:line.
	Place string
	// Topic, Subject, Type and File are as in the entry.
	Topic, Subject, Type, File string
	// Action is "use", "register", or "form" for an entry without a subject; empty
	// with Err.
	Action string
	// Version is the version that would be used, 0 when it is still to be
	// registered; Latest is the registry's latest, 0 when it has none.
	Version, Latest uint32
	// Note says how what would be used differs from the file.
	Note string
	// Difference lists how to get from the registry's latest to the file, a line for
	// each change; empty when they say the same or there is no latest.
	Difference []string
	// Err is what is wrong: of connect.ClassConfig, or why the registry could not
	// be asked.
	Err error
}

// Brokers is a registry whose brokers can be asked about topics, too.
type Brokers interface {
	Registry
	// TopicPolicies returns what the brokers of a topic hold its messages to, nothing
	// of one that does not exist yet.
	TopicPolicies(ctx context.Context, topic string) ([]registry.Policy, error)
}

// Check makes the checks of a start without a start: it reads and compiles every
// file, asks the registry, holds the form of the messages against what their topic's
// brokers take, and it registers and creates nothing. There is a Result for every
// entry, in order.
func Check(ctx context.Context, all []config.Schema, b Brokers) []Result {
	results := check(ctx, all, b, codec.For)
	for i := range results {
		if r := &results[i]; r.Err == nil {
			r.fit(ctx, all[i], b)
		}
	}
	return results
}

// fit refuses a form that the brokers of a topic that exists would refuse.
func (r *Result) fit(ctx context.Context, s config.Schema, b Brokers) {
	policies, err := b.TopicPolicies(ctx, s.Topic)
	for _, p := range policies {
		if unfit := Fit(s, p); unfit != nil {
			err = connect.ConfigError("%w", unfit)
		}
	}
	if err != nil {
		r.Action, r.Err = "", err
	}
}

func check(ctx context.Context, all []config.Schema, r Registry, compile func(codec.Settings) (codec.Codec, error)) []Result {
	results := make([]Result, len(all))
	var asked []*entry
	index := map[*entry]int{}
	for i, s := range all {
		results[i] = Result{Place: s.Place, Topic: s.Topic, Subject: s.Subject, Type: s.SchemaType, File: s.SchemaFile}
		e, err := load(s, compile)
		switch {
		case err != nil:
			results[i].Err = err
		case s.Subject == "":
			results[i].Action = "form"
		default:
			asked, index[e] = append(asked, e), i
		}
	}
	resolver := &resolver{registry: r, lookOnly: true}
	decided, err := resolver.resolve(ctx, asked)
	for _, e := range asked {
		if err != nil {
			results[index[e]].Err = err
			continue
		}
		results[index[e]].take(e, decided[e])
	}
	return results
}

// take fills in what was decided.
func (r *Result) take(e *entry, v verdict) {
	r.Err, r.Note, r.Latest = v.err, v.note, v.latest.Version
	if v.latest.Type == e.SchemaType && !e.is(v.latest) {
		r.Difference = registry.Difference(e.SchemaType, v.latest.Definition, e.text)
	}
	switch v.action {
	case use:
		r.Action, r.Version = "use", v.schema.Version
		if _, err := e.codecFor(v.schema); err != nil {
			r.Action, r.Err = "", e.wrong("%w", err)
		}
	case register:
		r.Action = "register"
		if v.latest.IsZero() {
			break
		}
		r.Note = e.difference(versionName(v.latest), v.latest.Definition, theFile, e.text)
	}
}

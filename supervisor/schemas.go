package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/danube-messaging/danube-connect-go/actors/health"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/danube"
	"github.com/danube-messaging/danube-connect-go/internal/flow"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
	"github.com/danube-messaging/danube-connect-go/internal/schemas"
)

// SchemaCheck is what a start would make of one [[schemas]] entry.
type SchemaCheck = schemas.Result

// CheckSchemas makes the checks of [[schemas]] that a start makes, without a
// start: files, registry, versions, and what the brokers of topics that exist hold
// their messages to. It registers and creates nothing. There is a SchemaCheck for
// every entry, in order; the error is about the rest of the configuration.
func CheckSchemas(ctx context.Context, cfg config.Connector, opts Options) ([]SchemaCheck, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	client, err := danube.New(clientSettings(cfg, opts, opts.withDefaults().Logger))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return schemas.Check(ctx, cfg.Schemas, client), nil
}

// plantSchemas adds the actor that finds out what topics with an entry are
// encoded by, and watches the registry. Without entries there is none, and entries
// without a subject are no business of the registry: nobody has to watch for them.
func (rt *Runtime) plantSchemas() {
	if len(rt.cfg.Schemas) == 0 {
		return
	}
	settings := schemas.Settings{
		Entries: rt.cfg.Schemas, Registry: rt.client, Connector: rt.cfg.ConnectorName,
		Backoff: rt.cfg.Retry.Backoff(), MaxBackoff: rt.cfg.Retry.MaxBackoff(),
		Changed: rt.topics.switchSchema, Logger: rt.log,
	}
	if !rt.asksRegistry() {
		rt.schemas = schemas.New(settings)
		return
	}
	settings.Report = rt.reportSchemas
	rt.schemas = schemas.New(settings)
	rt.tree.health.Add(rt.child(rt.schemas))
}

func (rt *Runtime) asksRegistry() bool {
	return slices.ContainsFunc(rt.cfg.Schemas, func(s config.Schema) bool { return s.Subject != "" })
}

// awaitSchemas waits until it is known what every topic is encoded by: no source
// is opened before its records could be taken.
func (rt *Runtime) awaitSchemas(ctx context.Context) error {
	switch {
	case rt.schemas == nil:
		return nil
	case !rt.asksRegistry():
		return rt.schemas.Serve(ctx) // compiles what the entries say, and is done
	}
	return rt.schemas.Wait(ctx)
}

func (rt *Runtime) reportSchemas(s schemas.Status) {
	name := rt.schemas.String()
	switch {
	case !s.Ready:
		rt.board.Set(name, health.Starting, s.Trouble)
	case s.Trouble != nil:
		rt.board.Set(name, health.Degraded, fmt.Errorf("schemas in use stay in use: %w", s.Trouble))
	case len(s.Notes) > 0:
		rt.board.Set(name, health.Running, errors.New(strings.Join(s.Notes, "\n")))
	default:
		rt.board.Set(name, health.Running, nil)
	}
}

// schemaOf returns what a topic's records are encoded by: JSON without an entry.
func (rt *Runtime) schemaOf(topic string) (codec.Codec, *flow.Schema, error) {
	if _, ok := rt.cfg.SchemaFor(topic); !ok {
		plain, err := codec.For(codec.Settings{})
		return plain, nil, err
	}
	if rt.schemas != nil {
		if u, ok := rt.schemas.Use(topic); ok {
			return u.Codec, versionOf(u), nil
		}
	}
	return nil, nil, errors.New("its schema is not known yet") // awaitSchemas comes before any topic
}

func versionOf(u schemas.Use) *flow.Schema {
	if u.Schema.IsZero() {
		return nil
	}
	return &flow.Schema{ID: u.Schema.ID, Version: u.Schema.Version}
}

// bind completes a topic of the client by its entry, if it has one.
func (rt *Runtime) bind(t danube.Topic) danube.Topic {
	entry, ok := rt.cfg.SchemaFor(t.Producer.Topic)
	if !ok {
		return t
	}
	t.Judge = func(p registry.Policy) error { return schemas.Fit(entry, p) }
	if entry.Subject != "" {
		t.Schema = &danube.SchemaRef{
			Subject: entry.Subject, Pinned: entry.VersionStrategy.Pinned, Minimum: entry.VersionStrategy.Minimum,
		}
	}
	return t
}

// switchSchema encodes a topic's records by another version from the next one on.
// A topic that is being declared meanwhile is waited for, so none misses it.
func (t *topics) switchSchema(name string, u schemas.Use) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, each := range t.all {
		if each.producer.Topic == name {
			each.handed.Switch(u.Codec, versionOf(u))
			t.rt.log.Info("encoding by another version from now on", slog.String("topic", name), slog.Uint64("version", uint64(u.Schema.Version)))
		}
	}
}

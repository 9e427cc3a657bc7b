// Package schemas brings the [[schemas]] of a configuration and the schema
// registry together: it reads and compiles the files, holds them against the
// registry, registers what is to be registered, says what is wrong before any
// record is read, and watches what changes while the connector runs.
//
// decide.go and drift.go decide and ask nobody; resolve.go asks; Actor is what a
// runtime supervises, and Check the same start without a runtime.
package schemas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Use is what a topic's records are encoded by.
type Use struct {
	Codec codec.Codec
	// Schema is the version the codec encodes for; zero for an entry without a
	// subject.
	Schema registry.Schema
}

// Status is how the actor is doing.
type Status struct {
	// Ready says that every topic has what its records are encoded by.
	Ready bool
	// Trouble is why the registry cannot be asked at the moment, nil if it can.
	Trouble error
	// Notes say how what is used differs from the file or from the registry's
	// latest.
	Notes []string
}

// Settings of an Actor. Entries, Registry and the back-offs are needed.
type Settings struct {
	// Entries are the [[schemas]] of the configuration.
	Entries  []config.Schema
	Registry Registry
	// Connector is the name schemas are registered in.
	Connector string
	// Backoff and MaxBackoff are the pauses while the registry cannot be asked at
	// the start.
	Backoff, MaxBackoff time.Duration
	// Compile makes codecs; nil means codec.For.
	Compile func(codec.Settings) (codec.Codec, error)
	// Changed is told what a topic uses from now on, when that changes after the
	// start; nil means nobody.
	Changed func(topic string, u Use)
	// Report is told how the actor is doing, whenever that changes; nil means
	// nobody.
	Report func(Status)
	// Logger hears what an operator should know; nil means nobody.
	Logger *slog.Logger
}

// Actor gets every entry its codec and version, and then watches the registry.
// What it has found out outlives a restart.
type Actor struct {
	settings Settings
	log      *slog.Logger
	ready    chan struct{} // closed once every entry has what it uses
	watched  []*watched

	mu     sync.Mutex
	uses   map[string]Use
	status Status
}

// New returns an actor that has asked nobody yet.
func New(s Settings) *Actor {
	if s.Compile == nil {
		s.Compile = codec.For
	}
	if s.Changed == nil {
		s.Changed = func(string, Use) {}
	}
	if s.Report == nil {
		s.Report = func(Status) {}
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return &Actor{settings: s, log: s.Logger, ready: make(chan struct{}), uses: map[string]Use{}}
}

// String names the actor.
func (a *Actor) String() string { return "schemas" }

// Serve finds out what every entry uses, for which it waits as long as it takes
// until the registry can be asked, and then watches. It returns every mistake in
// the configuration at once (ClassConfig), a registry that denies the call or a
// change under on_change = "halt" (ClassFatal), and nil when ctx ends or no entry
// has a subject to watch.
func (a *Actor) Serve(ctx context.Context) error {
	if !a.isReady() {
		if err := a.start(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return a.watch(ctx)
}

// Wait returns once every entry has what it uses, or ctx's cause.
func (a *Actor) Wait(ctx context.Context) error {
	select {
	case <-a.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Use returns what a topic's records are encoded by, and whether it has an entry.
// It is known once Wait has returned nil.
func (a *Actor) Use(topic string) (Use, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u, ok := a.uses[topic]
	return u, ok
}

func (a *Actor) isReady() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}

// start decides about every entry.
func (a *Actor) start(ctx context.Context) error {
	asked, local, mistakes := a.load()
	resolver := &resolver{registry: a.settings.Registry, createdBy: a.settings.Connector}
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(a.settings.Backoff),
		backoff.WithMaxInterval(a.settings.MaxBackoff), backoff.WithMaxElapsedTime(0))
	for {
		decided, err := resolver.settle(ctx, asked, len(mistakes) > 0)
		if err == nil {
			return a.begin(asked, local, decided, mistakes)
		}
		// A mistake in the files does not wait for a registry to find more.
		if ctx.Err() != nil || isFinal(err) || len(mistakes) > 0 {
			return errors.Join(append(mistakes, err)...)
		}
		a.waiting(err)
		if err := pause(ctx, pauses.NextBackOff()); err != nil {
			return err
		}
	}
}

// waiting says that the registry cannot be asked, and logs it the first time.
func (a *Actor) waiting(err error) {
	a.mu.Lock()
	known := a.status.Trouble != nil
	a.mu.Unlock()
	if !known {
		a.log.Warn("waiting for the schema registry", slog.Any("error", err))
	}
	a.tell(func(s *Status) { s.Trouble = fmt.Errorf("waiting for the schema registry: %w", err) })
}

func isFinal(err error) bool {
	c := connect.ClassOf(err)
	return c == connect.ClassConfig || c == connect.ClassFatal
}

// load reads every entry. Those without a subject are done with then.
func (a *Actor) load() (asked, local []*entry, mistakes []error) {
	for _, s := range a.settings.Entries {
		e, err := load(s, a.settings.Compile)
		switch {
		case err != nil:
			mistakes = append(mistakes, err)
		case s.Subject == "":
			local = append(local, e)
		default:
			asked = append(asked, e)
		}
	}
	return asked, local, mistakes
}

// begin takes up what was decided, or returns all that is wrong.
func (a *Actor) begin(asked, local []*entry, decided map[*entry]verdict, mistakes []error) error {
	uses := map[string]Use{}
	var all []*watched
	for _, e := range local {
		uses[e.Topic] = Use{Codec: e.own}
	}
	for _, e := range asked {
		v := decided[e]
		switch v.action {
		case refuse:
			mistakes = append(mistakes, v.err)
			continue
		case register: // it was not, because of the mistakes
			continue
		}
		made, err := e.codecFor(v.schema)
		if err != nil {
			mistakes = append(mistakes, e.wrong("%s of the registry: %w", versionName(v.schema), err))
			continue
		}
		uses[e.Topic] = Use{Codec: made, Schema: v.schema}
		all = append(all, &watched{entry: e, inUse: v.schema, seen: v.latest, note: v.note})
	}
	if len(mistakes) > 0 {
		return errors.Join(mistakes...)
	}
	a.mu.Lock()
	a.uses = uses
	a.mu.Unlock()
	a.watched = all
	for _, w := range all {
		a.log.Info("schema in use", slog.String("topic", w.Topic), slog.String("subject", w.Subject),
			slog.Uint64("id", w.inUse.ID), slog.Uint64("version", uint64(w.inUse.Version)), slog.String("on_change", w.OnChange))
		if w.note != "" {
			a.log.Warn("schema differs", slog.String("topic", w.Topic), slog.String("subject", w.Subject), slog.String("difference", w.note))
		}
	}
	close(a.ready)
	a.tell(func(s *Status) { s.Ready, s.Trouble = true, nil })
	return nil
}

// tell changes the status and reports it.
func (a *Actor) tell(change func(*Status)) {
	a.mu.Lock()
	change(&a.status)
	a.status.Notes = nil
	for _, w := range a.watched {
		if w.note != "" {
			a.status.Notes = append(a.status.Notes, fmt.Sprintf("%s: %s", w.Subject, w.note))
		}
	}
	s := a.status
	a.mu.Unlock()
	a.settings.Report(s)
}

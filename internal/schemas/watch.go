package schemas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// watch looks at every subject at its interval until ctx ends, or until one that
// must not change has changed. Without subjects there is nothing to watch.
func (a *Actor) watch(ctx context.Context) error {
	if len(a.watched) == 0 {
		return nil
	}
	for _, w := range a.watched {
		w.due = time.Now().Add(w.CheckInterval)
	}
	for {
		next := a.watched[0].due
		for _, w := range a.watched {
			if w.due.Before(next) {
				next = w.due
			}
		}
		if pause(ctx, time.Until(next)) != nil {
			return nil
		}
		if err := a.look(ctx); err != nil {
			return err
		}
	}
}

// look asks about every subject that is due.
func (a *Actor) look(ctx context.Context) error {
	var trouble []error
	asked := false
	for _, w := range a.watched {
		if time.Until(w.due) > 0 {
			continue
		}
		asked = true
		w.due = time.Now().Add(w.CheckInterval)
		err := a.check(ctx, w)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errHalt):
			return err
		case err != nil:
			trouble = append(trouble, fmt.Errorf("subject %s: %w", w.Subject, err))
		}
	}
	if asked {
		a.tell(func(s *Status) { s.Trouble = errors.Join(trouble...) })
	}
	return nil
}

// errHalt marks what stops the runtime.
var errHalt = errors.New(`on_change is "halt"`)

// check holds what is in use against the registry. An error says that the
// registry could not be asked: what is in use stays in use.
func (a *Actor) check(ctx context.Context, w *watched) error {
	resolver := &resolver{registry: a.settings.Registry, createdBy: a.settings.Connector}
	latest, err := resolver.steady(ctx, w)
	if err != nil {
		return err
	}
	v := view{latest: latest}
	if n := w.VersionStrategy.Pinned; n != 0 && !latest.IsZero() && latest.ID != w.inUse.ID {
		if v.pinned, err = resolver.version(ctx, latest.ID, n); err != nil {
			return err
		}
	}
	to, next, note := w.drift(v)
	switch to {
	case halt:
		return connect.Fatal(fmt.Errorf("%w, and the registry has changed: %s: %s", errHalt, w.name(), note))
	case adopt, follow:
		note = a.change(w, next, note)
	case missing:
		if w.AutoRegister && w.VersionStrategy.Pinned == 0 {
			return a.restore(ctx, resolver, w)
		}
	}
	w.seen = latest
	a.note(w, note)
	return nil
}

// steady returns the latest version of a subject: as it was seen last, or, when
// that has changed, as the registry says it twice.
func (r *resolver) steady(ctx context.Context, w *watched) (registry.Schema, error) {
	last := w.seen
	for range mostRounds {
		all, err := r.latest(ctx, []*entry{w.entry})
		if err != nil {
			return registry.Schema{}, err
		}
		latest := all[w.Subject]
		if latest.Is(last) {
			return latest, nil
		}
		last = latest
		if err := pause(ctx, steady); err != nil {
			return registry.Schema{}, err
		}
	}
	return registry.Schema{}, fmt.Errorf("what the registry has keeps changing; looked %d times", mostRounds)
}

// change takes up another version from the next record on, and returns the note
// about it. What cannot be compiled is not taken up.
func (a *Actor) change(w *watched, next registry.Schema, note string) string {
	made, err := w.codecFor(next)
	if err != nil {
		return fmt.Sprintf("keeping %s: %s of the registry cannot be used: %v", versionName(w.inUse), versionName(next), err)
	}
	a.log.Info("schema in use has changed", slog.String("topic", w.Topic), slog.String("subject", w.Subject),
		slog.Uint64("id", next.ID), slog.Uint64("version", uint64(next.Version)), slog.Uint64("before", uint64(w.inUse.Version)))
	w.inUse = next
	u := Use{Codec: made, Schema: next}
	a.mu.Lock()
	a.uses[w.Topic] = u
	a.mu.Unlock()
	a.settings.Changed(w.Topic, u)
	return note
}

// restore registers what is in use again: a registry that lost everything, as a
// development broker does that is started anew, would refuse every message.
func (a *Actor) restore(ctx context.Context, r *resolver, w *watched) error {
	lost := w.inUse
	if _, err := r.registry.RegisterSchema(ctx, lost, r.createdBy); err != nil {
		return err
	}
	latest, err := r.steady(ctx, w)
	if err != nil {
		return err
	}
	a.log.Warn("subject was gone from the registry and is registered again", slog.String("topic", w.Topic), slog.String("subject", w.Subject),
		slog.Uint64("id", latest.ID), slog.Uint64("version", uint64(latest.Version)))
	if lost.Type == latest.Type && registry.Equal(lost.Type, lost.Definition, latest.Definition) {
		w.seen = latest
		a.note(w, a.change(w, latest, ""))
	}
	return nil // what another registrant put in its place is for the next look, as any change is
}

// note keeps what differs, and logs it when it is news.
func (a *Actor) note(w *watched, note string) {
	if note != "" && note != w.note {
		a.log.Warn("schema differs", slog.String("topic", w.Topic), slog.String("subject", w.Subject), slog.String("difference", note))
	}
	w.note = note
}

package schemas

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// Registry is what is asked of the schema registry. Errors answer to
// registry.ErrAbsent where there is no such subject or version; those of
// ClassConfig blame the definition, those of ClassFatal the permission, and others
// pass.
type Registry interface {
	// LatestSchema returns the latest version of a subject.
	LatestSchema(ctx context.Context, subject string) (registry.Schema, error)
	// Schema returns one version of the subject with an id.
	Schema(ctx context.Context, id uint64, version uint32) (registry.Schema, error)
	// SchemaVersions returns a subject's versions without definitions, oldest
	// first.
	SchemaVersions(ctx context.Context, subject string) ([]registry.Schema, error)
	// CheckCompatibility returns what is against a new version, nothing if it may
	// be registered.
	CheckCompatibility(ctx context.Context, s registry.Schema) ([]string, error)
	// RegisterSchema registers a definition, or finds the version it is.
	RegisterSchema(ctx context.Context, s registry.Schema, createdBy string) (registry.Schema, error)
}

// The registry takes no lock: of clients that register a subject at the same
// time, each is told what the next one overwrites. So what it says is believed
// once it has said it twice, this long apart; and what was registered is looked
// up again before it is used.
const steady = 100 * time.Millisecond

// mostRounds is how often an entry is looked at before the registry counts as
// one that cannot make up its mind.
const mostRounds = 10

// resolver brings entries and registry together.
type resolver struct {
	registry  Registry
	createdBy string
	// lookOnly registers nothing: verdicts say what would be done.
	lookOnly bool
}

// settle decides about every entry and registers what is to be registered. When
// anything is wrong, with these entries or beside them, it registers nothing: there
// will be no start, and what was written to a registry stays there.
func (r *resolver) settle(ctx context.Context, entries []*entry, wrong bool) (map[*entry]verdict, error) {
	look := resolver{registry: r.registry, lookOnly: true}
	decided, err := look.resolve(ctx, entries)
	if err != nil {
		return nil, err
	}
	var fresh []*entry
	for _, e := range entries {
		switch decided[e].action {
		case refuse:
			wrong = true
		case register:
			fresh = append(fresh, e)
		}
	}
	if wrong || r.lookOnly {
		return decided, nil
	}
	registered, err := r.resolve(ctx, fresh)
	if err != nil {
		return nil, err
	}
	maps.Copy(decided, registered)
	return decided, nil
}

// resolve decides about every entry, whatever it finds wrong with others. The
// error says that the registry could not be asked: nothing is decided then.
func (r *resolver) resolve(ctx context.Context, entries []*entry) (map[*entry]verdict, error) {
	decided := map[*entry]verdict{}
	for range mostRounds {
		var open []*entry
		for _, e := range entries {
			if _, ok := decided[e]; !ok {
				open = append(open, e)
			}
		}
		if len(open) == 0 {
			return decided, nil
		}
		if err := r.round(ctx, open, decided); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("schema registry: what it has keeps changing; looked %d times", mostRounds)
}

// round looks at every open entry twice, and decides about those of which the
// registry says the same both times.
func (r *resolver) round(ctx context.Context, open []*entry, decided map[*entry]verdict) error {
	before, err := r.latest(ctx, open)
	if err != nil {
		return err
	}
	if err := pause(ctx, steady); err != nil {
		return err
	}
	after, err := r.latest(ctx, open)
	if err != nil {
		return err
	}
	for _, e := range open {
		if !before[e.Subject].Is(after[e.Subject]) {
			continue
		}
		v, final, err := r.one(ctx, e, after[e.Subject])
		switch {
		case connect.ClassOf(err) == connect.ClassConfig:
			decided[e] = e.refuse("%w", err)
		case err != nil:
			return err
		case final:
			decided[e] = v
		}
	}
	return nil
}

// latest asks for the latest version of every subject once.
func (r *resolver) latest(ctx context.Context, open []*entry) (map[string]registry.Schema, error) {
	all := map[string]registry.Schema{}
	for _, e := range open {
		if _, ok := all[e.Subject]; ok {
			continue
		}
		s, err := r.registry.LatestSchema(ctx, e.Subject)
		if err != nil && !errors.Is(err, registry.ErrAbsent) {
			return nil, err
		}
		all[e.Subject] = s
	}
	return all, nil
}

// one decides about one entry, and registers what is to be registered; then it
// has to be looked at again.
func (r *resolver) one(ctx context.Context, e *entry, latest registry.Schema) (v verdict, final bool, err error) {
	seen, err := r.look(ctx, e, latest)
	if err != nil {
		return v, false, err
	}
	v = e.decide(seen)
	if v.action != register {
		return v, true, nil
	}
	if !latest.IsZero() {
		problems, err := r.registry.CheckCompatibility(ctx, e.schema())
		if err != nil {
			return v, false, err
		}
		if len(problems) > 0 {
			v = e.incompatible(latest, problems)
			v.latest = latest
			return v, true, nil
		}
	}
	if r.lookOnly {
		return v, true, nil
	}
	made, err := r.registry.RegisterSchema(ctx, e.schema(), r.createdBy)
	if err != nil {
		return v, false, err
	}
	e.fingerprint = made.Fingerprint
	return v, false, nil
}

// look completes the view of an entry's subject.
func (r *resolver) look(ctx context.Context, e *entry, latest registry.Schema) (view, error) {
	v := view{latest: latest}
	if latest.IsZero() || latest.Type != e.SchemaType {
		return v, nil
	}
	var err error
	switch n := e.VersionStrategy.Pinned; {
	case n == latest.Version:
		v.pinned = latest
	case n != 0:
		v.pinned, err = r.version(ctx, latest.ID, n)
	case e.is(latest):
		v.own = latest
	default:
		v.own, err = r.older(ctx, e, latest)
	}
	return v, err
}

// older finds the newest version before the latest that is what the file says.
func (r *resolver) older(ctx context.Context, e *entry, latest registry.Schema) (registry.Schema, error) {
	all, err := r.registry.SchemaVersions(ctx, e.Subject)
	if err != nil {
		return registry.Schema{}, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Version >= latest.Version {
			continue
		}
		s, err := r.version(ctx, latest.ID, all[i].Version)
		if err != nil {
			return registry.Schema{}, err
		}
		if !s.IsZero() && e.is(s) {
			return s, nil
		}
	}
	return registry.Schema{}, nil
}

// version returns a version, zero when there is none.
func (r *resolver) version(ctx context.Context, id uint64, n uint32) (registry.Schema, error) {
	s, err := r.registry.Schema(ctx, id, n)
	if errors.Is(err, registry.ErrAbsent) {
		return registry.Schema{}, nil
	}
	return s, err
}

// pause waits, or returns why it need not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package schemas

import (
	"strings"

	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// view is what the registry has of an entry's subject.
type view struct {
	// latest is the latest version; zero when there is no such subject.
	latest registry.Schema
	// pinned is the version the entry asks for; zero when there is none.
	pinned registry.Schema
	// own is the newest version that is what the file says; zero when there is
	// none.
	own registry.Schema
}

type action uint8

const (
	use      action = iota + 1 // go on with verdict.schema
	register                   // the file, and look again
	refuse                     // verdict.err is a mistake in the configuration
)

// verdict is what to do about an entry.
type verdict struct {
	action action
	schema registry.Schema
	// note says how what is used differs from the file; empty when it does not.
	note string
	err  error
	// latest is the registry's latest when it was decided.
	latest registry.Schema
}

func (e *entry) refuse(format string, args ...any) verdict {
	return verdict{action: refuse, err: e.wrong(format, args...)}
}

// decide holds an entry against the registry. It is a pure function of what it is
// shown.
func (e *entry) decide(v view) verdict {
	out := e.judge(v)
	out.latest = v.latest
	return out
}

func (e *entry) judge(v view) verdict {
	switch {
	case v.latest.IsZero():
		return e.first()
	case v.latest.Type != e.SchemaType:
		return e.refuse("is of schema_type %q in the registry since %s, and of %q here; must be another subject, or of that type",
			v.latest.Type, versionName(v.latest), e.SchemaType)
	case e.VersionStrategy.Pinned != 0:
		return e.pinned(v)
	case v.own.Is(v.latest):
		return e.atLeast(v.latest, verdict{action: use, schema: v.latest})
	case !v.own.IsZero():
		return e.behind(v)
	}
	return e.unknown(v)
}

// first decides about a subject that nobody has registered.
func (e *entry) first() verdict {
	s := e.VersionStrategy
	switch {
	case !e.AutoRegister:
		return e.refuse("is not in the registry, and auto_register is false; must be registered first, or auto_register be true")
	case s.Pinned > 1 || s.Minimum > 1:
		return e.refuse("is not in the registry, so version %d of it does not exist; version_strategy must fit version 1, which would be registered", max(s.Pinned, s.Minimum))
	}
	return verdict{action: register}
}

// pinned decides about a version that is asked for by its number. The registry's
// definition of it is used, whatever the file says.
func (e *entry) pinned(v view) verdict {
	if v.pinned.IsZero() {
		return e.refuse("has no version %d, which version_strategy asks for; the latest is %s", e.VersionStrategy.Pinned, versionName(v.latest))
	}
	out := verdict{action: use, schema: v.pinned}
	if !e.is(v.pinned) {
		out.note = e.difference(theFile, e.text, versionName(v.pinned)+", which is pinned and used", v.pinned.Definition)
	}
	return out
}

// behind decides about a file that is an older version: the registry has gone
// ahead, which is the same as when it does so while the connector runs.
func (e *entry) behind(v view) verdict {
	difference := e.difference(versionName(v.own)+" (the file)", v.own.Definition, versionName(v.latest)+" (the registry's latest)", v.latest.Definition)
	switch e.OnChange {
	case "halt":
		return e.refuse("on_change is \"halt\", and the registry has changed: %s", difference)
	case "follow":
		return e.atLeast(v.latest, verdict{action: use, schema: v.latest, note: "following the registry: " + difference})
	}
	return e.atLeast(v.own, verdict{action: use, schema: v.own, note: "keeping the file's: " + difference})
}

// unknown decides about a file that is no version of the subject.
func (e *entry) unknown(v view) verdict {
	next := v.latest.Version + 1
	difference := e.difference(versionName(v.latest), v.latest.Definition, theFile, e.text)
	switch {
	case e.AutoRegister && e.VersionStrategy.Minimum > next:
		return e.tooOld(v.latest)
	case e.AutoRegister:
		return verdict{action: register}
	case e.OnChange == "follow":
		return e.atLeast(v.latest, verdict{
			action: use, schema: v.latest,
			note: "following the registry, which does not have the file: " + e.difference(theFile, e.text, versionName(v.latest), v.latest.Definition),
		})
	}
	return e.refuse("is not what the registry has, and auto_register is false; %s; must be the registry's definition, or auto_register be true", difference)
}

// atLeast refuses what would be used when it is older than the minimum.
func (e *entry) atLeast(s registry.Schema, otherwise verdict) verdict {
	if s.Version < e.VersionStrategy.Minimum {
		return e.tooOld(s)
	}
	return otherwise
}

func (e *entry) tooOld(s registry.Schema) verdict {
	return e.refuse("is at %s, and version_strategy asks for %d or later", versionName(s), e.VersionStrategy.Minimum)
}

// incompatible is the verdict on a file that the registry will not take.
func (e *entry) incompatible(latest registry.Schema, problems []string) verdict {
	return e.refuse("is not compatible (%s) with %s of the registry, and cannot become version %d: %s; %s",
		latest.Compatibility, versionName(latest), latest.Version+1, strings.Join(problems, "; "),
		e.difference(versionName(latest), latest.Definition, theFile, e.text))
}

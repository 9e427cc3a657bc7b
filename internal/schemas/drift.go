package schemas

import (
	"fmt"
	"time"

	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// watched is an entry that is in use.
type watched struct {
	*entry
	// inUse is what its records are encoded by.
	inUse registry.Schema
	// seen is the registry's latest when it was looked at last.
	seen registry.Schema
	// note says how what is in use differs from the file or from seen.
	note string
	due  time.Time // of the next look
}

// move is what a look at the registry leads to.
type move uint8

const (
	stay    move = iota // what is in use stays in use
	adopt               // the same definition has another id or number
	follow              // another definition
	halt                // stop the runtime
	missing             // the subject, or the pinned version, is gone
)

// drift decides what the registry's state means for what is in use: a pure
// function of what it is shown. note is what differs, empty when nothing does.
func (w *watched) drift(v view) (to move, next registry.Schema, note string) {
	switch {
	case v.latest.IsZero():
		return missing, w.inUse, "the subject is no longer in the registry; messages go on carrying " + versionName(w.inUse)
	case v.latest.Is(w.seen):
		return stay, w.inUse, w.note
	case w.VersionStrategy.Pinned != 0:
		return w.driftPinned(v)
	case v.latest.Is(w.inUse):
		return stay, w.inUse, ""
	case v.latest.Type == w.inUse.Type && registry.Equal(w.inUse.Type, w.inUse.Definition, v.latest.Definition):
		return adopt, v.latest, ""
	}
	difference := w.changed(v.latest)
	switch {
	case w.OnChange == "halt":
		return halt, w.inUse, difference
	case w.OnChange == "follow" && v.latest.Type == w.SchemaType:
		return follow, v.latest, "following the registry: " + difference
	}
	return stay, w.inUse, "keeping " + versionName(w.inUse) + ": " + difference
}

// driftPinned: newer versions do not matter to a pinned one, another subject
// under the same name does.
func (w *watched) driftPinned(v view) (move, registry.Schema, string) {
	switch {
	case v.latest.ID == w.inUse.ID:
		return stay, w.inUse, w.note
	case v.pinned.IsZero():
		return missing, w.inUse, fmt.Sprintf("the registry no longer has %s; messages go on carrying it", versionName(w.inUse))
	case registry.Equal(w.inUse.Type, w.inUse.Definition, v.pinned.Definition):
		return adopt, v.pinned, w.note
	}
	return stay, w.inUse, "the registry has another subject of that name now: " + w.difference(
		"the one in use", w.inUse.Definition, versionName(v.pinned), v.pinned.Definition)
}

// changed words what the registry's latest changes.
func (w *watched) changed(latest registry.Schema) string {
	if latest.Type != w.inUse.Type {
		return fmt.Sprintf("%s of the registry is of schema_type %s", versionName(latest), latest.Type)
	}
	return w.difference(versionName(w.inUse), w.inUse.Definition, versionName(latest), latest.Definition)
}

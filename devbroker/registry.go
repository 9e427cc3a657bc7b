package devbroker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// registry is the schema registry. An id is a subject's, not a version's.
type registry struct {
	subjects map[string]*subject
	byID     map[uint64]*subject
	last     uint64 // id given out
}

// subject is a sequence of definitions, each compatible with the one before.
type subject struct {
	id       uint64
	name     string
	mode     compatibility
	versions []*version // by number; what DeleteSchemaVersion takes is marked
}

// version is one definition.
type version struct {
	number      uint32
	schema      definition
	description string
	createdBy   string
	createdAt   time.Time
	tags        []string
	deleted     bool
}

func newRegistry() registry {
	return registry{subjects: map[string]*subject{}, byID: map[uint64]*subject{}}
}

func (u *subject) latest() *version { return u.versions[len(u.versions)-1] }

// version returns one that is not deleted.
func (u *subject) version(number uint32) *version {
	if number == 0 || int(number) > len(u.versions) || u.versions[number-1].deleted {
		return nil
	}
	return u.versions[number-1]
}

// find returns the version with a fingerprint, deleted or not: the real broker's
// list of them does not shrink.
func (u *subject) find(fingerprint string) *version {
	i := slices.IndexFunc(u.versions, func(v *version) bool { return v.schema.fingerprint == fingerprint })
	if i < 0 {
		return nil
	}
	return u.versions[i]
}

// revise returns the subject with a definition added and whether that is new, and
// changes nothing: put makes it so.
func (r *registry) revise(name string, v *version) (*subject, *version, bool, error) {
	old := r.subjects[name]
	if old == nil {
		r.last++
		v.number = 1
		return &subject{id: r.last, name: name, mode: backward, versions: []*version{v}}, v, true, nil
	}
	if same := old.find(v.schema.fingerprint); same != nil {
		return old, same, false, nil
	}
	if problems := old.mode.check(old.latest().schema, v.schema); len(problems) > 0 {
		return nil, nil, false, fmt.Errorf("schema is not compatible with subject %s (%s): %v", name, old.mode, problems)
	}
	revised := *old
	v.number = uint32(len(old.versions) + 1)
	revised.versions = append(slices.Clone(old.versions), v)
	return &revised, v, true, nil
}

// put makes a revised subject the one there is.
func (r *registry) put(u *subject) { r.subjects[u.name], r.byID[u.id] = u, u }

// sorted returns the subjects by name.
func (r *registry) sorted() []*subject {
	return slices.SortedFunc(maps.Values(r.subjects), func(a, b *subject) int { return cmp.Compare(a.name, b.name) })
}

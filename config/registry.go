package config

import (
	"fmt"
	"slices"
)

// needsRegistry refuses the [[schemas]] entries that say something about the
// schema registry, which this version does not do: none is ever ignored. What is
// left, a string, number or bytes entry without a subject, chooses the form of
// the topic's messages and will go on doing just that.
func needsRegistry(r *review) {
	const lacks = "needs the schema registry, which this version does not do"
	const right = `must be left out; an entry of schema_type "string", "number" or "bytes" without it chooses the form of messages by itself`
	for i, s := range r.c.Schemas {
		path := at("schemas", i)
		switch {
		case slices.Contains(registered, s.SchemaType):
			r.object(path+".schema_type", fmt.Sprintf("%q %s", s.SchemaType, lacks), `must be "string", "number" or "bytes"; without an entry, a topic carries JSON`)
		case s.Subject != "":
			r.object(path+".subject", lacks, right)
		case s.AutoRegister:
			r.object(path+".auto_register", lacks, right)
		case s.VersionStrategy != VersionStrategy{}:
			r.object(path+".version_strategy", lacks, right)
		}
	}
}

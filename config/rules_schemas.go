package config

import (
	"fmt"
	"slices"
)

// registered are the schema types that a registry must know.
var registered = []string{"json_schema", "avro", "protobuf"}

// schemas checks every [[schemas]] entry for what it must have.
func schemas(r *review) {
	first := map[string]int{}
	for i, s := range r.c.Schemas {
		path := at("schemas", i)
		if before, twice := first[s.Topic]; twice {
			r.object(path+".topic", fmt.Sprintf("%q has an entry already, %s", s.Topic, at("schemas", before)), "must have one entry")
		} else {
			first[s.Topic] = i
		}
		r.schema(path, s)
	}
}

func (r *review) schema(path string, s Schema) {
	if s.Topic == "" {
		r.missing(path+".topic", "must be the topic, /namespace/topic")
	} else {
		r.topic(path+".topic", s.Topic)
	}
	if s.SchemaType == "" {
		r.missing(path+".schema_type", "must be "+quoteList(schemaTypes))
	}
	if slices.Contains(registered, s.SchemaType) {
		r.registered(path, s)
	}
	r.file(path+".schema_file", s.SchemaFile)
	r.version(path+".version_strategy", s.VersionStrategy)
}

// registered checks what a type that is registered needs.
func (r *review) registered(path string, s Schema) {
	if s.Subject == "" {
		r.missing(path+".subject", "must be the name of the schema in the registry")
	}
	if s.SchemaFile == "" {
		r.missing(path+".schema_file", "must be the file with the schema")
	}
}

func (r *review) version(key string, v VersionStrategy) {
	const right = `must be "latest", { pinned = N } or { minimum = N }`
	n, inFile := r.find(key)
	switch {
	case v.Pinned != 0 && v.Minimum != 0:
		r.object(key, "is pinned and has a minimum", right)
	case inFile && n.kind == table && len(n.names) == 0:
		r.object(key, "is an empty table", right)
	}
}

package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// letterSchemas: a dead letter is whatever could not be delivered, so a broker that
// holds its topic to a schema would refuse the first one, and that halts. An entry
// without a subject asks nothing of the broker.
func letterSchemas(r *review) {
	for i, s := range r.c.Schemas {
		if key := r.letterKey(s.Topic); key != "" && s.Subject != "" {
			r.object(at("schemas", i)+".topic", fmt.Sprintf("%q takes dead letters (%s), which follow no schema", s.Topic, key),
				"must be another topic, or "+key+" must name a topic without a subject in [[schemas]]")
		}
	}
}

// letterKey returns the key by which a topic takes dead letters; empty if it takes none.
func (r *review) letterKey(topic string) string {
	const own = "errors.dead_letter_topic"
	if r.c.Errors.OnInvalid == deadLetter && r.c.DeadLetterTopic() == topic {
		return own
	}
	for _, name := range slices.Sorted(maps.Keys(r.c.Topics)) {
		if t := r.c.TopicFor(name); t.OnInvalid != deadLetter || t.DeadLetterTopic != topic {
			continue
		}
		if r.c.Topics[name].DeadLetterTopic == "" {
			return own
		}
		return place{}.field("topics").entry(name).field("dead_letter_topic").path
	}
	return ""
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
	} else if s.Subject == "" {
		r.unregistered(path, s)
	}
	r.file(path+".schema_file", s.SchemaFile)
	for i, ref := range s.Refs {
		r.file(at(path+".refs", i), ref)
	}
	r.version(path+".version_strategy", s.VersionStrategy)
	if strings.ContainsAny(s.Subject, "/") {
		r.object(path+".subject", fmt.Sprintf("%q has a slash", s.Subject), "must have none: the registry splits its names there")
	}
	if slices.Contains(schemaTypes, s.SchemaType) && !r.isWrong(path+".schema_type") {
		r.form(path, s)
	}
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

// unregistered checks an entry that only chooses the form of the messages: what
// it says about the registry would do nothing.
func (r *review) unregistered(path string, s Schema) {
	for key, set := range map[string]bool{
		"auto_register": s.AutoRegister, "version_strategy": s.VersionStrategy != VersionStrategy{},
		"check_interval": s.CheckInterval != 0, "on_change": s.OnChange != "",
	} {
		if set {
			r.object(path+"."+key, "is about the registry, and the entry has no subject", "must come with a subject, or be left out")
		}
	}
}

// form checks what chooses the form of a message, which only some types have.
func (r *review) form(path string, s Schema) {
	switch forms := encodingsOfType[s.SchemaType]; {
	case s.Encoding == "" || slices.Contains(forms, s.Encoding):
	case len(forms) == 0:
		r.object(path+".encoding", fmt.Sprintf("is set, and %q has one form", s.SchemaType), "must be left out")
	default:
		r.object(path+".encoding", fmt.Sprintf("%q is no form of %q", s.Encoding, s.SchemaType), "must be "+quoteList(forms))
	}
	if s.SchemaType != "protobuf" && s.Message != "" {
		r.object(path+".message", fmt.Sprintf("is set, and %q has no messages", s.SchemaType), "must be left out")
	}
	if !slices.Contains(registered, s.SchemaType) && len(s.Refs) > 0 {
		r.object(path+".refs", fmt.Sprintf("is set, and %q has no schema that could refer to them", s.SchemaType), "must be left out")
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

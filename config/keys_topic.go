package config

import "time"

// orderings is what ordering may be.
var orderings = []string{"key", "partition", "none"}

// policies is what on_invalid may be.
var policies = []string{"halt", "skip", deadLetter}

const deadLetter = "dead_letter"

// schemaTypes is what schema_type may be; the first three need no registry.
var schemaTypes = []string{"string", "bytes", "number", "json_schema", "avro", "protobuf"}

// encodings is what encoding may be for the types that have several forms; empty
// stands for the first.
var (
	encodings       = []string{"json", "datum", "ocf", "single_object", "binary"}
	encodingsOfType = map[string][]string{
		"avro":   {"json", "datum", "ocf", "single_object"},
		"number": {"json", "binary"},
	}
)

var topicKeys = []key{
	{
		path: "topics.*.ordering", note: "as in [delivery]", value: "", oneOf: orderings, optional: true,
		doc:  "`delivery.ordering` for this topic. The table is named for the topic: `[topics.\"/default/orders\"]`. One of a topic that nobody declares is warned of.",
		edge: "Leave it out for that of [delivery].",
	},
	{
		path: "topics.*.lanes", note: "as in [delivery]", value: 0, unit: "requests", min: 1, max: 65536, optional: true,
		doc:  "`delivery.lanes` for this topic.",
		edge: "Leave it out for that of [delivery].",
	},
	{
		path: "topics.*.on_invalid", note: "as in [errors]", value: "", oneOf: policies, optional: true,
		doc:  "`errors.on_invalid` for records of this topic.",
		edge: "Leave it out for that of [errors], which alone decides on records of no declared topic.",
	},
	{
		path: "topics.*.dead_letter_topic", note: "as in [errors]", value: "",
		doc:  "`errors.dead_letter_topic` for records of this topic.",
		edge: "Leave it out for that of [errors]. The letters of a dead-letter topic's own records stay in it, so there it can name nothing else.",
	},

	{
		path: "schemas.*.topic", required: true, value: "",
		doc:  "The topic, `/namespace/name`.",
		edge: "One entry per topic.",
	},
	{
		path: "schemas.*.subject", value: "",
		doc:  "The name of the schema in the registry.",
		edge: "Required for \"json_schema\", \"avro\" and \"protobuf\". The other types need none: without a subject the entry chooses the form of the messages and no more.",
	},
	{
		path: "schemas.*.schema_type", required: true, value: "", oneOf: schemaTypes,
		doc:  "The form of the topic's messages. \"json_schema\": JSON that the schema allows; \"avro\" and \"protobuf\": the encoding of that name; \"string\": UTF-8 text; \"number\": one number; \"bytes\": raw bytes. A topic without an entry carries JSON.",
		edge: "A record that does not fit is invalid, before it is sent.",
	},
	{
		path: "schemas.*.schema_file", value: "",
		doc:  "The file that holds the schema.",
		edge: "Required for \"json_schema\", \"avro\" and \"protobuf\"; when it is given, it must exist, and have no more than 4 MiB. Read once, at the start.",
	},
	{
		path: "schemas.*.auto_register", value: false,
		doc:  "Register the schema when the registry does not have it, or has another version of it that the file may follow.",
		edge: "false: what the registry does not have is an error at the start. true needs a subject.",
	},
	{
		path: "schemas.*.version_strategy", note: `"latest"`,
		doc:  "Which version of the schema to use: \"latest\", { pinned = N } or { minimum = N }.",
		edge: "Anything but \"latest\" needs a subject. \"minimum\" uses the latest too, and refuses one that is older.",
	},
	{
		path: "schemas.*.version_strategy.pinned", value: 0, note: "none", unit: "", min: 1, max: 1<<32 - 1, optional: true,
		doc:  "The one version to use. Records are encoded by the registry's definition of it, whatever the file says; a difference is logged.",
		edge: "A version the registry does not have is an error at the start. Not together with `minimum`.",
	},
	{
		path: "schemas.*.version_strategy.minimum", value: 0, note: "none", unit: "", min: 1, max: 1<<32 - 1, optional: true,
		doc:  "The oldest version to use.",
		edge: "Not together with `pinned`.",
	},
	{
		path: "schemas.*.encoding", value: "", oneOf: encodings, optional: true, note: "the first of each type",
		doc:  "The form of a message where its type has several. avro: \"json\" (what Danube's own tools read), \"datum\" (bare binary), \"ocf\" (a container file a message; the one form the broker's payload validation takes), \"single_object\". number: \"json\", \"binary\" (8 bytes, a big-endian float64; what payload validation takes).",
		edge: "Leave it out for \"json\". Other types have one form. A number that \"binary\" cannot hold exactly is invalid.",
	},
	{
		path: "schemas.*.message", value: "", optional: true,
		doc:  "The full name of the message of a protobuf schema: `package.Message`.",
		edge: "Leave it out where the schema has one message only. An error for the other types.",
	},
	{
		path: "schemas.*.refs", value: []string{},
		doc:  "Further files that the schema refers to, found as `schema_file` is. The schema names each by its path from the directory of `schema_file`.",
		edge: "Each must exist. The registry is given `schema_file` alone, with the types that an Avro schema takes from others written into it.",
	},
	{
		path: "schemas.*.check_interval", value: 30 * time.Second, min: int64(time.Second), max: int64(24 * time.Hour), optional: true,
		doc:  "How often to look whether the registry's schema has changed.",
		edge: "Needs a subject.",
	},
	{
		path: "schemas.*.on_change", value: "keep", oneOf: []string{"keep", "follow", "halt"}, optional: true,
		doc:  "What to do when the registry has a newer version than the one in use. \"keep\": go on with the one in use, and say so. \"follow\": use the new one from the next record on. \"halt\": stop in order, with the difference.",
		edge: "It decides the same way at the start, when the file is an older version than the registry's latest. A pinned version does not change. A broker that validates payloads (0.15.1) holds all messages of a topic to the version of the first one since it loaded the topic, so a version that is followed must fit that too. Needs a subject.",
	},
}
